/**
 * Wraps a listener so that an error in it cannot end its caller (a loop, a timer, a signal handler). What it throws, or
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

/** Reports an internal error: it has to be visible, but must not end the caller. */
export function warnOfBug(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.emitWarning(`Internal error (please report it): ${text}`, 'InternalError')
}
