import type { Principal } from '../policy/principal.ts'
import type { BegunRun, JournalLine } from './journalLines.ts'

/** Run IDs older than this are forgotten, milliseconds; commands of that age are then no longer executed. */
const rememberedMs = 24 * 3600_000
/** Most run ids that are remembered. */
const rememberedRuns = 10_000
/** SQS's clock is known to about this: a run may have been issued by it that much after it was taken on, milliseconds. */
const clockErrorMs = 2_000

/** What the lines of a journal say all together. Times by SQS's clock, milliseconds. */
export class RunMemory {
  /** Runs that were issued before this may have been forgotten; undefined while that is everything up to now. */
  since: number | undefined
  readonly #known = new Map<string, { readonly at: number; readonly by?: Principal | undefined }>()
  readonly #undelivered = new Map<string, BegunRun>()

  /** Runs that are known. */
  get size(): number {
    return this.#known.size
  }

  knows(runId: string): boolean {
    return this.#known.has(runId)
  }

  /** Who had the run executed, if that was noted. */
  ownerOf(runId: string): Principal | undefined {
    return this.#known.get(runId)?.by
  }

  /** Runs whose reply was not delivered, oldest first. */
  undelivered(): BegunRun[] {
    return [...this.#undelivered.values()]
  }

  learn(line: JournalLine): void {
    switch (line.t) {
      case 'memory':
        this.since = line.since
        return
      case 'begun': {
        const { t: _, received: __, ...run } = line
        this.#known.set(run.runId, { at: run.at, by: run.by })
        this.#undelivered.set(run.runId, run)
        return
      }
      case 'barred':
      case 'known':
        this.#known.set(line.runId, { at: line.at, by: 'by' in line ? line.by : undefined })
        return
      case 'delivered':
        this.#undelivered.delete(line.runId)
    }
  }

  /** Takes back that a run was begun. */
  unlearn(runId: string): void {
    this.#known.delete(runId)
    this.#undelivered.delete(runId)
  }

  /**
   * Forgets what is too old or too much, and remembers that it did.
   * @param now undefined when it is not known: then nothing is too old
   */
  forget(now: number | undefined): void {
    const oldest = now === undefined ? Number.NEGATIVE_INFINITY : now - rememberedMs
    for (const [runId, { at }] of this.#known) {
      if (at >= oldest && this.#known.size <= rememberedRuns) break
      if (this.#undelivered.has(runId)) continue
      this.#known.delete(runId)
      if (this.since === undefined) continue
      // The clock of its writer may have been ahead: what is yet to come is not forgotten.
      const forgottenAt = now === undefined ? at : Math.min(at, now)
      this.since = Math.max(this.since, forgottenAt + clockErrorMs)
    }
  }

  /** As few lines as say the same. */
  lines(): JournalLine[] {
    const lines: JournalLine[] = this.since === undefined ? [] : [{ t: 'memory', since: this.since }]
    for (const [runId, { at, by }] of this.#known) {
      const run = this.#undelivered.get(runId)
      lines.push(
        run === undefined
          ? { t: 'known', runId, at, ...(by === undefined ? {} : { by }) }
          : { t: 'begun', ...run },
      )
    }
    return lines
  }
}
