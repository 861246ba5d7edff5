import { connect } from 'node:net'
import { LocalizableError, say, sentenceOf } from '../text/localizable.ts'
import { fingerprintOf } from './publicKey.ts'
import { SshReader, sshNumber, sshString } from './sshWire.ts'

/** A key that an `ssh-agent` holds. */
export interface AgentKey {
  /** As in `ssh-ed25519`. Keys on a security token (`sk-…`) sign something else than what is asked for. */
  readonly type: string
  /** What its owner calls it, most often user@host. */
  readonly comment: string
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint: string
  /** As the agent names it. */
  readonly blob: Buffer
}

/** An `ssh-agent` that does not answer, or does not sign. */
export class SshAgentError extends LocalizableError {
  override readonly name = 'SshAgentError'
}

/** Of an answer, bytes: OpenSSH sends no more, either. */
const longestAnswer = 256 * 1024

// Message numbers of the protocol (draft-ietf-sshm-ssh-agent §7.1).
const [requestIdentities, identitiesAnswer, signRequest, signResponse] = [11, 12, 13, 14]

/** Where OpenSSH for Windows listens. */
const windowsPipe = String.raw`\\.\pipe\openssh-ssh-agent`

/** Its socket: `SSH_AUTH_SOCK`. Undefined where none is running. */
export function sshAgentSocket(): string | undefined {
  return process.env.SSH_AUTH_SOCK || (process.platform === 'win32' ? windowsPipe : undefined)
}

/**
 * The keys that the agent has, of every type.
 * @param signal ends it
 * @throws SshAgentError
 */
export function agentKeys(signal: AbortSignal): Promise<AgentKey[]> {
  return ask(Buffer.from([requestIdentities]), identitiesAnswer, signal, (answer) => {
    const keys: AgentKey[] = []
    for (let left = answer.number(); left > 0; left -= 1) {
      const [blob, comment] = [answer.bytes(), answer.text()]
      keys.push({ type: new SshReader(blob).text(), comment, fingerprint: fingerprintOf(blob), blob })
    }
    return keys
  })
}

/**
 * Has the agent sign with one of its ed25519 keys; a person may have to confirm it.
 * @returns what the agent says is the signature: it is not verified
 * @throws SshAgentError
 */
export function signByAgent(key: AgentKey, bytes: Uint8Array, signal: AbortSignal): Promise<Buffer> {
  const request = [Buffer.from([signRequest]), sshString(key.blob), sshString(bytes), sshNumber(0)]
  return ask(Buffer.concat(request), signResponse, signal, (answer) => {
    const signature = new SshReader(answer.bytes())
    const type = signature.text()
    if (type !== 'ssh-ed25519') throw new RangeError(`a signature of type ${type}`)
    return signature.bytes()
  })
}

/** One connection for each request, so that an agent that was started again is found. */
async function ask<T>(
  request: Buffer,
  expected: number,
  signal: AbortSignal,
  read: (answer: SshReader) => T,
): Promise<T> {
  const path = sshAgentSocket()
  if (path === undefined)
    throw new SshAgentError(
      say(
        'There is no SSH agent: SSH_AUTH_SOCK is not set. Start one, and this program from its environment.',
      ),
    )
  try {
    const answer = await exchange(path, Buffer.concat([sshNumber(request.length), request]), signal)
    if (answer[0] !== expected)
      throw new SshAgentError(
        say('The SSH agent refused. Unlock it, confirm the use of the key, or choose another key.'),
      )
    return read(new SshReader(answer.subarray(1)))
  } catch (cause) {
    if (cause instanceof LocalizableError) throw cause
    const isLate = cause === signal.reason && (cause as Error).name === 'TimeoutError'
    throw new SshAgentError(
      isLate
        ? say('The SSH agent at {0} did not answer in time. Confirm the use of the key sooner.', path)
        : say('The SSH agent at {0} does not answer as it should: {1}', path, sentenceOf(cause)),
      { cause },
    )
  }
}

/** @returns the agent's answer without its length */
function exchange(path: string, request: Buffer, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const socket = connect(path)
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', giveUp)
      socket.destroy()
      settle()
    }
    const giveUp = () => end(() => reject(signal.reason))
    signal.addEventListener('abort', giveUp)
    socket.on('error', (error) => end(() => reject(error)))
    socket.on('close', () => end(() => reject(new Error('it closed the connection'))))
    let received = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 5) return
      const length = received.readUInt32BE(0)
      if (length < 1 || length > longestAnswer)
        end(() => reject(new Error('an answer of an impossible length')))
      else if (received.length >= 4 + length) end(() => resolve(received.subarray(4, 4 + length)))
    })
    socket.write(request)
  })
}
