import { ListQueuesCommand } from '@aws-sdk/client-sqs'
import { isClockCode } from '../../../src/queues/errorKind.ts'
import { createAsking } from '../asking.ts'
import type { Bench } from '../bench.ts'
import { judge, outcomeOf, type Row, same } from '../row.ts'

const tenMinutesMs = 600_000

export const signingRows: readonly Row[] = [
  {
    name: 'date-header',
    assumed: 'Every answer has a Date, refusals too',
    matters: 'SQS’s clock: src/queues/sqsClock.ts; facts, ages and signatures depend on it',
    requests: 5,
    async look(bench) {
      const url = await bench.queue()
      const done = await bench.ask(
        new ListQueuesCommand({ QueueNamePrefix: url.slice(url.lastIndexOf('/') + 1) }),
      )
      const refused = await bench.ask(new ListQueuesCommand({ QueueNamePrefix: 'ec2', MaxResults: 0 }))
      const answers = [done, refused]
      const without = answers.filter(({ date }) => date === undefined)
      const seen = without.length === 0 ? 'in all' : `missing in: ${without.map(outcomeOf).join(', ')}`
      return judge(without.length === 0, seen, { evidence: answers })
    },
  },
  wrongClock('clock-behind', -tenMinutesMs),
  wrongClock('clock-ahead', tenMinutesMs),
  {
    name: 'unknown-key',
    assumed: 'A key that does not exist is refused as wrong credentials, or keys are not checked at all',
    matters: 'errors say what to do: src/queues/queueError.ts',
    requests: 1,
    async look(bench) {
      const credentials = { accessKeyId: 'AKIAPROBEDOESNOTEXIS', secretAccessKey: 'none' }
      const answer = await askOnce({ ...bench, connection: { ...bench.connection, credentials } }, 0)
      const { refusal } = answer
      if (refusal === undefined) return same('keys are not checked')
      return judge(refusal.kind === 'credentials', refusal.code, { evidence: [answer] })
    },
  },
]

function wrongClock(name: string, offsetMs: number): Row {
  return {
    name,
    assumed: `A signature ten minutes ${offsetMs < 0 ? 'old' : 'early'} is refused by one of four codes and with a Date, or times are not checked at all`,
    matters: 'a machine whose clock is wrong recovers by itself: isClockCode in src/queues/errorKind.ts',
    requests: 1,
    async look(bench) {
      const answer = await askOnce(bench, offsetMs)
      const { refusal } = answer
      if (refusal === undefined) return same('times are not checked')
      const replay = [{ fault: { kind: 'check-clock' } as const }]
      const holds = isClockCode(refusal.code) && answer.date !== undefined
      return judge(holds, `${refusal.code}: ${refusal.text.slice(0, 100)}`, { evidence: [answer], replay })
    },
  }
}

async function askOnce({ connection }: Pick<Bench, 'connection'>, offsetMs: number) {
  const asking = createAsking(connection, offsetMs)
  try {
    return await asking.ask(new ListQueuesCommand({ QueueNamePrefix: 'ec2-collective-probe', MaxResults: 1 }))
  } finally {
    asking.close()
  }
}
