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

/** Acts once, at the earliest of the times that it was set to. */
export class Alarm {
  readonly #clock: Clock
  readonly #act: () => void
  #at = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(clock: Clock, act: () => void) {
    this.#clock = clock
    this.#act = act
  }

  /** Sets it to `ms` from now. Has no effect if it is set to an earlier time. */
  setIn(ms: number): void {
    const at = this.#clock.now() + ms
    if (at >= this.#at) return
    this.cancel()
    this.#at = at
    this.#cancel = this.#clock.later(() => {
      this.#at = Number.POSITIVE_INFINITY
      this.#act()
    }, ms)
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#at = Number.POSITIVE_INFINITY
  }
}
