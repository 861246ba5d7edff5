/** Work that starts with the first `get` and is shared by all callers. A failure is not kept: the next `get` tries again. */
export interface Lazy<T> {
  /** Rejects as the work does. */
  get(): Promise<T>
  /** The work that is under way or done; undefined before the first `get`. */
  readonly started: Promise<T> | undefined
  /** Drops the result: the next `get` does the work again. */
  forget(): void
}

export function lazy<T>(work: () => Promise<T>): Lazy<T> {
  let started: Promise<T> | undefined
  return {
    get() {
      if (started !== undefined) return started
      // Async, so that a synchronous throw of `work` also becomes a rejection.
      const attempt: Promise<T> = (async () => work())()
      started = attempt
      attempt.catch(() => {
        if (started === attempt) started = undefined
      })
      return attempt
    },
    get started() {
      return started
    },
    forget() {
      started = undefined
    },
  }
}
