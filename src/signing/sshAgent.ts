import { type KeyObject, verify } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { LocalizableError, say, sentenceOf } from '../text/localizable.ts'
import { publicKeyOf } from './publicKey.ts'
import { SshReader, sshNumber, sshString } from './sshWire.ts'

/** A key that an `ssh-agent` holds, and signs with. */
export interface AgentKey {
  /** What its owner calls it, most often user@host. */
  readonly comment: string
  readonly publicKey: KeyObject
  /** As the agent names it. */
  readonly blob: Buffer
}

/** An `ssh-agent` that does not answer, or does not sign. */
export class SshAgentError extends LocalizableError {
  override readonly name = 'SshAgentError'
}

/** A person may have to confirm, or touch something. Milliseconds. */
const answerWithinMs = 60_000
/** No answer that we ask for is longer, bytes. */
const longestAnswer = 256 * 1024

// Message numbers of the protocol (draft-ietf-sshm-ssh-agent §7.1).
const [requestIdentities, identitiesAnswer, signRequest, signResponse] = [11, 12, 13, 14]

/**
 * The ed25519 keys that the agent has.
 * @param socket path of its socket: `SSH_AUTH_SOCK`
 * @throws SshAgentError
 */
export async function agentKeys(socket: string): Promise<AgentKey[]> {
  const answer = await ask(socket, Buffer.from([requestIdentities]), identitiesAnswer)
  const keys: AgentKey[] = []
  for (let left = answer.number(); left > 0; left -= 1) {
    const [blob, comment] = [answer.bytes(), answer.text()]
    const key = new SshReader(blob)
    // Keys on a security token (`sk-…`) sign something else than what is asked for, which agents of ours cannot verify.
    if (key.text() === 'ssh-ed25519') keys.push({ blob, comment, publicKey: publicKeyOf(key.bytes()) })
  }
  return keys
}

/**
 * Has the agent sign with one of its keys.
 * @returns 64 bytes, which were verified
 * @throws SshAgentError
 */
export async function signByAgent(socket: string, key: AgentKey, bytes: Uint8Array): Promise<Buffer> {
  const request = Buffer.concat([
    Buffer.from([signRequest]),
    sshString(key.blob),
    sshString(bytes),
    sshNumber(0),
  ])
  const answer = await ask(socket, request, signResponse)
  const signature = new SshReader(answer.bytes())
  const [type, value] = [signature.text(), signature.bytes()]
  if (type !== 'ssh-ed25519' || !verify(null, bytes, key.publicKey, value))
    throw new SshAgentError(say('The SSH agent gave a signature that is not valid.'))
  return value
}

function ask(path: string, request: Buffer, expected: number): Promise<SshReader> {
  return new Promise((resolve, reject) => {
    const fail = (reason: unknown) => {
      socket.destroy()
      reject(
        reason instanceof SshAgentError
          ? reason
          : new SshAgentError(say('The SSH agent at {0} does not answer: {1}', path, sentenceOf(reason)), {
              cause: reason,
            }),
      )
    }
    const socket: Socket = connect(path)
    socket.setTimeout(answerWithinMs, () => fail(new Error('timeout')))
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('it closed the connection')))
    let received = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 5) return
      const length = received.readUInt32BE(0)
      if (length < 1 || length > longestAnswer) return fail(new Error('an answer of an impossible length'))
      if (received.length < 4 + length) return
      socket.removeAllListeners('close')
      socket.destroy()
      if (received[4] !== expected)
        return reject(
          new SshAgentError(say('The SSH agent refused. Unlock it, or confirm the use of the key.')),
        )
      resolve(new SshReader(received.subarray(5, 4 + length)))
    })
    socket.write(Buffer.concat([sshNumber(request.length), request]))
  })
}
