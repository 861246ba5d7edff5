import { contained } from '../async/contained.ts'
import { type BackOff, createBackOff, pause } from './backOff.ts'
import { type QueueError, toQueueError } from './queueError.ts'
import type { Queues, ReceivedMessage, ReceiveOptions } from './queues.ts'

export interface ReceiveLoopOptions {
  /** Called with each failure, and with `undefined` when it works again. */
  readonly onWarning?: (error: QueueError | undefined) => unknown
  readonly backOff?: BackOff
}

/**
 * Receives from `queue` until `signal` aborts, one poll at a time, and yields the messages of each, even when there are
 * none. Errors never end it: it waits with a back-off that depends on the kind of error.
 * @param receiveOptions called before each receive. `waitSeconds` is 1 to 20: without a wait an empty queue would be polled
 *   as fast as the network allows
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
    if (options.waitSeconds < 1) throw new RangeError('waitSeconds of a receive loop must be 1 to 20')
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
