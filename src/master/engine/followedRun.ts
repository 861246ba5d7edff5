import type { Chunk } from '../../protocol/frames.ts'
import type { RunState } from '../../run/runState.ts'
import type { RunReader } from '../store/runReader.ts'
import { type RunChange, RunNotices } from './runNotices.ts'

/** How often its record is looked at while somebody listens, milliseconds. */
const lookEveryMs = 1_000

/** Its master is asked for this much less often. */
const looksPerHolder = 5

export interface FollowedRunOptions {
  readonly reader: RunReader
  /** Whether a living master holds it. */
  readonly isHeld: () => Promise<boolean>
  /** Monotonic, milliseconds. */
  /** From when on a run counts as left that no process holds, milliseconds. */
  readonly leftAfterMs: number
  readonly now?: () => number
  readonly everyMs?: number
  onWarning(error: Error): void
}

/** A run of another process, read along from its record: only while somebody listens, and until it is over. */
export class FollowedRun {
  readonly state: RunState
  /** Resolves when no process has held it for `leftAfterMs` although it is not over. */
  readonly left: Promise<void>
  readonly #options: FollowedRunOptions
  readonly #notices: RunNotices
  readonly #now: () => number
  #leave: () => void = () => {}
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> | undefined
  #looks = 0
  #unheldSince: number | undefined
  #hasFailed = false

  constructor(options: FollowedRunOptions) {
    this.#options = options
    this.state = options.reader.state
    this.#notices = new RunNotices(options.onWarning)
    this.#now = options.now ?? (() => performance.now())
    this.left = new Promise((resolve) => {
      this.#leave = resolve
    })
  }

  output(agentId: string, from?: number, limit?: number): Promise<Chunk[]> {
    return this.#options.reader.output.read(agentId, from, limit)
  }

  /** Calls `listener` soon after changes, once for many. Returns a function that removes the listener. */
  onChange(listener: (change: RunChange) => void): () => void {
    const stop = this.#notices.listen(listener)
    void this.look()
    return () => {
      stop()
      if (!this.#notices.areHeard) clearTimeout(this.#timer)
    }
  }

  /** Reads what is new, and does so again as long as somebody listens. Concurrent calls share one look. */
  look(): Promise<void> {
    clearTimeout(this.#timer)
    this.#reading ??= this.#look().finally(() => {
      this.#reading = undefined
      if (this.#notices.areHeard && !this.#isFinished)
        this.#timer = setTimeout(() => void this.look(), this.#options.everyMs ?? lookEveryMs).unref()
    })
    return this.#reading
  }

  get #isFinished(): boolean {
    return this.state.phase === 'over' && this.state.unsettled === 0
  }

  async #look(): Promise<void> {
    const { leftAfterMs } = this.#options
    try {
      const bytesBefore = new Map<string, number>()
      for (const { agentId, stdoutBytes, stderrBytes } of this.state.replies.values())
        bytesBefore.set(agentId, stdoutBytes + stderrBytes)
      for (const event of await this.#options.reader.readFurther()) {
        this.#notices.changedBy(event, this.state)
        const reply = 'agentId' in event ? this.state.replies.get(event.agentId) : undefined
        const bytes = reply === undefined ? 0 : reply.stdoutBytes + reply.stderrBytes
        if (reply !== undefined && bytes !== (bytesBefore.get(reply.agentId) ?? 0))
          this.#notices.output(reply.agentId)
      }
      this.#hasFailed = false
      if (leftAfterMs < lookEveryMs || this.#looks % looksPerHolder === 0) await this.#lookForHolder()
      this.#looks += 1
    } catch (error) {
      // Said once: it is tried again all the time.
      if (!this.#hasFailed) this.#options.onWarning(error as Error)
      this.#hasFailed = true
    }
  }

  async #lookForHolder(): Promise<void> {
    if (this.state.phase === 'over' || (await this.#options.isHeld())) {
      this.#unheldSince = undefined
      return
    }
    this.#unheldSince ??= this.#now()
    if (this.#now() - this.#unheldSince >= this.#options.leftAfterMs) this.#leave()
  }
}
