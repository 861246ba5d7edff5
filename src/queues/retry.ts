import { createBackOff, pause } from './backOff.ts'
import type { QueueError } from './queueError.ts'

/**
 * Does `work` up to `tries` times, for as long as what SQS says may pass by itself (`network`, `throttled`), with
 * growing waits in between. For a request that is a part of something larger, which must not fail with it.
 * @throws what `work` throws
 */
export async function retry<T>(tries: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const backOff = createBackOff()
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await work()
    } catch (error) {
      const { kind } = error as QueueError
      if (left === 0 || signal?.aborted || !(kind === 'network' || kind === 'throttled')) throw error
      await pause(backOff.next(kind), signal)
    }
  }
}
