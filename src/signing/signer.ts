import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { inTime } from '../async/inTime.ts'
import { LocalizableError, say } from '../text/localizable.ts'
import { fingerprintOf, publicKeyOf, sshBlobOf } from './publicKey.ts'
import { type AgentKey, agentKeys, SshAgentError, signByAgent } from './sshAgent.ts'
import { SshReader } from './sshWire.ts'

/** Which key signs. */
export interface SignerIdentity {
  /** Name under which agents have the public key. */
  readonly name: string
  /** As `ssh-keygen -l` prints it; undefined where that is known only once it signs. */
  readonly fingerprint: string | undefined
}

/** Signs for a person: with a key that this process has, or that an SSH agent keeps. */
export interface Signer extends SignerIdentity {
  /** How long a signature may take, as a person may have to confirm it: milliseconds. */
  readonly mayTakeMs: number
  /**
   * @returns an ed25519 signature, 64 bytes
   * @throws LocalizableError when there is none; nothing is sent unsigned instead
   */
  sign(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}

/** Signs with an ed25519 key. */
export function keySigner(name: string, privateKey: KeyObject): Signer {
  return {
    name,
    fingerprint: fingerprintOf(sshBlobOf(createPublicKey(privateKey))),
    mayTakeMs: 0,
    sign: async (bytes) => sign(null, bytes, privateKey),
  }
}

/**
 * How long an SSH agent may take, with the confirmation of a person. Commands are valid for longer by as much. Milliseconds.
 */
const confirmedWithinMs = 20_000

/**
 * Signs with a key of an SSH agent. For each signature the agent is asked for its keys first: it may have been started again,
 * or locked, in between.
 * @param wanted the fingerprint of the key (`SHA256:…`), its public half (`ssh-ed25519 AAAA…`) or its comment
 */
export function sshAgentSigner(name: string, wanted: string, withinMs = confirmedWithinMs): Signer {
  return {
    name,
    fingerprint: wanted.startsWith('SHA256:') ? wanted : undefined,
    mayTakeMs: withinMs,
    async sign(bytes, signal) {
      const { key, publicKey, signature } = await inTime(signal, withinMs, async (within) => {
        const key = chosenKey(await agentKeys(within), wanted)
        const publicKey = publicKeyOf(rawKeyOf(key))
        return { key, publicKey, signature: await signByAgent(key, bytes, within) }
      })
      if (!verify(null, bytes, publicKey, signature))
        throw new SshAgentError(
          say('The SSH agent returned a signature that is not valid for the key {0}.', key.fingerprint),
        )
      return signature
    },
  }
}

function chosenKey(keys: readonly AgentKey[], wanted: string): AgentKey {
  const [, blob] = /^ssh-ed25519\s+(\S+)/.exec(wanted) ?? []
  const isWanted = (key: AgentKey) =>
    blob === undefined
      ? key.fingerprint === wanted || key.comment === wanted
      : key.blob.toString('base64') === blob
  const [key, other] = keys.filter(isWanted)
  if (key === undefined)
    throw new SshAgentError(
      say(
        'The SSH agent does not have the key {0}. Add it with ssh-add; “ssh-add -l” lists its keys.',
        wanted,
      ),
    )
  if (other !== undefined)
    throw new SshAgentError(
      say('The SSH agent has several keys {0}. Choose one by its fingerprint: “ssh-add -l”.', wanted),
    )
  if (key.type !== 'ssh-ed25519')
    throw new LocalizableError(
      say('The key {0} is of type {1}; agents accept only signatures of ssh-ed25519.', wanted, key.type),
    )
  return key
}

/** @throws SshAgentError when the agent describes its key wrongly */
function rawKeyOf({ blob, fingerprint }: AgentKey): Buffer {
  const reader = new SshReader(blob)
  reader.text()
  const raw = reader.bytes()
  if (raw.length === 32) return raw
  throw new SshAgentError(say('The SSH agent describes the key {0} wrongly.', fingerprint))
}
