import { DeleteMessageBatchCommand, type Message } from '@aws-sdk/client-sqs'
import type { Bench } from '../bench.ts'
import { differs, judge, type Row } from '../row.ts'

const shortPolls = 20
const rotating = 12

export const receiveRows: readonly Row[] = [
  backlog(5),
  backlog(50),
  backlog(500),
  {
    name: 'short-polls',
    assumed: 'A short poll returns at once, and not always nothing while messages wait',
    matters: 'sweeps after the first: src/master/fleet/queueSweep.ts',
    requests: 5 + shortPolls,
    async look(bench) {
      const url = await bench.queue()
      await bench.send(
        url,
        Array.from({ length: 10 }, (_, n) => String(n)),
      )
      let [empty, slowestMs] = [0, 0]
      for (let poll = 0; poll < shortPolls; poll += 1) {
        const startedAt = performance.now()
        if ((await bench.receive(url, { VisibilityTimeout: 0 })).length === 0) empty += 1
        slowestMs = Math.max(slowestMs, performance.now() - startedAt)
      }
      const seen = `${empty} of ${shortPolls} were empty while 10 messages waited; the slowest took ${Math.round(slowestMs)} ms`
      const replay = empty === 0 ? [] : [{ fault: { kind: 'empty' } as const, chance: empty / shortPolls }]
      return judge(empty < shortPolls && slowestMs < 2_000, seen, { replay })
    },
  },
  {
    name: 'twice-in-one',
    assumed: 'A message that is twice in one answer has the same MessageId, and the later handle deletes it',
    matters: 'received messages are counted once: src/queues/queues.ts',
    requests: 20,
    async look(bench) {
      const url = await bench.queue()
      await bench.send(url, ['1', '2', '3'])
      let [doubled, answers, strange] = [0, 0, 0]
      let last: Message[] = []
      for (let poll = 0; poll < 8; poll += 1) {
        last = await bench.receive(url, { WaitTimeSeconds: 2, VisibilityTimeout: 0 })
        answers += 1
        const ids = new Set(last.map(({ MessageId }) => MessageId)).size
        doubled += last.length - ids
        strange += ids - new Set(last.map(({ Body }) => Body)).size
      }
      const kept = await drained(bench, url)
      const seen = `${doubled} doubled in ${answers} answers; ${strange} under another MessageId; ${kept} left after deleting by the later handles`
      const replay =
        doubled === 0 ? [] : [{ fault: { kind: 'twice' } as const, chance: doubled / (3 * answers) }]
      return judge(strange === 0 && kept === 0, seen, { replay })
    },
  },
  {
    name: 'rotation',
    assumed: 'Receives with visibility 0 rotate, so that more than ten messages are all seen',
    matters: 'more than ten commands at a time: docs/protocol.md, the finding many-commands of the doctor',
    requests: 50,
    async look(bench) {
      const url = await bench.queue()
      await bench.send(
        url,
        Array.from({ length: rotating }, (_, n) => String(n)),
      )
      const found = new Set<string | undefined>()
      let receives = 0
      while (found.size < rotating && receives < 40) {
        const messages = await bench.receive(url, { WaitTimeSeconds: 2, VisibilityTimeout: 0 })
        for (const { Body } of messages) found.add(Body)
        receives += 1
      }
      return judge(
        found.size === rotating,
        `${found.size} of ${rotating} messages seen in ${receives} receives`,
      )
    },
  },
  {
    name: 'own-visibility',
    assumed:
      'A receive’s own VisibilityTimeout counts, not the queue’s: 0 hides nothing, 60 hides from everybody',
    matters:
      'agents do not hide commands from one another: agent/src/intake/listen.ts; sweeps hide what they read',
    requests: 10,
    async look(bench) {
      const url = await bench.queue({ VisibilityTimeout: '30' })
      await bench.send(url, ['for all'])
      const open = await bench.receive(url, { WaitTimeSeconds: 5, VisibilityTimeout: 0 })
      const again = await bench.receive(url, { WaitTimeSeconds: 5, VisibilityTimeout: 60 })
      const hidden = await bench.receive(url, { WaitTimeSeconds: 1, VisibilityTimeout: 0 })
      const seen = `with 0, then 60, then 0: ${[open, again, hidden].map(({ length }) => length).join(', ')} messages`
      return judge(open.length === 1 && again.length === 1 && hidden.length === 0, seen)
    },
  },
]

/** How many messages receives bring while so many wait. */
function backlog(count: number): Row {
  const most = count / 10 + count * 2 + 10
  return {
    name: `backlog-${count}`,
    assumed: `Receives bring 1 to 10 of ${count} messages each, until all have come`,
    matters:
      'replies of many agents at once: src/master/replies/replyConsumer.ts; src/master/fleet/queueSweep.ts',
    requests: Math.ceil(count / 10) + Math.min(most, count / 2 + 40),
    async look(bench) {
      const url = await bench.queue()
      await bench.send(
        url,
        Array.from({ length: count }, (_, n) => String(n)),
      )
      const found = new Set<string | undefined>()
      const sizes: number[] = []
      let [receives, empty] = [0, 0]
      while (found.size < count && empty < 3 && receives < count / 2 + 20) {
        const expected = Math.min(10, count - found.size)
        const messages = await bench.receive(url, { WaitTimeSeconds: 2, VisibilityTimeout: 600 })
        receives += 1
        if (messages.length > 10) return differs(`a receive brought ${messages.length} messages`)
        if (messages.length === 0) empty += 1
        else if (expected === 10) sizes.push(messages.length)
        for (const { Body } of messages) found.add(Body)
      }
      const mean = found.size / Math.max(1, receives - empty)
      const seen = `${found.size} of ${count} came in ${receives} receives, ${mean.toFixed(1)} each, ${empty} empty`
      const isPartial = sizes.some((size) => size < 10)
      const replay = isPartial ? [{ fault: { kind: 'few', sizes } as const }] : []
      return judge(found.size === count, seen, { replay })
    },
  }
}

/** Deletes by the later handle of each message what a receive brings, until none is left or twice as often as needed. */
async function drained(bench: Bench, url: string): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    const messages = await bench.receive(url, { WaitTimeSeconds: 1, VisibilityTimeout: 0 })
    if (messages.length === 0) return 0
    const latest = new Map(messages.map(({ MessageId, ReceiptHandle }) => [MessageId, ReceiptHandle]))
    const Entries = [...latest.values()].map((ReceiptHandle, id) => ({ Id: String(id), ReceiptHandle }))
    await bench.ask(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }))
  }
  return (await bench.receive(url, { WaitTimeSeconds: 1, VisibilityTimeout: 0 })).length
}
