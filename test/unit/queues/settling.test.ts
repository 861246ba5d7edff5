import { describe, expect, it } from 'vitest'
import { type EntryFailure, type FailedEntry, meaningOfFailure } from '../../../src/queues/failedEntries.ts'
import { toQueueError } from '../../../src/queues/queueError.ts'
import type { ReceivedMessage } from '../../../src/queues/queues.ts'
import type { Requester } from '../../../src/queues/requester.ts'
import type { SqsSend } from '../../../src/queues/sdkInternals.ts'
import { createSettling } from '../../../src/queues/settling.ts'
import { receivedBody } from '../../support/playedQueues.ts'

const messages = Array.from({ length: 25 }, (_, n) => receivedBody(`message ${n}`))

/** What SQS is said to say of an entry whose message is gone, or was never ours, and what it may say one day. */
const gone: readonly FailedEntry[] = [
  { Code: 'ReceiptHandleIsInvalid', SenderFault: true },
  { Code: 'InvalidParameterValue', SenderFault: true, Message: 'Message does not exist' },
  { Code: 'AWS.SimpleQueueService.MessageNotInflight', SenderFault: true },
  { Code: 'InvalidIdFormat', SenderFault: true },
  { Code: 'MessageHasVanished', SenderFault: true },
  { Code: 'MessageHasVanished' },
]
const later: readonly FailedEntry[] = [
  { Code: 'InternalError', SenderFault: false },
  { Code: 'ServiceUnavailable', SenderFault: false },
  { Code: 'RequestThrottled', SenderFault: true },
  { Code: 'SomethingNew', SenderFault: false },
]
const refused: readonly FailedEntry[] = [
  { Code: 'AccessDenied', SenderFault: true },
  { Code: 'KMS.DisabledException', SenderFault: true },
  { Code: 'AWS.SimpleQueueService.NonExistentQueue', SenderFault: true },
]

describe('Deleting and releasing messages', () => {
  it.each(gone)('does nothing more about a message that SQS cannot find: $Code', async (entry) => {
    const { settle, settled } = play((n) => (n === 7 ? entry : undefined))
    await settle()
    expect(settled.length).toBe(24)
    expect(settled).not.toContain('message 7')
  })

  it.each(later)(
    'tries a message again that may be settled in a moment, and only that: $Code',
    async (entry) => {
      let failures = 0
      const { settle, asked, settled } = play((n) => (n === 7 && failures++ === 0 ? entry : undefined))
      await settle()
      // A code that nobody knows is not tried again: the message comes again.
      expect(asked.slice(25)).toEqual(entry.Code === 'SomethingNew' ? [] : ['message 7'])
      expect(settled.length).toBe(entry.Code === 'SomethingNew' ? 24 : 25)
    },
  )

  it.each(later)(
    'leaves a message that cannot be settled to its visibility timeout: $Code',
    async (entry) => {
      const { settle, settled } = play((n) => (n === 7 ? entry : undefined))
      await settle()
      expect(settled.length).toBe(24)
    },
  )

  it.each(refused)('fails when the refusal is not about a message: $Code', async (entry) => {
    await expect(play(() => entry).settle()).rejects.toMatchObject({ name: 'QueueError' })
  })

  it('would fail for one message that is gone, if every failure counted as a refusal', async () => {
    const { settle } = play(
      (n) => (n === 7 ? gone[1] : undefined),
      () => 'refused',
    )
    await expect(settle()).rejects.toMatchObject({ code: 'InvalidParameterValue' })
  })
})

/** @param failureOf how the n-th message fails, each time */
function play(
  failureOf: (n: number) => FailedEntry | undefined,
  meaningOf: (entry: FailedEntry) => EntryFailure = meaningOfFailure,
) {
  const asked: string[] = []
  const settled: string[] = []
  const send = (() => Promise.reject(new Error('the test answers itself'))) as unknown as SqsSend
  const requester: Pick<Requester, 'attempt' | 'urlOf'> = {
    urlOf: async (queue) => queue,
    async attempt(action, queue, _signal, work, tries = 3) {
      for (let left = tries - 1; ; left -= 1) {
        try {
          return await work(send)
        } catch (cause) {
          const error = toQueueError(cause, { action, queue, region: 'eu-west-1' })
          if (left === 0 || !['network', 'throttled'].includes(error.kind)) throw error
        }
      }
    },
  }
  const settling = createSettling<ReceivedMessage>(requester, meaningOf)
  const settle = () =>
    settling('DeleteMessage', 'testing_facts', messages, undefined, async (_send, _url, batch) => {
      const Failed: FailedEntry[] = []
      for (const [place, { messageId }] of batch.entries()) {
        asked.push(messageId)
        const failure = failureOf(Number(messageId.split(' ')[1]))
        if (failure === undefined) settled.push(messageId)
        else Failed.push({ Id: String(place), ...failure })
      }
      return { Failed }
    })
  return { settle, asked, settled }
}
