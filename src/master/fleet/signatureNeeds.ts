import type { SignerIdentity } from '../../signing/signer.ts'
import type { Detail } from '../../text/detail.ts'
import type { Translate } from '../../text/translate.ts'
import { visibleText } from '../../text/visibleText.ts'
import type { KnownAgent } from './fleetSnapshot.ts'
import { hostLines } from './hostLines.ts'
import { type SigningPosture, signingPostureOf } from './signingPosture.ts'

/** What an agent makes of the signature that its commands get, as far as its facts tell. */
export type SignatureNeed =
  /** It asks for none, or accepts this one. `unclear`: it does not say enough. */
  | { readonly kind: 'none' | 'accepted' | 'unclear' }
  | {
      /** It refuses: there is no signature, or by a key that it does not accept, that has expired, or has another name there. */
      readonly kind: 'unsigned' | 'unknown' | 'expired' | 'other-key' | 'other-name'
      /** Whether every rule of its policy asks for a signature. If not, it may still accept the command. */
      readonly isCertain: boolean
      /** The name under which it has the key. */
      readonly knownAs?: string
    }

/** @param now SQS's clock, milliseconds since the epoch */
export function signatureNeed(
  posture: SigningPosture,
  signer: SignerIdentity | undefined,
  now: number,
): SignatureNeed {
  if (posture.asks === 'never') return { kind: 'none' }
  const isCertain = posture.asks === 'always'
  if (signer === undefined) return { kind: 'unsigned', isCertain }
  const { keys = [], isComplete } = posture
  const { name, fingerprint } = signer
  const named = keys.find((key) => key.name === name)
  if (named === undefined) {
    const same = fingerprint === undefined ? undefined : keys.find((key) => key.fingerprint === fingerprint)
    if (same !== undefined) return { kind: 'other-name', isCertain, knownAs: same.name }
    return isComplete ? { kind: 'unknown', isCertain } : { kind: 'unclear' }
  }
  if (fingerprint !== undefined && named.fingerprint !== fingerprint) return { kind: 'other-key', isCertain }
  const { expiresAt } = named
  return expiresAt !== undefined && expiresAt <= now ? { kind: 'expired', isCertain } : { kind: 'accepted' }
}

/** Why agents refuse commands for their signature, with those agents; nothing where none does. */
export interface SignatureConcern extends Detail {
  readonly isCertain: boolean
}

/** What signs, and when: SQS's clock, milliseconds since the epoch. */
export interface Signing {
  readonly signer: SignerIdentity | undefined
  readonly now: number
}

/** One concern for each reason, with its agents. */
export function signatureConcerns(
  agents: readonly KnownAgent[],
  { signer, now }: Signing,
  t: Translate,
): SignatureConcern[] {
  const groups = new Map<string, { why: string; isCertain: boolean; hosts: string[] }>()
  for (const { facts, hostname } of agents) {
    const need = signatureNeed(signingPostureOf(facts), signer, now)
    if (!('isCertain' in need)) continue
    const why = reasonOf(need, signer, t)
    const key = `${need.isCertain} ${why}`
    const group = groups.get(key) ?? { why, isCertain: need.isCertain, hosts: [] }
    group.hosts.push(hostname)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ why, isCertain, hosts }) => ({
    isCertain,
    name: isCertain
      ? t('Refused for the signature ({0})', hosts.length)
      : t('Signature required by some rules ({0})', hosts.length),
    value: `${why}: ${hostLines(hosts)}`,
  }))
}

type Refusal = Extract<SignatureNeed, { isCertain: boolean }>

function reasonOf({ kind, knownAs = '' }: Refusal, signer: SignerIdentity | undefined, t: Translate): string {
  const name = signer?.name ?? ''
  switch (kind) {
    case 'unsigned':
      return t('no key signs for this environment')
    case 'unknown':
      return t('the key {0} is not in their policy', name)
    case 'expired':
      return t('the key {0} has expired there', name)
    case 'other-key':
      return t('their policy has another key under the name {0}', name)
    case 'other-name':
      return t('their policy has this key under the name {0}, not {1}', visibleText(knownAs), name)
  }
}
