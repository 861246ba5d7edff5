import { describe, expect, it } from 'vitest'
import { diagnoseProbe } from '../../../src/queues/diagnosis.ts'
import type { Side } from '../../../src/queues/iamPolicy.ts'
import type { Probe } from '../../../src/queues/probe.ts'
import { type QueueError, toQueueError } from '../../../src/queues/queueError.ts'
import { localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { goodQueue, testing } from './fleetQueues.ts'

const denied = { name: 'AccessDenied', message: 'User: arn:aws:iam::1:user/ada is not authorized' }

function refusal(action: string, queue: string, extra: object = {}): QueueError {
  return toQueueError(denied, { action, queue, region: 'eu-west-1', ...extra })
}

function probe(side: Side, changes: Partial<Probe>): Probe {
  const good = (role: 'commands' | 'replies' | 'facts') => ({ attributes: goodQueue(role), hidden: 0 })
  return {
    environment: testing,
    side,
    queues: { commands: good('commands'), replies: good('replies'), facts: good('facts') },
    permissions: [],
    clockOffsetMs: 0,
    ...changes,
  }
}

const actions = [
  ['sqs:GetQueueUrl', 'testing_master'],
  ['sqs:GetQueueAttributes', 'testing_master'],
  ['sqs:SetQueueAttributes', 'testing_facts'],
  ['sqs:CreateQueue', 'testing_m-1_agent'],
  ['sqs:DeleteQueue', 'testing_m-1_agent'],
  ['sqs:SendMessage', 'testing_master'],
  ['sqs:ReceiveMessage', 'testing_facts'],
  ['sqs:DeleteMessage', 'testing_agent'],
  ['sqs:ChangeMessageVisibility', 'testing_agent'],
  ['sqs:TagQueue', 'testing_m-1_agent'],
] as const

describe('a single action that is forbidden', () => {
  it.each(actions)('is named with its queue, and with whom to ask: %s on %s', (action, queue) => {
    expect(refusal(action, queue)).toMatchObject({
      kind: 'forbidden',
      message: `The AWS credentials in use do not allow ${action} on queue ${queue} (eu-west-1). Ask your administrator to add it to their IAM policy. (${denied.message})`,
    })
    expect(refusal(action, queue, { profile: 'ops' }).message).toBe(
      `The credentials of AWS profile ops do not allow ${action} on queue ${queue} (eu-west-1). Ask your administrator to add it to their IAM policy. (${denied.message})`,
    )
  })

  it('is named without a queue where it is about none', () => {
    expect(refusal('sqs:ListQueues', '').message).toContain(
      'do not allow sqs:ListQueues on SQS in eu-west-1.',
    )
    expect(refusal('sts:GetCallerIdentity', '').message).toContain(
      'do not allow sts:GetCallerIdentity on STS in eu-west-1.',
    )
  })

  it.each(['sqs:SendMessage', 'sqs:ReceiveMessage'])(
    'of the key is not taken for one of the queue: %s',
    (action) => {
      const ofKey = toQueueError(
        { name: 'KMS.AccessDeniedException', message: 'no' },
        { action, queue: 'testing_master', region: 'eu-west-1' },
      )
      expect(ofKey.message).toBe(
        'You are not allowed to use the key that encrypts queue testing_master (eu-west-1). Allow kms:GenerateDataKey and kms:Decrypt on it. (no)',
      )
    },
  )
})

describe.each([
  ['master', 'The master needs'],
  ['agent', 'The agent needs'],
] as const)('the doctor of the %s', (side, needs) => {
  it.each([
    ['sqs:ReceiveMessage', 'testing_master'],
    ['sqs:SendMessage', 'testing_agent'],
    ['sqs:DeleteMessage', 'testing_agent'],
    ['sqs:ChangeMessageVisibility', 'testing_facts'],
  ])('names %s on %s, and offers exactly that statement', (action, queue) => {
    const permissions = [{ action, queue, refusal: refusal(action, queue) }]
    const [finding, ...others] = diagnoseProbe(probe(side, { permissions }))
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      code: 'forbidden',
      severity: 'error',
      queue,
      fix: { allow: { action, queue } },
    })
    expect(localize(finding?.why ?? fail(), inEnglish)).toBe(`${needs} ${action} on ${queue}.`)
    expect(localize(finding?.advice ?? fail(), inEnglish)).toBe(
      `Ask your administrator to allow ${action} on queue ${queue}.`,
    )
  })

  it.each(['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'])(
    'names %s, without which nothing can be checked',
    (action) => {
      const { queues } = probe(side, {})
      const error = refusal(action, 'testing_facts')
      const [finding, ...others] = diagnoseProbe(probe(side, { queues: { ...queues, facts: { error } } }))
      expect(others).toEqual([])
      expect(finding).toMatchObject({ code: 'forbidden', fix: { allow: { action, queue: 'testing_facts' } } })
    },
  )

  it('offers permission for the key where the key refuses, and not one for the queue', () => {
    const refused = toQueueError(
      { name: 'KMS.AccessDeniedException', message: 'no' },
      { action: 'sqs:SendMessage', queue: 'testing_facts', region: 'eu-west-1' },
    )
    const permissions = [{ action: 'sqs:SendMessage', queue: 'testing_facts', refusal: refused }]
    const [finding] = diagnoseProbe(probe(side, { permissions }))
    expect(localize(finding?.advice ?? fail(), inEnglish)).toBe(
      'Ask your administrator to allow kms:GenerateDataKey and kms:Decrypt on the key of queue testing_facts, in your IAM policy and in the policy of the key.',
    )
    expect(finding?.fix).toBeUndefined()
  })

  it('names both policies that queues of another account need', () => {
    const account = '210987654321'
    const error = refusal('sqs:SendMessage', 'testing_facts', { account })
    const permissions = [{ action: 'sqs:SendMessage', queue: 'testing_facts', refusal: error }]
    const [finding] = diagnoseProbe(probe(side, { environment: { ...testing, account }, permissions }))
    expect(localize(finding?.advice ?? fail(), inEnglish)).toBe(
      `Ask your administrator to allow sqs:SendMessage on queue testing_facts in the IAM policy of your credentials, and that of account ${account} to allow it in the policy of the queue.`,
    )
  })
})

function fail(): never {
  throw new Error('no finding')
}
