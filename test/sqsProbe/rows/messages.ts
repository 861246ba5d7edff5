import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { judge, type Row, unclear } from '../row.ts'

/** Clocks are known to two seconds (docs/protocol.md), milliseconds. */
const clockMs = 2_000
const inARow = 8

export const messageRows: readonly Row[] = [
  {
    name: 'sender-id',
    assumed: 'A message tells its SenderId',
    matters: 'forged replies and facts are found: src/master/identity; without it they are not',
    requests: 5,
    async look(bench) {
      const url = await bench.queue()
      await bench.send(url, ['from me'])
      const [message] = await bench.receive(url, { WaitTimeSeconds: 5 })
      if (message === undefined) return unclear('the message did not come')
      const { SenderId = '' } = message.Attributes ?? {}
      // Only its form: the reports of a run may be shown to others.
      const form = SenderId.replace(/^(A[A-Z]{3}).*/, '$1…')
      return judge(SenderId !== '', SenderId === '' ? 'none' : form)
    },
  },
  {
    name: 'sent-timestamp',
    assumed: 'SentTimestamp is the time of the Date header, within two seconds',
    matters: 'the age of commands: agent/src/intake/admission.ts, src/queues/sqsClock.ts',
    requests: 5,
    async look(bench) {
      const url = await bench.queue()
      const sent = await bench.ask(new SendMessageCommand({ QueueUrl: url, MessageBody: 'when' }))
      const [message] = await bench.receive(url, { WaitTimeSeconds: 5 })
      const at = Number(message?.Attributes?.SentTimestamp)
      if (sent.date === undefined) return unclear('the answer to the send has no Date', { evidence: [sent] })
      // HTTP cuts the fraction off; on average half a second.
      const offMs = at - (sent.date + 500)
      return judge(Math.abs(offMs) <= clockMs, `${Math.round(offMs)} ms after the Date of the send`, {
        evidence: [sent],
      })
    },
  },
  {
    name: 'order-by-time',
    assumed: 'Messages come in any order, and their SentTimestamps are in that of their sends',
    matters: 'the newest facts of an agent count: src/master/fleet/inventory.ts',
    requests: 20,
    async look(bench) {
      const url = await bench.queue()
      for (let n = 0; n < inARow; n += 1)
        await bench.ask(new SendMessageCommand({ QueueUrl: url, MessageBody: String(n) }))
      const came: { body: number; sentAt: number }[] = []
      for (let receives = 0; came.length < inARow && receives < 10; receives += 1) {
        for (const { Body, Attributes } of await bench.receive(url, { WaitTimeSeconds: 2 }))
          came.push({ body: Number(Body), sentAt: Number(Attributes?.SentTimestamp) })
      }
      const early = came.filter(
        ({ body }, index) => body < Math.max(-1, ...came.slice(0, index).map((m) => m.body)),
      )
      const sorted = came.toSorted((a, b) => a.body - b.body)
      const wrong = sorted.filter(({ sentAt }, index) => !(sentAt >= (sorted[index - 1]?.sentAt ?? 0)))
      const seen = `${came.length} of ${inARow} came, ${early.length} after a later one; ${wrong.length} timestamps go back`
      const replay =
        early.length === 0 ? [] : [{ fault: { kind: 'shuffle' } as const, chance: early.length / inARow }]
      return judge(came.length >= inARow && wrong.length === 0, seen, { replay })
    },
  },
]
