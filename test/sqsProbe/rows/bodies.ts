import { CreateQueueCommand, SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import type { Answer } from '../asking.ts'
import { differs, judge, outcomeOf, type Row } from '../row.ts'

const kilobyte = 1024
/** All that is in our bodies: JSON in ASCII. */
const ascii = `{"v":1,"m":"${Array.from({ length: 95 }, (_, n) => String.fromCharCode(32 + n))
  .join('')
  .replace(/["\\]/g, '\\$&')}\\u00e9\\u0000"}`
const isInvalid = ({ refusal }: Answer) => refusal?.kind === 'invalid'

export const bodyRows: readonly Row[] = [
  {
    name: 'body-unchanged',
    assumed: 'A body of printable ASCII comes back as it was sent',
    matters: 'the envelope and its signature: src/protocol/envelope.ts',
    requests: 6,
    async look(bench) {
      const url = await bench.queue()
      await bench.send(url, [ascii])
      const [message] = await bench.receive(url, { WaitTimeSeconds: 5 })
      return judge(
        message?.Body === ascii,
        message === undefined ? 'it did not come' : message.Body === ascii ? 'equal' : 'changed',
      )
    },
  },
  {
    name: 'body-at-limit',
    assumed: 'A body of MaximumMessageSize bytes is taken; with one more it is refused as invalid',
    matters: 'frames fill messages: src/protocol/frames.ts, src/queues/sender.ts',
    requests: 6,
    async look(bench) {
      const url = await bench.queue({ MaximumMessageSize: String(kilobyte) })
      const asked = (bytes: number) =>
        bench.ask(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x'.repeat(bytes) }))
      const answers = [await asked(kilobyte), await asked(kilobyte + 1)] as const
      const [fitting, larger] = answers
      const seen = `${kilobyte} bytes: ${outcomeOf(fitting)}; one more: ${outcomeOf(larger)}`
      return judge(fitting.output !== undefined && isInvalid(larger), seen, { evidence: answers })
    },
  },
  large('body-256k', 256 * kilobyte),
  large('body-1m', 1024 * kilobyte),
  {
    name: 'batch-sum',
    assumed: 'A batch of 1 MiB in total is taken; a larger one is refused as invalid',
    matters: 'batches of replies: src/queues/sender.ts',
    requests: 40,
    async look(bench) {
      const url = await bench.queue({ MaximumMessageSize: String(256 * kilobyte) })
      const asked = (each: number) =>
        bench.ask(
          new SendMessageBatchCommand({
            QueueUrl: url,
            Entries: Array.from({ length: 8 }, (_, n) => ({ Id: String(n), MessageBody: 'x'.repeat(each) })),
          }),
        )
      const answers = [await asked(128 * kilobyte), await asked(128 * kilobyte + 1)] as const
      const [fitting, larger] = answers
      const seen = `1 MiB: ${outcomeOf(fitting)}, ${fitting.output?.Successful?.length ?? 0} of 8; 8 bytes more: ${outcomeOf(larger)}`
      return judge(fitting.output?.Successful?.length === 8 && isInvalid(larger), seen, { evidence: answers })
    },
  },
  {
    name: 'batch-one-too-large',
    assumed:
      'In a batch with one body too large that entry fails as invalid, or all do; the others can be sent',
    matters: 'one reply does not block others: src/queues/sender.ts',
    requests: 6,
    async look(bench) {
      const url = await bench.queue({ MaximumMessageSize: String(kilobyte) })
      const bodies = ['small', 'x'.repeat(kilobyte + 1)]
      const Entries = bodies.map((MessageBody, id) => ({ Id: String(id), MessageBody }))
      const answer = await bench.ask(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
      const { Successful = [], Failed = [] } = answer.output ?? {}
      const seen =
        answer.output === undefined
          ? `the whole batch: ${outcomeOf(answer)}`
          : `${Successful.length} sent, ${Failed.map(({ Code }) => Code).join(', ') || 'none'} failed`
      const holds = isInvalid(answer) || (Successful.length === 1 && Failed.length === 1)
      return judge(holds, seen, { evidence: [answer] })
    },
  },
  {
    name: 'forbidden-character',
    assumed: 'A body of nothing but NUL is refused as invalid, and nothing is sent',
    matters: 'the doctor tries sqs:SendMessage by it without effect: src/queues/permissionProbe.ts',
    requests: 6,
    async look(bench) {
      const url = await bench.queue()
      const Entries = [{ Id: '0', MessageBody: '\0' }]
      const answer = await bench.ask(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
      const code = answer.output?.Failed?.[0]?.Code ?? outcomeOf(answer)
      const there = await bench.receive(url, { WaitTimeSeconds: 1 })
      const seen = `${code}; ${there.length} messages in the queue`
      return judge(there.length === 0 && code !== 'done', seen, { evidence: [answer] })
    },
  },
  {
    name: 'empty-body',
    assumed: 'An empty body is refused as invalid',
    matters: 'a body that SQS never takes is given up: src/queues/sender.ts',
    requests: 4,
    async look(bench) {
      const url = await bench.queue()
      const answer = await bench.ask(new SendMessageCommand({ QueueUrl: url, MessageBody: '' }))
      return judge(isInvalid(answer), outcomeOf(answer), { evidence: [answer] })
    },
  },
]

function large(name: string, bytes: number): Row {
  const units = bytes / (64 * kilobyte)
  return {
    name,
    assumed: `A queue can take bodies of ${bytes / kilobyte} KiB, and brings them back whole`,
    matters: 'private reply queues: src/master/replies/replyQueue.ts, docs/protocol.md',
    requests: 6 + 3 * units,
    async look(bench) {
      const attributes = { MaximumMessageSize: String(bytes) }
      const made = await bench.ask(
        new CreateQueueCommand({ QueueName: bench.name(), Attributes: attributes }),
      )
      const url = made.output?.QueueUrl
      if (url === undefined)
        return differs(`a queue with that maximum: ${outcomeOf(made)}`, { evidence: [made] })
      let sent = await bench.ask(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x'.repeat(bytes) }))
      for (let tries = 0; sent.refusal?.kind === 'missing-queue' && tries < 10; tries += 1) {
        await bench.pause(1_000)
        sent = await bench.ask(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x'.repeat(bytes) }))
      }
      if (sent.output === undefined) return differs(outcomeOf(sent), { evidence: [sent] })
      const [message] = await bench.receive(url, { WaitTimeSeconds: 5 })
      return judge(message?.Body?.length === bytes, `${message?.Body?.length ?? 'no'} bytes came`, {
        evidence: [sent],
      })
    },
  }
}
