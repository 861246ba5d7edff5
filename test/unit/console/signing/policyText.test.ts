import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../../../agent/src/policy/policy.ts'
import {
  keyLines,
  keyName,
  policyText,
  type SigningReport,
} from '../../../../src/console/signing/policyText.ts'
import { fingerprintOf, printPublicKey, sshBlobOf } from '../../../../src/signing/publicKey.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const { publicKey } = generateKeyPairSync('ed25519')
const fingerprint = fingerprintOf(sshBlobOf(publicKey))
const key = { name: 'alice', publicKey: printPublicKey(publicKey), expires: '2027-12-31' }
const report: SigningReport = {
  ...{ environment: 'production', key, fingerprint, saved: 'It signs in production.', agents: [] },
  now: Date.UTC(2027, 0, 1),
}
const text = (changes: Partial<SigningReport> = {}) => policyText({ ...report, ...changes }, inEnglish)

describe('What belongs in the policy of the servers', () => {
  it('is a policy that agents read, with the key, its expiry, and a rule that requires it', () => {
    const { keys, rules } = parsePolicy(text(), 'policy.yaml')
    const [rule] = rules
    expect([...keys.keys()]).toEqual(['alice'])
    expect(keys.get('alice')).toMatchObject({ expiresAt: Date.UTC(2027, 11, 31) })
    expect(keys.get('alice')?.publicKey.equals(publicKey)).toBe(true)
    expect([...(rule?.keys?.keys() ?? [])]).toEqual(['alice'])
    expect(text()).toContain(keyLines(key))
  })

  it('stays one whatever the key is called, and for keys that do not expire', () => {
    for (const name of ['true', 'No', 'null', 'y', 'a.b@c-d_e', 'x'.repeat(64)]) {
      expect(name).toMatch(keyName)
      const { keys } = parsePolicy(text({ key: { ...key, name, expires: '' } }), 'policy.yaml')
      expect([...keys.keys()]).toEqual([name])
      expect(keys.get(name)?.expiresAt).toBeUndefined()
    }
    for (const name of ['', '1', '-a', '_proto', 'a b', 'a:b', 'a\nb', 'x'.repeat(65)])
      expect(name).not.toMatch(keyName)
  })

  it('says what agents make of the key now, whatever they are called', () => {
    const policy = (accepts: object[]) => ({
      agent: { policy: { signatures: 'required', accepts, accepted_keys: accepts.length } },
    })
    const agents = [
      knownAgent('knows', { facts: policy([{ name: 'alice', fingerprint }]) } as object),
      knownAgent('does-not\nrules: [{}]', { facts: policy([]) } as object),
      knownAgent('open'),
      knownAgent('gone', { state: 'gone' }),
    ]
    const printed = text({ agents })
    expect(printed).toContain('#   ask for a signature, and accept this key (1): knows')
    expect(printed).toContain('#   ask for a signature, and do not accept this key yet (1): "does-not')
    expect(printed).toContain('#   ask for no signature (1): open')
    expect(printed).not.toContain('gone')
    expect(parsePolicy(printed, 'policy.yaml').rules).toHaveLength(1)
  })

  it('says why agents could not be read', () => {
    expect(text({ agents: 'Cannot reach SQS.' })).toContain('#   Cannot reach SQS.')
  })
})
