/** Work that is done when it is first wanted, and once for all who want it. A failure is not kept: the next one tries again. */
export interface Lazy<T> {
  /** Rejects as the work does. */
  get(): Promise<T>
  /** What there is so far: under way or done. */
  readonly started: Promise<T> | undefined
  /** Forgets what there is: who wants it next has the work done anew. */
  forget(): void
}

export function lazy<T>(work: () => Promise<T>): Lazy<T> {
  let started: Promise<T> | undefined
  return {
    get() {
      if (started !== undefined) return started
      // As a promise, also where `work` throws at once.
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
