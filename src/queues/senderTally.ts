/** More senders than this are counted together: a sender of a role chooses its session name, and with it its ID. */
const mostSenders = 1_000

/**
 * Counts like events by sender, and says which of them to report: the first of each sender, then the 10th, the 100th and
 * so on. So a log grows by a few lines, however many messages a sender sends.
 */
export class SenderTally {
  readonly #counts = new Map<string, number>()

  /** @returns the number of this event among those of its sender if it is to be reported */
  count(senderId: string | undefined): number | undefined {
    const known = senderId ?? ''
    const key = this.#counts.has(known) || this.#counts.size < mostSenders ? known : 'others'
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    return isPowerOfTen(count) ? count : undefined
  }
}

function isPowerOfTen(count: number): boolean {
  return /^10*$/.test(String(count))
}
