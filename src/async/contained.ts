/**
 * Calls a listener for whoever must go on whatever it does: a loop, a timer, the handler of a signal. What it throws, or
 * rejects with, becomes a warning of the process, with its stack.
 */
export function contained<A extends unknown[]>(listener: ((...args: A) => unknown) | undefined) {
  return (...args: A): void => {
    try {
      const result = listener?.(...args)
      if (result instanceof Promise) result.catch(warnOfBug)
    } catch (error) {
      warnOfBug(error)
    }
  }
}

/** For errors that are nobody's but ours: they must be seen, and must not end what they happened in. */
export function warnOfBug(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.emitWarning(`Internal error (please report it): ${text}`, 'InternalError')
}
