import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { judge, outcomeOf, type Row } from '../row.ts'

/** What `readAttributes` in src/queues/queueAttributes.ts reads as numbers, and the queue’s ARN. */
const told = [
  ...['QueueArn', 'VisibilityTimeout', 'MessageRetentionPeriod', 'MaximumMessageSize', 'DelaySeconds'],
  ...[
    'ReceiveMessageWaitTimeSeconds',
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
  ],
  'ApproximateNumberOfMessagesDelayed',
]

export const attributeRows: readonly Row[] = [
  {
    name: 'attributes-told',
    assumed: 'GetQueueAttributes tells all attributes that the doctor judges',
    matters:
      'what is not told is unknown, and not judged: src/queues/queueAttributes.ts, src/queues/queueFindings.ts',
    requests: 4,
    async look(bench) {
      const QueueUrl = await bench.queue()
      const answer = await bench.ask(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))
      const attributes: Readonly<Record<string, string>> = answer.output?.Attributes ?? {}
      const names = told.filter((name) => attributes[name] === undefined)
      const replay = names.length === 0 ? [] : [{ fault: { kind: 'untold', names } as const }]
      return judge(names.length === 0, names.length === 0 ? 'all' : `not told: ${names.join(', ')}`, {
        evidence: [answer],
        replay,
      })
    },
  },
  {
    name: 'attribute-change',
    assumed: 'A changed attribute is told within a minute',
    matters: 'repairs by the doctor and set-up: src/queues/setUp.ts',
    requests: 250,
    async look(bench) {
      const url = await bench.queue({ VisibilityTimeout: '30' })
      const Attributes = { VisibilityTimeout: '7' }
      const changed = await bench.ask(new SetQueueAttributesCommand({ QueueUrl: url, Attributes }))
      const evidence = [changed]
      if (changed.refusal !== undefined) return judge(false, outcomeOf(changed), { evidence })
      const isTold = async () => (await bench.attributes(url)).VisibilityTimeout === '7'
      const ms = await bench.until(isTold, bench.patience.changesMs)
      const replay =
        ms === undefined || ms < 500
          ? []
          : [{ fault: { kind: 'old-attributes', ms: Math.round(ms) } as const }]
      return judge(
        ms !== undefined,
        ms === undefined ? 'not within a minute' : `after ${Math.round(ms)} ms`,
        { evidence, replay },
      )
    },
  },
  {
    name: 'redrive-removed',
    assumed: 'An empty RedrivePolicy removes it',
    matters: 'the doctor’s repair of broadcast queues: src/queues/setUp.ts',
    requests: 5,
    async look(bench) {
      const url = await bench.queue()
      const answer = await bench.ask(
        new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { RedrivePolicy: '' } }),
      )
      return judge(answer.refusal === undefined, outcomeOf(answer), { evidence: [answer] })
    },
  },
  {
    name: 'retention-least',
    assumed: 'Messages can be kept for 60 s and no shorter',
    matters: 'the queues of an environment: src/queues/setUp.ts',
    requests: 4,
    async look(bench) {
      const asked = (seconds: number) =>
        bench.ask(
          new CreateQueueCommand({
            QueueName: bench.name(),
            Attributes: { MessageRetentionPeriod: String(seconds) },
          }),
        )
      const answers = [await asked(60), await asked(59)] as const
      const [least, less] = answers
      const seen = `60 s: ${outcomeOf(least)}; 59 s: ${outcomeOf(less)}`
      return judge(least.refusal === undefined && less.refusal?.kind === 'invalid', seen, {
        evidence: answers,
      })
    },
  },
  {
    name: 'expiry',
    assumed: 'A message is gone once it is older than the queue’s retention, a minute',
    matters: 'commands that were missed do not run later: docs/protocol.md',
    requests: 6,
    isSlow: true,
    async look(bench) {
      const url = await bench.queue({ MessageRetentionPeriod: '60' })
      await bench.send(url, ['old'])
      await bench.pause(bench.patience.expiryMs)
      const messages = await bench.receive(url, { WaitTimeSeconds: 2 })
      return judge(messages.length === 0, messages.length === 0 ? 'gone' : 'it is still there')
    },
  },
]
