/** Time for what is coalesced; tests bring their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `act` after `ms`. Returns how to take that back. */
  later(act: () => void, ms: number): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  later(act, ms) {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
}
