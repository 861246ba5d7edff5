/** After a reading the fleet is read again in ten times what it took, within these. Milliseconds. */
const pauseMs = { least: 2_000, most: 30_000 }

/** Where a poller stands. */
type PollerState =
  /** Nobody watches. */
  | { readonly kind: 'idle' }
  /** The timer starts the next reading. */
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout }
  /** Outdated, it holds no more: the next reading follows at once. */
  | Reading
  | { readonly kind: 'ended' }

interface Reading {
  readonly kind: 'reading'
  readonly done: Promise<void>
  isOutdated: boolean
}

/**
 * Reads a fleet again and again while somebody watches: one reading at a time and one in each pause, however often
 * watchers come and go. A reading that fails is only a reading: the next one comes as ever.
 *
 * idle → waiting (watched) → reading (due) → waiting or idle; idle and waiting → reading (asked); any → ended
 */
export class FleetPoller {
  readonly #readFleet: () => Promise<unknown>
  #state: PollerState = { kind: 'idle' }
  #watchers = 0
  /** When a watched fleet is to be read, by `performance.now`. */
  #dueAt = Number.NEGATIVE_INFINITY

  constructor(readFleet: () => Promise<unknown>) {
    this.#readFleet = readFleet
  }

  /** Keeps the fleet read until the returned function is called. Many may watch at a time. */
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

  /** Resolves after a reading that somebody wants now: the one under way, where it still holds. Never rejects. */
  async read(): Promise<void> {
    while (this.#state.kind === 'reading') {
      const reading = this.#state
      await reading.done
      if (!reading.isOutdated) return
    }
    if (this.#state.kind !== 'ended') await this.#start()
  }

  /** What was read holds no more: a watched fleet is read at once. */
  outdate(): void {
    this.#dueAt = Number.NEGATIVE_INFINITY
    if (this.#state.kind === 'reading') this.#state.isOutdated = true
    this.#follow()
  }

  /** Reads no more. What is being read ends by itself. */
  end(): void {
    if (this.#state.kind === 'waiting') clearTimeout(this.#state.timer)
    this.#state = { kind: 'ended' }
  }

  /** Goes to where the watchers, and the time that the next reading is due at, want it to be. */
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
    const done = this.#readOnce().then(() => {
      if (this.#state !== reading) return
      const endedAt = performance.now()
      const restMs = Math.min(pauseMs.most, Math.max(pauseMs.least, (endedAt - startedAt) * 10))
      this.#dueAt = reading.isOutdated ? endedAt : endedAt + restMs
      this.#state = { kind: 'idle' }
      this.#follow()
    })
    const reading: Reading = { kind: 'reading', done, isOutdated: false }
    this.#state = reading
    return done
  }

  async #readOnce(): Promise<void> {
    try {
      await this.#readFleet()
    } catch {
      // Who reads has kept why it failed.
    }
  }
}
