import { contained } from '../../async/contained.ts'
import type { Run } from './run.ts'

/** Time between two ticks of a run, milliseconds. Well below any of its waits. */
const tickMs = 250

/** A tick that is later than this means that the machine slept, or this process was suspended, milliseconds. */
const sleptMs = 5_000

/** A run without listeners is closed when it has been over for this long, milliseconds. It stays in the history. */
const retiredAfterMs = 10 * 60_000

export interface OpenRunsOptions {
  /** Called after a pause of this process: replies that came meanwhile have not been read. */
  readonly onSleep: () => void
  /** Called with each tick. */
  readonly onTick: (now: number) => void
  readonly onWarning: (runId: string, error: Error) => void
}

/** The open runs of a master: active, or recently over. Ticks them while they wait for something. */
export class OpenRuns {
  readonly #options: OpenRunsOptions
  readonly #runs = new Map<string, Run>()
  #isClosed = false
  #ticker: NodeJS.Timeout | undefined
  #tickedAt = 0

  constructor(options: OpenRunsOptions) {
    const { onSleep, onTick, onWarning } = options
    // A listener that throws must not stop the ticks.
    this.#options = {
      onSleep: contained(onSleep),
      onTick: contained(onTick),
      onWarning: contained(onWarning),
    }
  }

  get(runId: string): Run | undefined {
    return this.#runs.get(runId)
  }

  /** Whether any run waits for something. */
  get areWaiting(): boolean {
    return [...this.#runs.values()].some(({ isWaiting }) => isWaiting)
  }

  /** The runs that are not over. */
  underWay(): Run[] {
    return [...this.#runs.values()].filter(({ state }) => state.phase !== 'over')
  }

  add(run: Run): void {
    this.#retire(Date.now())
    this.#runs.set(run.runId, run)
    // It was started, or read from disk, while its master closed.
    if (this.#isClosed) void this.#leave(run)
    else this.wake()
  }

  /** Starts ticking again if a run waits for something, as it may after a late reply. */
  wake(): void {
    if (this.#isClosed || this.#ticker !== undefined || !this.areWaiting) return
    this.#tickedAt = Date.now()
    this.#ticker = setInterval(() => this.#tick(), tickMs)
  }

  /** Resolves when the commands of all runs that are over have been withdrawn from the broadcast queue (best effort). */
  async withdrawn(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.withdrawn()))
  }

  /** Stops the ticks and closes all runs; their records stay as they are. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#ticker)
    await Promise.all([...this.#runs.values()].map((run) => this.#leave(run)))
  }

  #tick(): void {
    const now = Date.now()
    if (now - this.#tickedAt > sleptMs) this.#options.onSleep()
    this.#tickedAt = now
    const waiting = [...this.#runs.values()].filter(({ isWaiting }) => isWaiting)
    if (waiting.length === 0) {
      clearInterval(this.#ticker)
      this.#ticker = undefined
      return
    }
    for (const run of waiting) run.tick().catch((error) => this.#options.onWarning(run.runId, error))
    this.#options.onTick(now)
  }

  #retire(now: number): void {
    for (const run of this.#runs.values()) {
      const { endedAt } = run.state
      const isDone = endedAt !== undefined && !run.isWaiting && !run.isWatched
      if (!isDone || now - endedAt < retiredAfterMs) continue
      this.#runs.delete(run.runId)
      void this.#leave(run)
    }
  }

  #leave(run: Run): Promise<void> {
    return run.close().catch((error) => this.#options.onWarning(run.runId, error))
  }
}
