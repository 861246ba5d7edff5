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
  return signingPostureOf({ agent: describePosture(settingsWith({}, inForce), 'root', undefined, undefined) })
}

const settingsWith = (limits: object, policy: object) =>
  ({ configuration: { limits }, policy }) as unknown as Settings

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

  it('says what its limits of runs count, and nothing of limits that it does not have', () => {
    const closed = { kind: 'closed', reason: 'no' }
    const counted = { processes: 'run', memory: 'process' } as const
    const limitsIn = (limits: object, known: typeof counted | undefined) =>
      describePosture(settingsWith(limits, closed), 'root', known, undefined).limits
    expect(limitsIn({ processes: 64, memory: 2 ** 30 }, counted)).toEqual(counted)
    expect(limitsIn({ memory: 2 ** 30 }, counted)).toEqual({ memory: 'process' })
    for (const [limits, known] of [
      [{}, counted],
      [{ processes: 64 }, undefined],
    ] as const)
      expect(limitsIn(limits, known)).toBe(undefined)
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
