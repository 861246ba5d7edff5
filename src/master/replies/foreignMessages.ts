/**
 * For this long foreign replies are put back at once: their master, if it is running, is waiting for them. After that they
 * stay hidden for a moment each time, so that we can read the messages behind them. Milliseconds.
 */
const soughtForMs = 5_000

/** Most messages to remember. */
const most = 10_000

/** Messages on a shared queue that are not for us, and are received again and again. */
export class ForeignMessages {
  readonly #metAt = new Map<string, number>()

  has(messageId: string): boolean {
    return this.#metAt.has(messageId)
  }

  /** Remembers the message; returns when it was first seen. */
  meet(messageId: string): number {
    const known = this.#metAt.get(messageId)
    if (known !== undefined) return known
    if (this.#metAt.size >= most) this.#metAt.clear()
    const now = performance.now()
    this.#metAt.set(messageId, now)
    return now
  }

  /** Whether another master may be waiting for it. */
  mayBeSought(messageId: string): boolean {
    return performance.now() - this.meet(messageId) < soughtForMs
  }
}
