/**
 * Work that ends by a signal, or after a time. It gets one signal for both, whose reason is then a `TimeoutError`.
 *
 * Instead of `AbortSignal.any` with `AbortSignal.timeout`: Node 20 collects a signal that is only part of another one as
 * garbage, and what it should end then goes on for ever.
 */
export async function inTime<T>(
  signal: AbortSignal | undefined,
  withinMs: number,
  work: (within: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const within = new AbortController()
  const giveUp = () => within.abort(signal?.reason)
  const late = () => within.abort(new DOMException('The time is over.', 'TimeoutError'))
  const timer = setTimeout(late, withinMs)
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    return await work(within.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}
