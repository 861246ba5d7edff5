import { describe, expect, it } from 'vitest'
import { diagnose, type Examination, printReport } from '../../../../src/console/doctor/report.ts'
import { noRequests } from '../../../../src/queues/requestCounts.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const examination = (changes: Partial<Examination> = {}): Examination => ({
  environment: declared('testing').environment,
  findings: [],
  agents: [knownAgent('a'), knownAgent('b')],
  unreadable: [],
  rejected: { unreadable: 0, forged: 0, foreign: 0 },
  version: '0.1.0',
  arn: 'arn:aws:iam::1:user/anna',
  requests: noRequests,
  ...changes,
})

describe('the doctor’s report', () => {
  it('says that nothing is wrong, who we are, who is there and what it costs', () => {
    const { text, lines } = printReport(examination(), inEnglish)
    expect(lines).toEqual([])
    expect(text).toContain('✔ Nothing is wrong.')
    expect(text).toContain('arn:aws:iam::1:user/anna')
    expect(text).toContain('2 heard of, 2 live, version 0.1.0')
    expect(text).toMatch(/2 agents that wait: [\d,]+ requests a month, about \$\d/)
  })

  it('finds agents of another version, wrong clocks, silence, trouble with facts, and messages of others', () => {
    const agents = [
      knownAgent('old', { version: '0.0.9' }),
      knownAgent('fast', { clockSkewMs: 400_000 }),
      knownAgent('mute', { state: 'stale' }),
      knownAgent('sick', { problems: ['facter hangs.'] }),
    ]
    const unreadable = [{ messageId: 'm1', reason: 'not JSON' }]
    const found = diagnose(examination({ agents, unreadable }), inEnglish).map(({ what }) => what)
    expect(found).toEqual([
      '1 agent of another version than this extension (0.1.0): 0.0.9.',
      'Wrong clock on 1 agent; the worst is fast (7 min ahead).',
      '1 agent not heard of any more.',
      'sick has trouble with its facts: facter hangs.',
      '1 message on testing_facts cannot be read: not JSON.',
    ])
  })

  it('counts the replies that were left out', () => {
    const rejected = { unreadable: 3, forged: 1, foreign: 2 }
    expect(diagnose(examination({ rejected }), inEnglish)[0]?.what).toBe(
      'Replies left out since this window connected: 3 unreadable, 1 in the name of another server, 2 to runs that are not in the history.',
    )
  })

  it('puts errors before warnings and knows on which line each stands', () => {
    const finding = {
      code: 'redrive-policy',
      severity: 'error',
      queue: 'q',
      what: 'Bad.',
      why: 'W.',
      advice: 'A.',
    } as const
    const { text, lines } = printReport(
      examination({ agents: [knownAgent('old', { version: '0' })], findings: [finding] }),
      inEnglish,
    )
    const rows = text.split('\n')
    expect(lines.map(({ line }) => rows[line])).toEqual([
      '## ✖ Bad.',
      expect.stringMatching(/^## ⚠ 1 agent of/),
    ])
    expect(text).toContain('Errors: 1. Warnings: 1.')
  })
})
