import { contained } from '../async/contained.ts'
import { type BackOff, createBackOff, pause } from './backOff.ts'
import { QueueError } from './queueError.ts'
import type { Queues } from './queues.ts'

export interface SenderOptions {
  /** Ends the sender: bodies not yet sent are rejected with the signal's reason. */
  readonly signal: AbortSignal
  /** Most batches in flight at a time, default 4. */
  readonly parallel?: number
  /** Called with each failure, and with `undefined` when it works again. */
  readonly onWarning?: (error: QueueError | undefined) => unknown
  /** Whether to give up a body; without it only bodies that SQS calls invalid are given up. */
  readonly giveUp?: (error: QueueError, waitedMs: number) => boolean
  readonly backOff?: BackOff
}

/** Sends bodies to one queue in batches, repeating until SQS has accepted them. Their order is not preserved. */
export interface Sender {
  /**
   * Resolves when SQS has accepted `body`.
   * @throws QueueError when SQS will never accept this body, or `giveUp` returned true
   */
  send(body: string): Promise<void>
  /** Resolves when nothing is waiting or in flight. */
  idle(): Promise<void>
  /** Bodies not yet accepted, and their bytes. */
  readonly waiting: { readonly bodies: number; readonly bytes: number }
}

/** SQS's limits of a batch: entries, and bytes in total. */
const batchEntries = 10
const batchBytes = 1024 * 1024

interface Parcel {
  readonly body: string
  readonly bytes: number
  readonly since: number
  /** To be sent alone, because a batch with it was rejected. */
  alone: boolean
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

export function createSender(
  queues: Pick<Queues, 'sendBatch'>,
  queue: string,
  { signal, parallel = 4, onWarning, giveUp = () => false, backOff = createBackOff() }: SenderOptions,
): Sender {
  const warn = contained(onWarning)
  const pending: Parcel[] = []
  const idlers: (() => void)[] = []
  let bodies = 0
  let bytes = 0
  let underWay = 0
  let scheduled = false
  /** While requests fail, only one batch at a time is sent to see whether they still do. */
  let troubled = false
  let resting = false

  /** Call it whenever something may have changed: everything waiting is then in flight, backing off or scheduled. */
  function schedule(): void {
    if (scheduled) return
    scheduled = true
    // Bodies from one turn of the event loop share a batch.
    setImmediate(() => {
      scheduled = false
      if (signal.aborted)
        for (const parcel of pending.splice(0)) settle(parcel, () => parcel.reject(signal.reason))
      while (pending.length > 0 && !resting && underWay < (troubled ? 1 : parallel)) void dispatch()
      if (bodies === 0) for (const resolve of idlers.splice(0)) resolve()
    })
  }

  async function dispatch(): Promise<void> {
    underWay += 1
    const outcome = await sendSome(takeBatch(pending))
    underWay -= 1
    if (outcome === undefined) recovered()
    else if (outcome !== 'given-up') await rest(outcome)
    schedule()
  }

  /**
   * Sends a batch, settles what is settled, requeues the rest, and returns an error to back off for. `given-up`: the queue
   * took nothing, and nothing is left to try again.
   */
  async function sendSome(batch: Parcel[]): Promise<QueueError | 'given-up' | undefined> {
    try {
      const outcomes = await queues.sendBatch(
        queue,
        batch.map(({ body }) => body),
        signal,
      )
      const errors = batch.map((parcel, index) => {
        const outcome = outcomes[index]
        if (outcome !== undefined && 'error' in outcome) return failed(parcel, outcome.error)
        return settle(parcel, parcel.resolve)
      })
      return errors.find((error) => error !== undefined)
    } catch (error) {
      if (signal.aborted || !(error instanceof QueueError)) {
        for (const parcel of batch) settle(parcel, () => parcel.reject(signal.reason ?? error))
        return undefined
      }
      if (error.kind === 'invalid' && batch.length > 1) {
        // One body, or their total, made the batch fail: sent one by one, the culprit shows.
        for (const parcel of batch) parcel.alone = true
        pending.unshift(...batch)
        return undefined
      }
      const rest = batch.map((parcel) => failed(parcel, error)).find((again) => again !== undefined)
      return rest ?? (error.kind === 'invalid' ? undefined : 'given-up')
    }
  }

  function failed(parcel: Parcel, error: QueueError): QueueError | undefined {
    if (error.kind === 'invalid' || giveUp(error, performance.now() - parcel.since)) {
      return settle(parcel, () => parcel.reject(error))
    }
    pending.unshift(parcel)
    return error
  }

  function settle(parcel: Parcel, end: () => void): undefined {
    bodies -= 1
    bytes -= parcel.bytes
    end()
  }

  function recovered(): void {
    if (resting) return
    backOff.reset()
    if (troubled) warn(undefined)
    troubled = false
  }

  async function rest(error: QueueError): Promise<void> {
    troubled = true
    warn(error)
    if (resting) return
    resting = true
    await pause(backOff.next(error.kind), signal)
    resting = false
  }

  return {
    send(body) {
      if (signal.aborted) return Promise.reject(signal.reason)
      return new Promise((resolve, reject) => {
        const size = Buffer.byteLength(body)
        bodies += 1
        bytes += size
        pending.push({ body, bytes: size, since: performance.now(), alone: false, resolve, reject })
        schedule()
      })
    },
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve)
        schedule()
      }),
    get waiting() {
      return { bodies, bytes }
    },
  }
}

/** Takes as many from the front as one request can carry. */
function takeBatch(pending: Parcel[]): Parcel[] {
  const batch: Parcel[] = []
  let total = 0
  for (let next = pending[0]; next !== undefined; next = pending[0]) {
    const fits = batch.length < batchEntries && total + next.bytes <= batchBytes
    if (batch.length > 0 && (!fits || next.alone || batch[0]?.alone)) break
    batch.push(next)
    total += next.bytes
    pending.shift()
  }
  return batch
}
