import { afterEach, describe, expect, it } from 'vitest'
import { chooseReplyQueue } from '../../../src/master/replies/replyQueue.ts'
import { iamPolicy, queuePolicy, statements } from '../../../src/queues/iamPolicy.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import { planSetUp } from '../../../src/queues/setUp.ts'
import { playedQueues } from '../../support/playedQueues.ts'
import {
  refusal,
  type ScriptedEndpoint,
  startScriptedEndpoint,
  success,
} from '../../support/scriptedEndpoint.ts'
import { goodQueue, testing } from './fleetQueues.ts'

const account = '210987654321'
const elsewhere = { ...testing, account }
const credentials = { accessKeyId: 'AKIAADA', secretAccessKey: 'secret' }

describe('queues of another account', () => {
  let sqs: ScriptedEndpoint
  let queues: Queues

  afterEach(async () => {
    queues?.close()
    await sqs?.stop()
  })

  async function connect(answer: Parameters<typeof startScriptedEndpoint>[0]): Promise<void> {
    sqs = await startScriptedEndpoint(answer)
    queues = createQueues({ ...elsewhere, credentials, endpoint: sqs.endpoint })
  }

  it('are asked for by the number of their owner', async () => {
    await connect(success)
    await queues.send('testing_master', 'body')
    expect(sqs.requests[0]?.input).toEqual({ QueueName: 'testing_master', QueueOwnerAWSAccountId: account })
  })

  it('need two policies, which a refusal says', async () => {
    await connect(() => refusal('AccessDenied'))
    await expect(queues.send('testing_master', 'body')).rejects.toThrow(
      `sqs:GetQueueUrl on queue testing_master (${sqs.endpoint}, account ${account}) is not allowed. The queue is of another account, so two policies have to allow it: the IAM policy of your credentials, and the policy of the queue.`,
    )
  })

  it('are missing in their account, and not in ours', async () => {
    await connect(() => refusal('QueueDoesNotExist'))
    await expect(queues.send('testing_master', 'body')).rejects.toThrow(
      `Queue testing_master does not exist in ${sqs.endpoint}, account ${account}`,
    )
  })

  it('are neither created nor changed from here', () => {
    const found = { commands: 'missing', replies: goodQueue('replies'), facts: goodQueue('facts') } as const
    expect(() => planSetUp(elsewhere, found)).toThrow(
      `The queues of testing belong to account ${account}. SQS lets only that account create and change them: do it there.`,
    )
    expect(planSetUp(elsewhere, { ...found, commands: goodQueue('commands') })).toEqual([])
  })

  it('have the shared reply queue only: one of ours would be where no agent looks for it', async () => {
    const made: string[] = []
    const chosen = await chooseReplyQueue(
      {
        environment: elsewhere,
        queues: playedQueues({ create: async (queue) => void made.push(queue) }),
        masterId: 'm-1',
        onReplyQueue: () => {},
      },
      new AbortController().signal,
    )
    expect([chosen, made]).toEqual([{ queue: 'testing_agent', kind: 'shared' }, []])
  })

  it('are in the IAM policies of those who use them, under their owner', () => {
    const { Statement } = JSON.parse(iamPolicy(elsewhere, statements(elsewhere, 'agent'), '123456789012'))
    expect(Statement[0].Resource).toEqual([`arn:aws:sqs:eu-west-1:${account}:testing_master`])
  })

  it('let the accounts of agents and masters do what those need, and nothing else, by a policy of each queue', () => {
    const policy = (queue: string) =>
      JSON.parse(queuePolicy(testing, queue, account, { agent: ['111111111111'], master: ['222222222222'] }))
        .Statement
    expect(policy('testing_master')).toEqual([
      {
        Sid: 'OtherAgents',
        Effect: 'Allow',
        Principal: { AWS: ['arn:aws:iam::111111111111:root'] },
        Action: ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
        Resource: `arn:aws:sqs:eu-west-1:${account}:testing_master`,
      },
      expect.objectContaining({
        Sid: 'OtherMasters',
        Principal: { AWS: ['arn:aws:iam::222222222222:root'] },
      }),
    ])
    for (const queue of ['testing_master', 'testing_agent', 'testing_facts'])
      expect(JSON.stringify(policy(queue))).not.toMatch(/CreateQueue|DeleteQueue|SetQueueAttributes/)
  })

  it('have no statement for a side that has no account', () => {
    const none = queuePolicy(testing, 'testing_facts', account, { agent: [], master: [] })
    expect(JSON.parse(none).Statement).toEqual([])
  })
})
