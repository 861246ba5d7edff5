import { createBackOff, pause } from './backOff.ts'
import { isClockCode } from './errorKind.ts'
import type { QueueError } from './queueError.ts'

/**
 * Does `work` up to `tries` times in total while the error may pass by itself (`network`, `throttled`, a clock that the
 * next request corrects), with increasing waits in between. Only here is a request repeated for one caller: nested retries
 * would multiply.
 * @throws what `work` throws
 */
export async function retry<T>(tries: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const backOff = createBackOff()
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await work()
    } catch (error) {
      if (left === 0 || signal?.aborted || !mayPass(error as QueueError)) throw error
      await pause(backOff.next((error as QueueError).kind), signal)
    }
  }
}

function mayPass({ kind, code }: QueueError): boolean {
  return kind === 'network' || kind === 'throttled' || isClockCode(code)
}
