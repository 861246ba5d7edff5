/** How often the summary of a run in progress follows it, milliseconds. */
const everyMs = 2_000

/** When the summary of a run in progress is written again: others see by it how far the run is. */
export class SummaryPace {
  #hasChanged = false
  #writtenAt = Number.NEGATIVE_INFINITY

  /** The run has changed. */
  changed(): void {
    this.#hasChanged = true
  }

  /** Whether it is to be written now, milliseconds of any clock; it then counts as written. */
  isDue(now: number): boolean {
    if (!this.#hasChanged || Math.abs(now - this.#writtenAt) < everyMs) return false
    this.#hasChanged = false
    this.#writtenAt = now
    return true
  }
}
