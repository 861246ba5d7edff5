import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs'
import { probeTags } from '../bench.ts'
import { differs, judge, outcomeOf, type Row, unclear } from '../row.ts'

export const queueLifeRows: readonly Row[] = [
  {
    name: 'first-seconds',
    assumed: 'A new queue can be used at once, or says that it does not exist for less than 10 s',
    matters: 'a master’s own reply queue: src/master/replies/replyQueue.ts',
    requests: 130,
    async look(bench) {
      const QueueName = bench.name()
      const made = await bench.ask(new CreateQueueCommand({ QueueName }))
      const QueueUrl = made.output?.QueueUrl
      if (QueueUrl === undefined) return differs(`CreateQueue: ${outcomeOf(made)}`, { evidence: [made] })
      const startedAt = performance.now()
      let readyMs = 0
      const attempts = [
        () => bench.ask(new SendMessageCommand({ QueueUrl, MessageBody: 'first' })),
        () => bench.ask(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 0 })),
        () => bench.ask(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] })),
        () => bench.ask(new GetQueueUrlCommand({ QueueName })),
      ]
      for (const attempt of attempts) {
        let answer = await attempt()
        while (
          answer.refusal?.kind === 'missing-queue' &&
          performance.now() - startedAt < bench.patience.newQueueMs
        ) {
          await bench.pause(250)
          answer = await attempt()
          readyMs = performance.now() - startedAt
        }
        if (answer.refusal !== undefined)
          return differs(`${answer.exchange.operation}: ${answer.refusal.code}`, { evidence: [answer] })
      }
      const replay = readyMs === 0 ? [] : [{ fault: { kind: 'unready', ms: Math.round(readyMs) } as const }]
      return judge(true, readyMs === 0 ? 'at once' : `after ${Math.round(readyMs)} ms`, { replay })
    },
  },
  {
    name: 'name-again',
    assumed: 'The name of a deleted queue is free at once, or refused by QueueDeletedRecently',
    matters: 'a master then uses the shared queue: src/master/replies/replyQueue.ts',
    requests: 4,
    async look(bench) {
      const QueueName = bench.name()
      const made = await bench.ask(new CreateQueueCommand({ QueueName }))
      const QueueUrl = made.output?.QueueUrl
      if (QueueUrl === undefined) return unclear(`CreateQueue: ${outcomeOf(made)}`, { evidence: [made] })
      await bench.pause(1_000)
      await bench.ask(new DeleteQueueCommand({ QueueUrl }))
      const again = await bench.ask(new CreateQueueCommand({ QueueName }))
      const code = outcomeOf(again)
      const replay =
        code === 'QueueDeletedRecently' ? [{ fault: { kind: 'name-taken', ms: 60_000 } as const }] : []
      return judge(['done', 'QueueDeletedRecently'].includes(code), code, { evidence: [again], replay })
    },
  },
  {
    name: 'create-again',
    assumed:
      'CreateQueue of a queue that is there succeeds with the same attributes, and is refused as invalid with others',
    matters: 'two masters that make one queue: src/queues/queues.ts',
    requests: 5,
    async look(bench) {
      const QueueName = bench.name()
      const asked = (seconds: string) =>
        bench.ask(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: seconds } }))
      const answers = [await asked('30'), await asked('30'), await asked('31')] as const
      const [first, again, other] = answers
      if (first.refusal !== undefined)
        return unclear(`CreateQueue: ${outcomeOf(first)}`, { evidence: answers })
      const isSame = again.output?.QueueUrl === first.output?.QueueUrl
      const seen = `same attributes: ${outcomeOf(again)}; others: ${outcomeOf(other)}`
      return judge(isSame && other.refusal?.kind === 'invalid', seen, { evidence: answers })
    },
  },
  {
    name: 'missing-queue',
    assumed: 'A queue that does not exist is called missing, by its name and by its URL',
    matters:
      'set-up, doctor and clean-up: src/queues/setUp.ts, src/queues/queues.ts; permissions on reply queues: src/queues/permissionProbe.ts',
    requests: 6,
    async look(bench) {
      const there = await bench.queue()
      const QueueName = bench.name()
      const QueueUrl = there.replace(/[^/]+$/, QueueName)
      const answers = [
        await bench.ask(new GetQueueUrlCommand({ QueueName })),
        await bench.ask(new SendMessageCommand({ QueueUrl, MessageBody: 'to nobody' })),
        await bench.ask(new DeleteQueueCommand({ QueueUrl })),
      ]
      const seen = answers.map((answer) => `${answer.exchange.operation}: ${outcomeOf(answer)}`).join('; ')
      // Deleting what is not there may succeed.
      const holds = answers.every(
        ({ refusal, exchange }) =>
          refusal?.kind === 'missing-queue' ||
          (refusal === undefined && exchange.operation === 'DeleteQueue'),
      )
      return judge(holds, seen, { evidence: answers })
    },
  },
  {
    name: 'tags',
    assumed: 'Queues can be made with tags, and tell them',
    matters: 'who made a queue, and what for',
    requests: 4,
    async look(bench) {
      const made = await bench.ask(new CreateQueueCommand({ QueueName: bench.name(), tags: probeTags }))
      const QueueUrl = made.output?.QueueUrl
      if (QueueUrl === undefined)
        return differs(`CreateQueue with tags: ${outcomeOf(made)}`, { evidence: [made] })
      const answer = await bench.ask(new ListQueueTagsCommand({ QueueUrl }))
      const isTold = Object.entries(probeTags).every(([key, value]) => answer.output?.Tags?.[key] === value)
      const seen =
        answer.refusal === undefined ? (isTold ? 'told' : 'not told') : `ListQueueTags: ${outcomeOf(answer)}`
      return judge(isTold, seen, { evidence: [answer] })
    },
  },
]
