import { contained } from '../async/contained.ts'
import { type BackOff, createBackOff, pause } from './backOff.ts'
import { type QueueError, toQueueError } from './queueError.ts'
import type { Queues, ReceivedMessage, ReceiveOptions } from './queues.ts'

export interface ReceiveLoopOptions {
  /** Told of each failure, and with `undefined` when it works again. */
  readonly onWarning?: (error: QueueError | undefined) => unknown
  readonly backOff?: BackOff
}

/**
 * Receives from `queue` until `signal` aborts, one poll at a time, and gives what each brought, also when that is nothing.
 * Trouble never ends it: it waits, longer from failure to failure and as long as the kind of trouble asks for.
 * @param receiveOptions asked before each receive. `waitSeconds` is 1 to 20: without a wait an empty queue would be asked as
 *   fast as the network goes
 */
export async function* receiveLoop(
  queues: Pick<Queues, 'receive'>,
  queue: string,
  receiveOptions: () => ReceiveOptions,
  signal: AbortSignal,
  { onWarning, backOff = createBackOff() }: ReceiveLoopOptions = {},
): AsyncGenerator<ReceivedMessage[], void, void> {
  const warn = contained(onWarning)
  let isTroubled = false
  while (!signal.aborted) {
    const options = receiveOptions()
    if (options.waitSeconds < 1) throw new RangeError('a receive loop waits for 1 to 20 seconds per receive')
    let messages: ReceivedMessage[] | undefined
    try {
      messages = await queues.receive(queue, options, signal)
    } catch (error) {
      if (signal.aborted) return
      const failure = toQueueError(error, { action: 'sqs:ReceiveMessage', queue, region: 'SQS' })
      isTroubled = true
      warn(failure)
      await pause(backOff.next(failure.kind), signal)
      continue
    }
    backOff.reset()
    if (isTroubled) warn(undefined)
    isTroubled = false
    yield messages
  }
}
