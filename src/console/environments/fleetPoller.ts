/** The pause after a reading is ten times what it took beyond mere waiting, within these limits. Milliseconds. */
const pauseMs = { least: 2_000, most: 30_000 }

/** The state of a poller. */
type PollerState =
  /** No watchers. */
  | { readonly kind: 'idle' }
  /** The timer starts the next reading. */
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout }
  /** If outdated, its result no longer holds, and the next reading follows at once. */
  | Reading
  | { readonly kind: 'ended' }

interface Reading {
  readonly kind: 'reading'
  readonly done: Promise<void>
  isOutdated: boolean
}

/**
 * Reads a fleet repeatedly while it has watchers: one reading at a time, with a pause after each, however often watchers
 * come and go. After a reading that fails, the next one follows as usual.
 *
 * idle → waiting (watched) → reading (due) → waiting or idle; idle and waiting → reading (asked); any → ended
 */
export class FleetPoller {
  readonly #readFleet: () => Promise<number>
  #state: PollerState = { kind: 'idle' }
  #watchers = 0
  /** When a watched fleet is read next, by `performance.now`. */
  #dueAt = Number.NEGATIVE_INFINITY

  /** @param readFleet resolves to what of its time it only waited, milliseconds */
  constructor(readFleet: () => Promise<number>) {
    this.#readFleet = readFleet
  }

  /** Keeps reading the fleet until the returned function is called. There can be several watchers. */
  watch(): () => void {
    let isWatching = true
    this.#watchers += 1
    this.#follow()
    return () => {
      if (!isWatching) return
      isWatching = false
      this.#watchers -= 1
      this.#follow()
    }
  }

  /** Resolves after a reading that is requested now: the one in progress, if it is not outdated. Never rejects. */
  async read(): Promise<void> {
    while (this.#state.kind === 'reading') {
      const reading = this.#state
      await reading.done
      if (!reading.isOutdated) return
    }
    if (this.#state.kind !== 'ended') await this.#start()
  }

  /** The last reading no longer holds: a watched fleet is read at once. */
  outdate(): void {
    this.#dueAt = Number.NEGATIVE_INFINITY
    if (this.#state.kind === 'reading') this.#state.isOutdated = true
    this.#follow()
  }

  /** Stops reading. A reading in progress ends on its own. */
  end(): void {
    if (this.#state.kind === 'waiting') clearTimeout(this.#state.timer)
    this.#state = { kind: 'ended' }
  }

  /** Moves to the state that follows from the watchers and the time of the next reading. */
  #follow(): void {
    if (this.#state.kind === 'reading' || this.#state.kind === 'ended') return
    if (this.#state.kind === 'waiting') clearTimeout(this.#state.timer)
    this.#state = { kind: 'idle' }
    if (this.#watchers === 0) return
    const waitMs = this.#dueAt - performance.now()
    if (waitMs <= 0) void this.#start()
    else this.#state = { kind: 'waiting', timer: setTimeout(() => void this.#start(), waitMs) }
  }

  #start(): Promise<void> {
    if (this.#state.kind === 'waiting') clearTimeout(this.#state.timer)
    const startedAt = performance.now()
    const done = this.#readOnce().then((waitedMs) => {
      if (this.#state !== reading) return
      const endedAt = performance.now()
      const restMs = Math.min(pauseMs.most, Math.max(pauseMs.least, (endedAt - startedAt - waitedMs) * 10))
      this.#dueAt = reading.isOutdated ? endedAt : endedAt + restMs
      this.#state = { kind: 'idle' }
      this.#follow()
    })
    const reading: Reading = { kind: 'reading', done, isOutdated: false }
    this.#state = reading
    return done
  }

  async #readOnce(): Promise<number> {
    try {
      return await this.#readFleet()
    } catch {
      // The reader has recorded why it failed.
      return 0
    }
  }
}
