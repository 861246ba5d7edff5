import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../../../agent/src/policy/policy.ts'
import type { PolicyInForce } from '../../../../agent/src/policy/policyInForce.ts'
import { verifiedKeyOf } from '../../../../agent/src/policy/principal.ts'
import { openBody } from '../../../../src/protocol/envelope.ts'
import { sampleCommand } from '../../../support/sampleCommand.ts'
import { sealSigned } from '../../../support/sealSigned.ts'

describe('the key of a sender', () => {
  it('is verified only where the signature is valid, the key is known, and has not expired', () => {
    const [own, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
    const key = own.publicKey.export({ type: 'spki', format: 'pem' }).toString().replaceAll('\n', '\\n')
    const text = `keys: { alice: { key: "${key}", expires: 2027-01-01 } }\nrules: [{}]`
    const policy: PolicyInForce = { kind: 'policy', policy: parsePolicy(text, 'policy.yaml'), digest: '' }
    const signature = (name: string, { privateKey }: typeof own) =>
      openBody(sealSigned(sampleCommand, undefined, { name, privateKey }), 'command').signature
    const [before, after] = [Date.parse('2026-12-31'), Date.parse('2027-01-02')]
    expect(verifiedKeyOf(policy, signature('alice', own), before)).toBe('alice')
    expect(verifiedKeyOf(policy, signature('alice', own), after)).toBeUndefined()
    expect(verifiedKeyOf(policy, signature('alice', other), before)).toBeUndefined()
    expect(verifiedKeyOf(policy, signature('bob', own), before)).toBeUndefined()
    expect(verifiedKeyOf(policy, undefined, before)).toBeUndefined()
    expect(verifiedKeyOf({ kind: 'open', why: 'never-set' }, signature('alice', own), before)).toBeUndefined()
  })
})
