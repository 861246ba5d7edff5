import { childOf, type Facts, type FactValue, factAt } from '../../protocol/facts.ts'

/** What a server's policy says about signatures, as its agent publishes it. */
export interface SigningPosture {
  /** `always`: every rule requires one. `sometimes`: some rules do. */
  readonly asks: 'always' | 'sometimes' | 'never'
  /** The keys that its rules accept; undefined where the agent does not say, as those of earlier versions. */
  readonly keys: readonly AcceptedKey[] | undefined
  /** Whether {@link keys} are all of them. */
  readonly isComplete: boolean
}

/** A key whose signature some rule accepts. */
export interface AcceptedKey {
  readonly name: string
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint: string
  /** SQS's clock, milliseconds since the epoch; undefined: never. */
  readonly expiresAt: number | undefined
}

export function signingPostureOf(facts: Facts): SigningPosture {
  const signatures = factAt(facts, ['agent', 'policy', 'signatures'])
  const accepts = factAt(facts, ['agent', 'policy', 'accepts'])
  const count = factAt(facts, ['agent', 'policy', 'accepted_keys'])
  const keys = Array.isArray(accepts) ? accepts.flatMap(acceptedKey) : undefined
  return {
    asks: signatures === 'required' ? 'always' : signatures === 'some-rules' ? 'sometimes' : 'never',
    keys,
    isComplete: keys !== undefined && keys.length === count,
  }
}

/** Facts are what a server says: anything can be in them. */
function acceptedKey(value: FactValue): AcceptedKey[] {
  const [name, fingerprint, expires] = ['name', 'fingerprint', 'expires'].map((key) => childOf(value, key))
  if (typeof name !== 'string' || typeof fingerprint !== 'string') return []
  const expiresAt = typeof expires === 'string' ? Date.parse(expires) : undefined
  return [{ name, fingerprint, expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt }]
}
