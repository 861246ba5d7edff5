import type { QueueErrorKind } from '../../queues/errorKind.ts'

/** Replies that piled up so lately may still do, milliseconds. */
const pilingUpMs = 1_000

/** Trouble that has not passed by then is a verdict of its own: a pipeline must not wait for a network for ever. */
const patienceMs = 5 * 60_000

/** Whether a master hears what is said to it. While it does not, silence of an agent proves nothing. */
export class BacklogMonitor {
  #piledUpAt = Number.NEGATIVE_INFINITY
  #troubledSince: number | undefined
  /** How often there was doubt, and up to which of these times the queue has been read to its end since. */
  #doubts = 0
  #cleared = 0

  backlogged(now: number): boolean {
    if (this.#troubledSince !== undefined) return now - this.#troubledSince < patienceMs
    return this.#cleared < this.#doubts || now - this.#piledUpAt < pilingUpMs
  }

  /** More replies are waiting than one receive can bring. */
  isPilingUp(now: number): void {
    this.#piledUpAt = now
  }

  /** There may be replies from before this moment that were not read. */
  doubt(): void {
    this.#doubts += 1
  }

  /** A receive begins. Call what is returned when it has brought the last of what waited, and that is handled. */
  start(): () => void {
    const doubts = this.#doubts
    return () => {
      this.#cleared = Math.max(this.#cleared, doubts)
    }
  }

  /**
   * Receiving fails, or works again (`undefined`). Only trouble that passes by itself is waited out: without permission
   * there will never be an answer.
   */
  trouble(kind: QueueErrorKind | undefined, now: number): void {
    const passes = kind === 'network' || kind === 'throttled'
    if (passes && this.#troubledSince === undefined) this.doubt()
    if (kind !== undefined && !passes) this.#cleared = this.#doubts
    this.#troubledSince = passes ? (this.#troubledSince ?? now) : undefined
  }
}
