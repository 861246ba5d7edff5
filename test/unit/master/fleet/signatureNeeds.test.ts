import { describe, expect, it } from 'vitest'
import { signatureConcerns, signatureNeed } from '../../../../src/master/fleet/signatureNeeds.ts'
import { signingPostureOf } from '../../../../src/master/fleet/signingPosture.ts'
import type { Facts, FactValue } from '../../../../src/protocol/facts.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const now = Date.UTC(2027, 0, 15)
const alice = { name: 'alice', fingerprint: 'SHA256:alice' }
const byComment = { name: 'alice', fingerprint: undefined }

/** What an agent publishes whose rules accept these keys. */
function facts(signatures: FactValue, accepts?: FactValue[], count = accepts?.length ?? 0): Facts {
  const keys = accepts === undefined ? {} : { accepts, accepted_keys: count }
  return { agent: { policy: { state: 'in-force', signatures, ...keys } } }
}
const key = (name: string, fingerprint = `SHA256:${name}`, expires?: string) => ({
  ...{ name, fingerprint },
  ...(expires === undefined ? {} : { expires }),
})
const needOf = (published: Facts, signer: Parameters<typeof signatureNeed>[1]) =>
  signatureNeed(signingPostureOf(published), signer, now)

describe('What an agent makes of the signature that its commands get', () => {
  it.each([
    ['asks for none', facts('none', []), undefined, { kind: 'none' }],
    ['says nothing of it', {}, undefined, { kind: 'none' }],
    ['gets none', facts('required', [key('alice')]), undefined, { kind: 'unsigned', isCertain: true }],
    ['may need none', facts('some-rules', [key('bob')]), undefined, { kind: 'unsigned', isCertain: false }],
    ['accepts the key', facts('required', [key('bob'), key('alice')]), alice, { kind: 'accepted' }],
    ['accepts a key of the name', facts('required', [key('alice')]), byComment, { kind: 'accepted' }],
    ['does not have the key', facts('required', [key('bob')]), alice, { kind: 'unknown', isCertain: true }],
    ['has more keys than it says', facts('required', [key('bob')], 21), alice, { kind: 'unclear' }],
    ['is of an earlier version', facts('required'), alice, { kind: 'unclear' }],
    [
      'has another key of the name',
      facts('required', [key('alice', 'SHA256:old')]),
      alice,
      { kind: 'other-key', isCertain: true },
    ],
    [
      'has the key under another name',
      facts('required', [key('al', 'SHA256:alice')]),
      alice,
      { kind: 'other-name', isCertain: true, knownAs: 'al' },
    ],
    [
      'has seen the key expire',
      facts('required', [key('alice', 'SHA256:alice', '2027-01-15')]),
      alice,
      { kind: 'expired', isCertain: true },
    ],
    [
      'will see it expire tomorrow',
      facts('required', [key('alice', 'SHA256:alice', '2027-01-16')]),
      alice,
      { kind: 'accepted' },
    ],
    ['publishes nonsense', facts({ a: 1 }, [1, null, [], { name: 'alice' }]), alice, { kind: 'none' }],
    [
      'publishes nonsense about its keys',
      facts('required', [1, null, [], { name: 'alice' }, { ...key('alice'), expires: 'soon' }], 1),
      alice,
      { kind: 'accepted' },
    ],
  ])('is told where it %s', (_, published, signer, need) => {
    expect(needOf(published as Facts, signer)).toEqual(need)
  })

  it('is told once for all agents with the same reason', () => {
    const agents = [
      ...['web1', 'web2'].map((host) => knownAgent(host, { facts: facts('required', [key('bob')]) })),
      knownAgent('db1', { facts: facts('some-rules', [key('bob')]) }),
      knownAgent('db2', { facts: facts('required', [key('alice')]) }),
    ]
    expect(signatureConcerns(agents, { signer: alice, now }, inEnglish)).toEqual([
      {
        isCertain: true,
        name: 'Refused for the signature (2)',
        value: 'the key alice is not in their policy: web[1-2]',
      },
      {
        isCertain: false,
        name: 'Signature required by some rules (1)',
        value: 'the key alice is not in their policy: db1',
      },
    ])
  })
})
