import { describe, expect, it } from 'vitest'
import { diagnoseProbe } from '../../../src/queues/diagnosis.ts'
import type { Probe } from '../../../src/queues/probe.ts'
import type { QueueAttributes } from '../../../src/queues/queueAttributes.ts'
import { toQueueError } from '../../../src/queues/queueError.ts'
import type { QueueRole } from '../../../src/queues/setUp.ts'
import { type Localizable, localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { goodQueue, testing } from './fleetQueues.ts'

describe('diagnosis', () => {
  it('finds nothing in queues that have the right settings', () => {
    expect(diagnoseProbe(probe())).toEqual([])
  })

  it('does not judge what an engine does not tell', () => {
    const untold = { maximumMessageSize: undefined, retentionSeconds: undefined, visible: undefined }
    expect(
      diagnoseProbe(probe({ commands: { attributes: goodQueue('commands', untold), hidden: 0 } })),
    ).toEqual([])
  })

  it('finds a missing queue, says what it is for, and offers to create it', () => {
    const [finding, ...others] = diagnoseProbe(
      probe({ replies: failure('QueueDoesNotExist', 'testing_agent') }),
    )
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      code: 'missing-queue',
      severity: 'error',
      queue: 'testing_agent',
      fix: 'set-up',
    })
    expect(text(finding?.what)).toContain('Queue testing_agent does not exist in eu-west-1')
  })

  it('takes three missing queues for a wrong region, and says so once', () => {
    const missing = (queue: string) => failure('QueueDoesNotExist', queue)
    const findings = diagnoseProbe(
      probe({
        commands: missing('testing_master'),
        replies: missing('testing_agent'),
        facts: missing('testing_facts'),
      }),
    )
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({ code: 'wrong-region', fix: 'set-up' })
    expect(text(findings[0]?.what)).toBe('None of the three queues of testing exists in region eu-west-1.')
  })

  it.each([
    ['commands', { visibilitySeconds: 30 }, 'visibility timeout of testing_master is 30 s; it has to be 0 s'],
    ['commands', { waitSeconds: 0 }, 'receive wait time of testing_master is 0 s; it has to be 20 s'],
    [
      'commands',
      { retentionSeconds: 345_600 },
      'message retention of testing_master is 345600 s; it has to be 60 s',
    ],
    ['replies', { visibilitySeconds: 1 }, 'visibility timeout of testing_agent is 1 s; it has to be 0 s'],
    ['replies', { retentionSeconds: 120 }, 'message retention of testing_agent is 120 s; it has to be 60 s'],
    [
      'replies',
      { maximumMessageSize: 1024 },
      'maximum message size of testing_agent is 1 KB; it has to be 64 KB',
    ],
    ['replies', { waitSeconds: 20 }, 'receive wait time of testing_agent is 20 s; it has to be 0 s'],
    [
      'facts',
      { maximumMessageSize: 262_144 },
      'maximum message size of testing_facts is 256 KB; it has to be 64 KB',
    ],
    ['facts', { delaySeconds: 5 }, 'delivery delay of testing_facts is 5 s; it has to be 0 s'],
  ] as const)('finds the wrong attribute of %s: %o', (role, changes, sentence) => {
    const findings = diagnoseProbe(probe({ [role]: found(role, changes) }))
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({ code: 'wrong-attribute', queue: testing.queues[role], fix: 'set-up' })
    expect(text(findings[0]?.what)).toContain(sentence)
    expect(text(findings[0]?.why)).not.toBe('')
  })

  it('finds a redrive policy, which is worst where everybody receives', () => {
    const redrivePolicy = '{"maxReceiveCount":3}'
    const severity = (role: QueueRole) =>
      diagnoseProbe(probe({ [role]: found(role, { redrivePolicy }) })).map((finding) => [
        finding.code,
        finding.severity,
      ])
    expect(severity('commands')).toEqual([['redrive-policy', 'error']])
    expect(severity('facts')).toEqual([['redrive-policy', 'error']])
    expect(severity('replies')).toEqual([['redrive-policy', 'warning']])
  })

  it('finds commands that another consumer hides', () => {
    const [finding] = diagnoseProbe(probe({ commands: { attributes: goodQueue('commands'), hidden: 1 } }))
    expect(finding).toMatchObject({ code: 'hidden-messages', severity: 'error', queue: 'testing_master' })
    expect(text(finding?.what)).toBe(
      'Another consumer is holding 1 command on testing_master in flight; agents cannot see it.',
    )
  })

  it('finds more than ten visible commands, as they hide one another', () => {
    const codes = (visible: number) =>
      diagnoseProbe(probe({ commands: found('commands', { visible }) })).map((f) => f.code)
    expect(codes(10)).toEqual([])
    expect(codes(11)).toEqual(['many-commands'])
  })

  it('reports once that credentials have expired, not once per queue', () => {
    const expired = () => failure('ExpiredToken', 'testing_master')
    const findings = diagnoseProbe(probe({ commands: expired(), replies: expired(), facts: expired() }))
    expect(findings.map(({ code, queue }) => [code, queue])).toEqual([['credentials', '']])
    expect(text(findings[0]?.advice)).toContain('Log in again')
  })

  it('reports once that SQS cannot be reached', () => {
    const gone = () => failure('ENOTFOUND', 'testing_master')
    const findings = diagnoseProbe(probe({ commands: gone(), replies: gone(), facts: gone() }))
    expect(findings.map(({ code }) => code)).toEqual(['unreachable'])
  })

  it('names action and queue of what is forbidden, and the statement that is missing', () => {
    const refusal = toQueueError(
      { Code: 'AccessDenied', Message: 'no' },
      asked('testing_master', 'sqs:SendMessage'),
    )
    const permissions = [
      { action: 'sqs:SendMessage', queue: 'testing_master', refusal },
      { action: 'sqs:ReceiveMessage', queue: 'testing_master', refusal: undefined },
    ]
    const findings = diagnoseProbe({ ...probe(), permissions })
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({
      code: 'forbidden',
      queue: 'testing_master',
      fix: { allow: { action: 'sqs:SendMessage', queue: 'testing_master' } },
    })
    expect(text(findings[0]?.why)).toBe('The master needs sqs:SendMessage on testing_master.')
    expect(text(findings[0]?.advice)).toBe(
      'Ask your administrator to allow sqs:SendMessage on queue testing_master.',
    )
    const unseen = diagnoseProbe(probe({ facts: failure('AccessDenied', 'testing_facts') }))
    expect(unseen).toMatchObject([
      { fix: { allow: { action: 'sqs:GetQueueAttributes', queue: 'testing_facts' } } },
    ])
  })

  it('finds a clock that is wrong by more than ten seconds, and says which way', () => {
    const what = (clockOffsetMs: number) =>
      diagnoseProbe({ ...probe(), clockOffsetMs }).map((finding) => text(finding.what))
    expect(what(9_000)).toEqual([])
    expect(what(61_000)).toEqual(["This machine's clock is 61 s behind that of SQS."])
    expect(what(-30_000)).toEqual(["This machine's clock is 30 s ahead of that of SQS."])
  })

  it('puts errors first', () => {
    const findings = diagnoseProbe({
      ...probe({
        commands: found('commands', { visible: 20, waitSeconds: 0 }),
        facts: found('facts', { delaySeconds: 9 }),
      }),
    })
    expect(findings.map(({ severity }) => severity)).toEqual(['error', 'warning', 'warning'])
  })
})

function text(localizable: Localizable | undefined): string {
  return localizable === undefined ? '' : localize(localizable, inEnglish)
}

function probe(changes: Partial<Probe['queues']> = {}): Probe {
  const queues = { commands: found('commands'), replies: found('replies'), facts: found('facts'), ...changes }
  return { environment: testing, side: 'master', queues, permissions: [], clockOffsetMs: 0 }
}

function found(role: QueueRole, changes: Partial<QueueAttributes> = {}) {
  return { attributes: goodQueue(role, changes), hidden: 0 }
}

function failure(code: string, queue: string) {
  return { error: toQueueError({ Code: code, Message: 'no' }, asked(queue, 'sqs:GetQueueAttributes')) }
}

function asked(queue: string, action: string) {
  return { queue, action, region: 'eu-west-1' }
}
