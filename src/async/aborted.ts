/** Instead of a result: nobody waits for it any more. */
export const aborted = Symbol('aborted')

/**
 * What the work comes to, or `aborted` as soon as the signal is. The work itself goes on, and how it ends is nobody's
 * business then: for what others share, or what cannot be cut short.
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

/** A signal may outlive thousands of waits: its listeners must not. */
function abortOf(signal: AbortSignal): { promise: Promise<typeof aborted>; stop: () => void } {
  let stop = () => {}
  const promise = new Promise<typeof aborted>((resolve) => {
    const listener = () => resolve(aborted)
    signal.addEventListener('abort', listener, { once: true })
    stop = () => signal.removeEventListener('abort', listener)
  })
  return { promise, stop }
}
