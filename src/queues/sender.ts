import { createBackOff, pause } from './backOff.ts'
import type { QueueError } from './queueError.ts'
import type { Queues } from './queues.ts'

export interface SenderOptions {
  /** Ends everything: what is not sent by then is rejected with the signal's reason. */
  readonly signal: AbortSignal
  /** Batches under way at a time, default 4. */
  readonly parallel?: number
  /** Told of each failure, and with `undefined` when it works again. */
  readonly onTrouble?: (error: QueueError | undefined) => void
  /** Whether to stop trying for one body; without it only what SQS calls invalid is given up. */
  readonly giveUp?: (error: QueueError, waitedMs: number) => boolean
  /** Jitter of the back-off, 0 to below 1. */
  readonly random?: () => number
}

/** Sends bodies to one queue: batched, and again and again until SQS has them. Their order is not kept. */
export interface Sender {
  /**
   * Resolves when SQS has accepted `body`.
   * @throws QueueError when SQS will never take this body, or `giveUp` said so
   */
  send(body: string): Promise<void>
  /** Resolves when nothing is waiting or under way. */
  idle(): Promise<void>
  /** Bodies not yet accepted, and their bytes. */
  readonly waiting: { readonly bodies: number; readonly bytes: number }
}

/** SQS: entries per batch, and bytes of a batch in total. */
const batchEntries = 10
const batchBytes = 1024 * 1024

interface Parcel {
  readonly body: string
  readonly bytes: number
  readonly since: number
  /** Goes alone, because a batch with it was refused. */
  alone: boolean
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

export function createSender(
  queues: Pick<Queues, 'sendBatch'>,
  queue: string,
  { signal, parallel = 4, onTrouble, giveUp = () => false, random }: SenderOptions,
): Sender {
  const pending: Parcel[] = []
  const idlers: (() => void)[] = []
  const backOff = createBackOff(random)
  let bodies = 0
  let bytes = 0
  let underWay = 0
  let scheduled = false
  /** While SQS is in trouble one batch at a time finds out whether it still is. */
  let troubled = false
  let resting = false

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    // What is sent within one turn of the event loop shares a batch.
    setImmediate(() => {
      scheduled = false
      while (pending.length > 0 && !resting && underWay < (troubled ? 1 : parallel))
        void dispatch(takeBatch(pending))
      if (bodies === 0) for (const resolve of idlers.splice(0)) resolve()
    })
  }

  async function dispatch(batch: Parcel[]): Promise<void> {
    underWay += 1
    const failures = await trySend(batch)
    underWay -= 1
    const [first] = failures
    if (first === undefined) recovered()
    else await rest(first, failures.length < batch.length)
    schedule()
  }

  /** Settles what is settled and puts the rest back; gives the errors to wait for. */
  async function trySend(batch: Parcel[]): Promise<QueueError[]> {
    try {
      const outcomes = await queues.sendBatch(
        queue,
        batch.map(({ body }) => body),
        signal,
      )
      return batch.flatMap((parcel, index) => {
        const outcome = outcomes[index]
        if (outcome === undefined || 'messageId' in outcome) return settle(parcel, parcel.resolve)
        return retry(parcel, outcome.error, outcome.error.kind === 'invalid')
      })
    } catch (cause) {
      if (signal.aborted) return batch.flatMap((parcel) => settle(parcel, () => parcel.reject(signal.reason)))
      const error = cause as QueueError
      const divisible = batch.length > 1
      if (error.kind === 'invalid' && divisible) {
        // One entry, or their sum, spoils it for all: each by itself shows which.
        for (const parcel of batch) parcel.alone = true
        pending.unshift(...batch)
        return []
      }
      return batch.flatMap((parcel) => retry(parcel, error, error.kind === 'invalid'))
    }
  }

  function retry(parcel: Parcel, error: QueueError, hopeless: boolean): QueueError[] {
    if (hopeless || giveUp(error, performance.now() - parcel.since))
      return settle(parcel, () => parcel.reject(error))
    pending.unshift(parcel)
    return [error]
  }

  function settle(parcel: Parcel, end: () => void): [] {
    bodies -= 1
    bytes -= parcel.bytes
    end()
    return []
  }

  function recovered(): void {
    backOff.reset()
    if (troubled) onTrouble?.(undefined)
    troubled = false
  }

  async function rest(error: QueueError, partly: boolean): Promise<void> {
    troubled = !partly
    onTrouble?.(error)
    if (resting) return
    resting = true
    await pause(backOff.next(error.kind), signal)
    resting = false
  }

  signal.addEventListener(
    'abort',
    () => {
      for (const parcel of pending.splice(0)) settle(parcel, () => parcel.reject(signal.reason))
      schedule()
    },
    { once: true },
  )

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

/** Takes as many from the front as one request may carry. */
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
