import type { EntryFailure, FailedEntry } from './failedEntries.ts'
import type { QueueError } from './queueError.ts'
import type { Requester } from './requester.ts'
import type { SqsSend } from './sdkInternals.ts'

const batchSize = 10

/** Sends one batch of deletes or releases; the entries' ids are their places in it. */
export type SettleBatch<Message> = (
  send: SqsSend,
  url: string,
  batch: readonly Message[],
) => Promise<{ Failed?: readonly FailedEntry[] | undefined }>

/**
 * Deletes or releases messages in batches of ten. What SQS says of one message never fails the others, nor the caller: a
 * message that is gone needs nothing, and one that cannot be settled after some tries is received again.
 */
export function createSettling<Message>(
  { attempt, urlOf }: Pick<Requester, 'attempt' | 'urlOf'>,
  meaningOf: (entry: FailedEntry) => EntryFailure,
) {
  const settleBatch = async (
    action: string,
    queue: string,
    batch: readonly Message[],
    signal: AbortSignal | undefined,
    work: SettleBatch<Message>,
  ) => {
    const url = await urlOf(queue, signal)
    let left = batch
    const settle = async (send: SqsSend) => {
      const { Failed = [] } = await work(send, url, left)
      const refused = Failed.find((entry) => meaningOf(entry) === 'refused')
      if (refused !== undefined) throw refused
      const later = Failed.filter((entry) => meaningOf(entry) === 'later')
      left = later.flatMap(({ Id }) => left[Number(Id)] ?? [])
      if (later.length > 0) throw new SettleLater(later)
    }
    await attempt(action, queue, signal, settle).catch((error: QueueError) => {
      if (!(error.cause instanceof SettleLater)) throw error
    })
  }
  return async (
    action: string,
    queue: string,
    messages: readonly Message[],
    signal: AbortSignal | undefined,
    work: SettleBatch<Message>,
  ): Promise<void> => {
    const batches = Array.from({ length: Math.ceil(messages.length / batchSize) }, (_, index) =>
      messages.slice(index * batchSize, (index + 1) * batchSize),
    )
    await Promise.all(batches.map((batch) => settleBatch(action, queue, batch, signal, work)))
  }
}

/** Some entries of a batch failed for a reason that may pass. */
class SettleLater extends Error {
  readonly code: string | undefined

  constructor(entries: readonly FailedEntry[]) {
    super('SQS could not settle some messages')
    this.code = entries[0]?.Code
  }
}
