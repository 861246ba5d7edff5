import { ChangeMessageVisibilityBatchCommand } from '@aws-sdk/client-sqs'
import { judge, type Row, unclear } from '../row.ts'

const sent = 8
/** The doctor watches hidden commands for as long: `hiddenForMs` in src/queues/probe.ts. Milliseconds. */
const watchedMs = 3_000

export const countRows: readonly Row[] = [
  {
    name: 'count-lag',
    assumed: 'The count of messages is true within a minute',
    matters:
      'the doctor’s counts; sweeps do not rely on it: src/queues/queueFindings.ts, src/master/fleet/queueSweep.ts',
    requests: 250,
    async look(bench) {
      const url = await bench.queue()
      await bench.send(
        url,
        Array.from({ length: sent }, (_, n) => String(n)),
      )
      let told: string | undefined
      const isTrue = async () => {
        told = (await bench.attributes(url)).ApproximateNumberOfMessages
        return told === String(sent)
      }
      const ms = await bench.until(isTrue, bench.patience.countsMs)
      if (ms === undefined)
        return judge(
          false,
          `${told ?? 'no number'} for ${sent} messages after ${bench.patience.countsMs / 1000} s`,
        )
      const replay = ms < 500 ? [] : [{ fault: { kind: 'lag', ms: Math.round(ms) } as const }]
      return judge(true, `true after ${Math.round(ms)} ms`, { replay })
    },
  },
  {
    name: 'hidden-count',
    assumed: 'The count of hidden messages falls within 3 s once none is hidden',
    matters: 'the doctor’s finding hidden-messages: src/queues/probe.ts',
    requests: 260,
    async look(bench) {
      const url = await bench.queue()
      await bench.send(
        url,
        Array.from({ length: sent }, (_, n) => String(n)),
      )
      const hidden = async () => Number((await bench.attributes(url)).ApproximateNumberOfMessagesNotVisible)
      const messages = await bench.receive(url, { WaitTimeSeconds: 5 })
      const rose = await bench.until(
        async () => (await hidden()) === messages.length,
        bench.patience.countsMs,
      )
      if (messages.length === 0 || rose === undefined)
        return unclear('the count of hidden messages never rose')
      const Entries = messages.map(({ ReceiptHandle }, id) => ({
        ...{ Id: String(id), ReceiptHandle },
        VisibilityTimeout: 0,
      }))
      await bench.ask(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }))
      const fell = await bench.until(async () => (await hidden()) === 0, bench.patience.countsMs)
      const seen = `rose after ${Math.round(rose)} ms, ${fell === undefined ? 'never fell' : `fell after ${Math.round(fell)} ms`}`
      return judge(fell !== undefined && fell <= watchedMs, seen)
    },
  },
]
