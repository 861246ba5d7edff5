/** The clock for coalescing; tests provide their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `act` after `ms`. Returns a function that cancels it. */
  later(act: () => void, ms: number): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  later(act, ms) {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
}
