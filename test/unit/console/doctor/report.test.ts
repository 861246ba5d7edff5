import { describe, expect, it } from 'vitest'
import { diagnose, type Examination, printReport } from '../../../../src/console/doctor/report.ts'
import { noRequests } from '../../../../src/queues/requestCounts.ts'
import { say } from '../../../../src/text/localizable.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const examination = (changes: Partial<Examination> = {}): Examination => ({
  environment: declared('testing').environment,
  findings: [],
  agents: [knownAgent('a'), knownAgent('b')],
  unreadable: [],
  rejected: { unreadable: 0, forged: 0, foreign: 0 },
  signing: { signer: undefined, now: 0 },
  version: '0.1.0',
  arn: 'arn:aws:iam::1:user/anna',
  requests: noRequests,
  ...changes,
})

describe('the doctor’s report', () => {
  it('reports that nothing is wrong, the identity, the agents and the price', () => {
    const { text, lines } = printReport(examination(), inEnglish)
    expect(lines).toEqual([])
    expect(text).toContain('✔ No problems found.')
    expect(text).toContain('arn:aws:iam::1:user/anna')
    expect(text).toContain('2 known, 2 live, version 0.1.0')
    expect(text).toMatch(/2 agents when idle: [\d,]+ requests a month, about \$\d/)
  })

  it('has the price of KMS only where a queue has a key there', () => {
    expect(printReport(examination(), inEnglish).text).not.toContain('KMS')
    const { text } = printReport(
      examination({ kms: { ownKeys: 1, requests: 25_920, dollars: 1.07776 } }),
      inEnglish,
    )
    expect(text).toContain(
      'Encryption with a KMS key of your own: 25,920 requests a month when idle, about $1.08, including $1 for the key',
    )
    expect(text).toContain('KMS: at $1 per key and month and $0.03 per 10,000 requests')
  })

  it('finds agents of another version, wrong clocks, silent agents, facts that cannot be read, and foreign messages', () => {
    const agents = [
      knownAgent('old', { version: '0.0.9' }),
      knownAgent('fast', { clockSkewMs: 400_000 }),
      knownAgent('mute', { state: 'stale' }),
      knownAgent('sick', { problems: ['facter hangs.'] }),
    ]
    const unreadable = [{ messageId: 'm1', senderId: undefined, reason: say('not JSON') }]
    const found = diagnose(examination({ agents, unreadable }), inEnglish).map(({ what }) => what)
    expect(found).toEqual([
      '1 agent runs 0.0.9; this extension is 0.1.0.',
      'The clock is wrong on 1 agent; the worst is fast (7 min ahead).',
      '1 agent has stopped reporting.',
      'sick cannot read all of its facts: facter hangs.',
      'Cannot read 1 message on testing_facts: not JSON.',
    ])
  })

  it('finds agents that refuse the signature, with a button, and keys that expire within 30 days', () => {
    const day = 24 * 3600_000
    const key = (name: string, expiresAt: number) => ({
      ...{ name, fingerprint: `SHA256:${name}`, expires: new Date(expiresAt).toISOString() },
    })
    const policy = (accepts: object[]) => ({ signatures: 'required', accepts, accepted_keys: accepts.length })
    const agent = (name: string, accepts: object[]) =>
      knownAgent(name, { facts: { agent: { policy: policy(accepts) } } } as object)
    const now = Date.UTC(2027, 0, 1)
    const agents = [
      agent('a', [key('alice', now + 29 * day), key('bob', now - day)]),
      agent('b', [key('alice', now + 29 * day), key('carol', now + 31 * day)]),
      agent('c', [key('carol', now + 31 * day)]),
    ]
    const signer = { name: 'alice', fingerprint: 'SHA256:alice' }
    const found = diagnose(examination({ agents, signing: { signer, now } }), inEnglish)
    expect(found.map(({ what, fix }) => [what, fix])).toEqual([
      ['Refused for the signature (1).', 'sign'],
      ['The key alice expires on 2027-01-30 (2 agents).', undefined],
      ['The key bob expired on 2026-12-31 (1 agent).', undefined],
    ])
  })

  it('finds agents that never had a policy, and no others', () => {
    const withPolicy = (name: string, state: string) =>
      knownAgent(name, { facts: { agent: { policy: { state } } } })
    const agents = [
      ...['open', 'none', 'in-force', 'closed', 'else'].map((state) => withPolicy(state, state)),
      knownAgent('of-an-earlier-version'),
      knownAgent('gone', { state: 'gone', facts: { agent: { policy: { state: 'open' } } } }),
    ]
    const [found] = diagnose(examination({ agents }), inEnglish)
    expect(found).toMatchObject({
      what: '1 agent has no policy.',
      why: expect.stringContaining('Agents: open.'),
    })
  })

  it('counts the replies that were rejected', () => {
    const rejected = { unreadable: 3, forged: 1, foreign: 2 }
    expect(diagnose(examination({ rejected }), inEnglish)[0]?.what).toBe(
      'Replies rejected since this window connected: 3 unreadable, 1 that another server sent under an agent’s name, 2 to runs that are not in the history.',
    )
  })

  it('puts errors before warnings and knows on which line each stands', () => {
    const finding = {
      code: 'redrive-policy',
      severity: 'error',
      queue: 'q',
      what: say('Bad.'),
      why: say('W.'),
      advice: say('A.'),
    } as const
    const { text, lines } = printReport(
      examination({ agents: [knownAgent('old', { version: '0' })], findings: [finding] }),
      inEnglish,
    )
    const rows = text.split('\n')
    expect(lines.map(({ line }) => rows[line])).toEqual([
      '## ✖ Bad.',
      expect.stringMatching(/^## ⚠ 1 agent runs/),
    ])
    expect(text).toContain('Errors: 1. Warnings: 1.')
  })
})
