import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
} from '@aws-sdk/client-sqs'
import { meaningOfFailure } from '../../../src/queues/failedEntries.ts'
import type { HandleState } from '../../support/faults/handles.ts'
import type { Bench } from '../bench.ts'
import { differs, judge, type Row, unclear } from '../row.ts'

const operations = ['DeleteMessageBatch', 'ChangeMessageVisibilityBatch'] as const
type Operation = (typeof operations)[number]

/** Makes a handle that is in such a state, in a queue with the shortest retention. */
const states: Readonly<
  Record<HandleState, { readonly of: string; make(bench: Bench, url: string): Promise<string | undefined> }>
> = {
  invalid: { of: 'that SQS never gave', make: async () => 'probe' },
  deleted: {
    of: 'of a deleted message',
    async make(bench, url) {
      const handle = await received(bench, url, 60)
      await bench.ask(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: handle }))
      return handle
    },
  },
  visible: {
    of: 'of a message that is visible again',
    async make(bench, url) {
      const handle = await received(bench, url, 1)
      await bench.pause(1_500)
      return handle
    },
  },
  older: {
    of: 'of an earlier receive',
    async make(bench, url) {
      const handle = await received(bench, url, 0)
      await bench.receive(url, { WaitTimeSeconds: 5 })
      return handle
    },
  },
  expired: {
    of: 'of an expired message',
    async make(bench, url) {
      const handle = await received(bench, url, 600)
      await bench.pause(bench.patience.expiryMs)
      return handle
    },
  },
}

export const handleRows: readonly Row[] = operations.flatMap((operation) =>
  (Object.keys(states) as HandleState[]).map((state) => handleRow(operation, state)),
)

function handleRow(operation: Operation, state: HandleState): Row {
  const { of, make } = states[state]
  const verb = operation === 'DeleteMessageBatch' ? 'delete' : 'show'
  return {
    name: `${verb}-${state}`,
    assumed: `${operation} with a handle ${of}: that entry succeeds, or fails by a code for a message that is gone; others are done`,
    matters: `${state === 'invalid' ? 'permissions are tried by it: src/queues/permissionProbe.ts; ' : ''}src/queues/failedEntries.ts, src/queues/settling.ts`,
    requests: 14,
    isSlow: state === 'expired',
    async look(bench) {
      const url = await bench.queue({ MessageRetentionPeriod: '60' })
      // Hidden before the subject is there, so that no receive for it touches the subject; but it must not expire, too.
      const early = state === 'expired' ? undefined : await received(bench, url, 600, 'good')
      const subject = await make(bench, url)
      const good = early ?? (await received(bench, url, 600, 'good'))
      if (subject === undefined || good === undefined) return unclear('a message did not come')
      const entries = [good, subject].map((ReceiptHandle, id) => ({ Id: String(id), ReceiptHandle }))
      const answer =
        operation === 'DeleteMessageBatch'
          ? await bench.ask(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: entries }))
          : await bench.ask(
              new ChangeMessageVisibilityBatchCommand({
                QueueUrl: url,
                Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: 0 })),
              }),
            )
      const evidence = [answer]
      if (answer.output === undefined)
        return differs(`the whole batch: ${answer.refusal?.code}`, { evidence })
      const { Failed = [] } = answer.output
      const failed = Failed.find(({ Id }) => Id === '1')
      const isOtherDone = !Failed.some(({ Id }) => Id === '0')
      const code = failed?.Code ?? 'success'
      const replay = [{ fault: { kind: 'handle', state, as: code } as const, actions: [operation] }]
      const holds = isOtherDone && (failed === undefined || meaningOfFailure(failed) === 'gone')
      return judge(holds, `${code}${isOtherDone ? '' : '; the other entry failed, too'}`, {
        evidence,
        replay,
      })
    },
  }
}

/** Sends a message, and receives it. @returns its handle; undefined when it does not come */
async function received(
  bench: Bench,
  url: string,
  hiddenSeconds: number,
  body = 'subject',
): Promise<string | undefined> {
  await bench.send(url, [body])
  for (let receives = 0; receives < 5; receives += 1) {
    const messages = await bench.receive(url, { WaitTimeSeconds: 2, VisibilityTimeout: hiddenSeconds })
    const found = messages.find(({ Body }) => Body === body)
    if (found !== undefined) return found.ReceiptHandle
  }
  return undefined
}
