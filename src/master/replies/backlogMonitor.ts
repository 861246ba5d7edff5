import type { QueueErrorKind } from '../../queues/errorKind.ts'

/** After replies have piled up, they may still do so for this long, milliseconds. */
const pilingUpMs = 1_000

/** How long to wait for errors to pass before no reply counts: a pipeline must not wait for a network forever. Milliseconds. */
const patienceMs = 5 * 60_000

/** Whether a master may have unread replies. While it does, a missing reply of an agent proves nothing. */
export class BacklogMonitor {
  #piledUpAt = Number.NEGATIVE_INFINITY
  #troubledSince: number | undefined
  /** Number of `doubt` calls, and how many of them have been cleared by reading the queue to its end. */
  #doubts = 0
  #cleared = 0

  backlogged(now: number): boolean {
    if (this.#troubledSince !== undefined) return now - this.#troubledSince < patienceMs
    return this.#cleared < this.#doubts || now - this.#piledUpAt < pilingUpMs
  }

  /** Call it when more replies are waiting than one receive returns. */
  isPilingUp(now: number): void {
    this.#piledUpAt = now
  }

  /** Call it when there may be unread replies from before this moment. */
  doubt(): void {
    this.#doubts += 1
  }

  /** Call it before a receive; call the returned function when the queue was read to its end and the replies are handled. */
  start(): () => void {
    const doubts = this.#doubts
    return () => {
      this.#cleared = Math.max(this.#cleared, doubts)
    }
  }

  /**
   * Call it when receiving fails, or works again (`undefined`). Only errors that may pass by themselves are waited for:
   * without permission there will never be a reply.
   */
  trouble(kind: QueueErrorKind | undefined, now: number): void {
    const passes = kind === 'network' || kind === 'throttled'
    if (passes && this.#troubledSince === undefined) this.doubt()
    if (kind !== undefined && !passes) this.#cleared = this.#doubts
    this.#troubledSince = passes ? (this.#troubledSince ?? now) : undefined
  }
}
