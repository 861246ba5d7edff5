import { type BackOff, createBackOff, pause } from './backOff.ts'
import { QueueError } from './queueError.ts'
import type { Queues, ReceivedMessage, ReceiveOptions } from './queues.ts'

export interface ReceiveLoopOptions extends ReceiveOptions {
  /** Told of each failure, and with `undefined` when it works again. */
  readonly onWarning?: (error: QueueError | undefined) => void
  readonly backOff?: BackOff
}

/**
 * Receives from `queue` until `signal` aborts, one poll at a time; empty answers are not told. Trouble with SQS
 * never ends it: it waits, longer from failure to failure and as long as the kind of trouble asks for.
 * @param options.waitSeconds 1 to 20: without a wait an empty queue would be asked as fast as the network goes
 */
export async function* receiveLoop(
  queues: Pick<Queues, 'receive'>,
  queue: string,
  { onWarning, backOff = createBackOff(), ...options }: ReceiveLoopOptions,
  signal: AbortSignal,
): AsyncGenerator<ReceivedMessage[], void, void> {
  if (options.waitSeconds < 1) throw new RangeError('a receive loop waits for 1 to 20 seconds per receive')
  let troubled = false
  while (!signal.aborted) {
    let messages: ReceivedMessage[] = []
    try {
      messages = await queues.receive(queue, options, signal)
      backOff.reset()
      if (troubled) onWarning?.(undefined)
      troubled = false
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof QueueError)) throw error
      troubled = true
      onWarning?.(error)
      await pause(backOff.next(error.kind), signal)
    }
    if (messages.length > 0) yield messages
  }
}
