/** Returned instead of a result once the caller has stopped waiting. */
export const aborted = Symbol('aborted')

/**
 * The result of the work, or `aborted` as soon as the signal aborts. The work itself goes on and its outcome is ignored:
 * for work that is shared with others, or that cannot be interrupted.
 */
export async function orAborted<T>(
  waitedFor: PromiseLike<T>,
  signal: AbortSignal | undefined,
): Promise<T | typeof aborted> {
  if (signal === undefined) return waitedFor
  const work = Promise.resolve(waitedFor)
  work.catch(() => {})
  if (signal.aborted) return aborted
  const { promise, stop } = abortOf(signal)
  try {
    const result = await Promise.race([work, promise])
    return signal.aborted ? aborted : result
  } catch (error) {
    if (signal.aborted) return aborted
    throw error
  } finally {
    stop()
  }
}

/** A signal may outlive thousands of waits, so each wait removes its listener. */
function abortOf(signal: AbortSignal): { promise: Promise<typeof aborted>; stop: () => void } {
  let stop = () => {}
  const promise = new Promise<typeof aborted>((resolve) => {
    const listener = () => resolve(aborted)
    signal.addEventListener('abort', listener, { once: true })
    stop = () => signal.removeEventListener('abort', listener)
  })
  return { promise, stop }
}
