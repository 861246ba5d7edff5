import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../../../agent/src/policy/policy.ts'
import { describePosture } from '../../../../agent/src/process/posture.ts'
import type { Settings } from '../../../../agent/src/settings/settings.ts'
import { signingPostureOf } from '../../../../src/master/fleet/signingPosture.ts'
import { fingerprintOf, printPublicKey, sshBlobOf } from '../../../../src/signing/publicKey.ts'

const { publicKey } = generateKeyPairSync('ed25519')
const printed = printPublicKey(publicKey)

function postureOf(policy: object) {
  const inForce = { kind: 'in-force', policy: parsePolicy(JSON.stringify(policy), 'p'), digest: 'd' }
  const settings = { configuration: {}, policy: inForce } as unknown as Settings
  return signingPostureOf({ agent: describePosture(settings, 'root', undefined) })
}

describe('The posture of an agent', () => {
  it('says which keys its rules accept, and when they expire', () => {
    const posture = postureOf({
      keys: { alice: { key: printed, expires: '2027-12-31' }, bob: printed, unused: printed },
      rules: [{ keys: ['alice', 'bob'] }, { keys: ['bob'] }],
    })
    const fingerprint = fingerprintOf(sshBlobOf(publicKey))
    expect(posture).toEqual({
      asks: 'always',
      keys: [
        { name: 'alice', fingerprint, expiresAt: Date.UTC(2027, 11, 31) },
        { name: 'bob', fingerprint, expiresAt: undefined },
      ],
      isComplete: true,
    })
  })

  it('stays small, and says that there are more keys', () => {
    const names = Array.from({ length: 100 }, (_, index) => `key-${index}`)
    const posture = postureOf({
      keys: Object.fromEntries(names.map((name) => [name, printed])),
      rules: [{ keys: names }, {}],
    })
    expect(posture).toMatchObject({ asks: 'sometimes', isComplete: false })
    expect(posture.keys).toHaveLength(20)
  })
})
