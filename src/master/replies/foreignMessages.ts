/**
 * Foreign replies are put back at once for so long: their master, if it is there, is looking for them. After that they stay
 * hidden for a moment each time, so that we see past them. Milliseconds.
 */
const soughtForMs = 5_000

/** Messages remembered. */
const most = 10_000

/** Messages on a shared queue that are not ours, or nobody's, and come again and again. */
export class ForeignMessages {
  readonly #metAt = new Map<string, number>()

  has(messageId: string): boolean {
    return this.#metAt.has(messageId)
  }

  /** Remembers it; gives the time of the first meeting. */
  meet(messageId: string): number {
    const known = this.#metAt.get(messageId)
    if (known !== undefined) return known
    if (this.#metAt.size >= most) this.#metAt.clear()
    const now = performance.now()
    this.#metAt.set(messageId, now)
    return now
  }

  /** Whether somebody else may be looking for it. */
  mayBeSought(messageId: string): boolean {
    return performance.now() - this.meet(messageId) < soughtForMs
  }
}
