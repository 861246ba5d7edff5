import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs'
import { judge, type Row } from '../row.ts'

const pollers = 3
const waitSeconds = 6
/** Well before the poll would end by itself, milliseconds. */
const promptMs = 4_000
const longPolls = 10

export const longPollRows: readonly Row[] = [
  {
    name: 'wake-up',
    assumed: 'A message ends every long poll with visibility 0 that waits for it, at once',
    matters: 'commands reach all agents: docs/protocol.md, agent/src/intake/listen.ts',
    requests: 8,
    async look(bench) {
      const url = await bench.queue()
      let sentAt = Number.POSITIVE_INFINITY
      const polls = Array.from({ length: pollers }, async () => {
        const messages = await bench.receive(url, { WaitTimeSeconds: waitSeconds, VisibilityTimeout: 0 })
        return messages.length > 0 ? performance.now() - sentAt : undefined
      })
      const all = watched(Promise.all(polls))
      await bench.pause(500)
      sentAt = performance.now()
      await bench.send(url, ['wake up'])
      const woken = (await all).filter((ms) => ms !== undefined)
      const slowest = Math.max(0, ...woken)
      const seen = `${woken.length} of ${pollers} polls woke, the last after ${Math.round(slowest)} ms`
      return judge(woken.length === pollers && slowest < promptMs, seen)
    },
  },
  {
    name: 'release-wakes',
    assumed: 'A hidden message that is made visible ends a long poll that waits for it, at once',
    matters: 'replies of other masters are put back: src/master/replies/foreignMessages.ts',
    requests: 7,
    async look(bench) {
      const url = await bench.queue()
      await bench.send(url, ['put back'])
      const [message] = await bench.receive(url, { WaitTimeSeconds: 10 })
      let shownAt = Number.POSITIVE_INFINITY
      const poll = watched(
        bench
          .receive(url, { WaitTimeSeconds: waitSeconds })
          .then((messages) => (messages.length > 0 ? performance.now() - shownAt : undefined)),
      )
      await bench.pause(500)
      shownAt = performance.now()
      const input = { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 0 }
      const shown = await bench.ask(new ChangeMessageVisibilityCommand(input))
      const ms = await poll
      const seen = ms === undefined ? 'the poll brought nothing' : `woken after ${Math.round(ms)} ms`
      return judge(ms !== undefined && ms > 0 && ms < promptMs, seen, { evidence: [shown] })
    },
  },
  {
    name: 'long-poll-ends',
    assumed: 'A long poll of an empty queue ends with nothing after WaitTimeSeconds',
    matters:
      'deadlines of requests, and the cost of idle agents: src/queues/requester.ts, src/queues/price.ts',
    requests: 4,
    async look(bench) {
      const url = await bench.queue()
      const startedAt = performance.now()
      const messages = await bench.receive(url, { WaitTimeSeconds: 2 })
      const ms = performance.now() - startedAt
      const seen = `2 s: ${messages.length} messages after ${Math.round(ms)} ms`
      return judge(messages.length === 0 && ms > 1_500 && ms < 8_000, seen)
    },
  },
  {
    name: 'long-poll-proves',
    assumed: 'A long poll brings something when messages are there, so that an empty one proves the end',
    matters: 'verdicts and sweeps: src/master/replies/backlogMonitor.ts, src/master/fleet/queueSweep.ts',
    requests: 5 + longPolls,
    async look(bench) {
      const url = await bench.queue()
      await bench.send(url, ['1', '2', '3'])
      let empty = 0
      for (let poll = 0; poll < longPolls; poll += 1) {
        const messages = await bench.receive(url, { WaitTimeSeconds: 2, VisibilityTimeout: 0 })
        if (messages.length === 0) empty += 1
      }
      return judge(empty === 0, `${empty} of ${longPolls} long polls were empty while 3 messages waited`)
    },
  },
]

/** A poll that is awaited later: when the row ends before, its failure is nobody's. */
function watched<T>(poll: Promise<T>): Promise<T> {
  poll.catch(() => {})
  return poll
}
