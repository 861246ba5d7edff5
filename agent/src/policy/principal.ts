import type { Signature } from '../../../src/protocol/envelope.ts'
import type { PolicyInForce } from './policyInForce.ts'
import { isExpired } from './ruleDemands.ts'

/** What is proven of who sent a command: by AWS, and by a signature. */
export interface Principal {
  /** Unique id of the IAM user or role, without the session name, which the caller that assumes the role chooses. */
  readonly sender: string | undefined
  /** Name of the key whose signature was verified. */
  readonly key: string | undefined
}

/** @param senderId SQS's `SenderId` */
export function principalOf(senderId: string | undefined, verifiedKey: string | undefined): Principal {
  return { sender: senderId?.split(':')[0], key: verifiedKey }
}

/** Whether `other` is at least who `owner` was: the same sender, and with the same key if `owner` had one. */
export function isSamePrincipal(owner: Principal, other: Principal): boolean {
  return owner.sender === other.sender && (owner.key === undefined || owner.key === other.key)
}

/**
 * The name of the key that signed, if the policy has that key, it has not expired, and the signature is valid.
 * @param now SQS's clock, milliseconds
 */
export function verifiedKeyOf(
  inForce: PolicyInForce,
  signature: Signature | undefined,
  now: number,
): string | undefined {
  if (signature === undefined || inForce.kind !== 'policy') return undefined
  const key = inForce.policy.keys.get(signature.key)
  const isValid = key !== undefined && !isExpired(key, now) && signature.verifies(key.publicKey)
  return isValid ? signature.key : undefined
}
