import { passesByItself, type QueueErrorKind } from '../../queues/errorKind.ts'
import type { QueueError } from '../../queues/queueError.ts'
import type { ReceiveTrouble } from '../../run/receiveTrouble.ts'
import { type Localizable, say } from '../../text/localizable.ts'
import { patienceMs } from './backlogMonitor.ts'

/** A receive that is answered later than this after SQS has waited for messages is a sign of trouble, milliseconds. */
const lateAfterMs = 4_000

/**
 * Knows whether receiving works, for people: since when it does not, and why. An unanswered receive counts before its own
 * deadline ends, so that a network which swallows packets is noticed within seconds.
 */
export class ReceiveWatch {
  #asked: { readonly at: number; readonly waitMs: number } | undefined
  #trouble: ReceiveTrouble | undefined
  #isLate = false

  /** A receive begins, for which SQS waits for messages this long. */
  asked(now: number, waitMs: number): void {
    this.#asked = { at: now, waitMs }
  }

  /** The receive was answered. */
  answered(): void {
    this.#asked = this.#trouble = undefined
    this.#isLate = false
  }

  /** Receiving has failed, or works again (`undefined`). */
  failed(error: Pick<QueueError, 'kind' | 'localizable'> | undefined, now: number): void {
    this.#asked = undefined
    this.#isLate = false
    this.#trouble = error && this.#troubleOf(error.localizable, this.#trouble?.since ?? now, error.kind)
  }

  /** The same object as long as nothing changes. */
  trouble(now: number): ReceiveTrouble | undefined {
    const { at = now, waitMs = 0 } = this.#asked ?? {}
    if (!this.#isLate && now - at > waitMs + lateAfterMs) {
      this.#isLate = true
      this.#trouble ??= this.#troubleOf(say('SQS does not answer'), at + waitMs, 'network')
    }
    return this.#trouble
  }

  #troubleOf(why: Localizable, since: number, kind: QueueErrorKind): ReceiveTrouble {
    return passesByItself(kind) ? { since, why, waitsUntil: since + patienceMs } : { since, why }
  }
}
