import { passesByItself, type QueueErrorKind } from '../../queues/errorKind.ts'
import type { Hearing } from '../../run/replyTimeout.ts'

/** What the empty answer of a long poll proves holds for this long, milliseconds: two polls of a master that waits. */
const proofLastsMs = 5_000

/** Without progress for this long, milliseconds, nobody waits for a proof any longer. */
const proofWithinMs = 30_000

/** Trouble and backlogs that last longer are told with the verdict: a pipeline must not wait for ever. Milliseconds. */
export const patienceMs = 5 * 60_000

/** This many answers in a row, over this many milliseconds, must have brought nothing that had waited. */
const series = { answers: 4, ms: 2_000 }

/** A receive, from when it was asked. */
export interface Poll {
  readonly askedAt: number
  readonly doubts: number
}

/**
 * What a receive brought. `nothing`: a long poll that was answered without a message. `waiting`: replies that had waited, or
 * as many as fit, so that more may be waiting. `fresh`: only replies that were sent a moment ago. `unclear`: what says
 * nothing, such as an empty short poll.
 */
export type PollAnswer = 'nothing' | 'waiting' | 'fresh' | 'unclear'

/**
 * Knows whether the reply queue is read to its end: until that is proved, the silence of an agent proves nothing. SQS
 * shows a receive a part of what is there, so only the empty answer of a long poll is a proof. On a queue that is never
 * empty, as agents go on sending, a row of answers counts as one that brought only what was sent a moment ago.
 * All times are milliseconds of one clock.
 */
export class BacklogMonitor {
  /** How often there was doubt, and up to which of these the queue has been read to its end since. */
  #doubts = 0
  #cleared = 0
  #provedAt = Number.NEGATIVE_INFINITY
  #fresh: { readonly poll: Poll; answers: number } | undefined
  /** Answers whose replies are being recorded. */
  #inHand = 0
  /** Since when a proof was wanted and not there. */
  #wantedSince: number | undefined
  #progressAt = Number.NEGATIVE_INFINITY
  #troubledSince: number | undefined
  #isDeaf = false

  /** Call it when somebody needs to know: how long a proof may take counts from the first time. */
  hearing(now: number): Hearing {
    if (this.#isDeaf) return 'uncertain'
    if (this.#troubledSince !== undefined)
      return now - this.#troubledSince < patienceMs ? 'behind' : 'uncertain'
    const isProved = this.#cleared >= this.#doubts && now - this.#provedAt <= proofLastsMs
    if (isProved && this.#inHand === 0) {
      this.#wantedSince = undefined
      return 'all'
    }
    this.#wantedSince ??= now
    const since = Math.max(this.#wantedSince, this.#progressAt)
    const isHopeless = now - since >= proofWithinMs || now - this.#wantedSince >= patienceMs
    return isHopeless ? 'uncertain' : 'behind'
  }

  /** Replies are piling up: more are waiting than were brought. */
  get isBehind(): boolean {
    return this.#cleared < this.#doubts
  }

  /** There may be replies from before this moment that were not read. */
  doubt(): void {
    this.#doubts += 1
    this.#fresh = undefined
  }

  asked(now: number): Poll {
    return { askedAt: now, doubts: this.#doubts }
  }

  /** A receive was answered. Call what is returned when the replies that it brought are recorded. */
  answered(poll: Poll, answer: PollAnswer, now: number): () => void {
    if (answer === 'waiting') this.doubt()
    if (answer === 'nothing') this.#prove(poll, now)
    if (answer === 'fresh') this.#countFresh(poll, now)
    this.#inHand += 1
    return () => {
      this.#inHand -= 1
    }
  }

  /** Replies to our own runs that had waited are being read: there is reason to wait for the end of that. */
  progress(now: number): void {
    this.#progressAt = now
  }

  /**
   * Receiving fails, or works again (`undefined`). Only trouble that passes by itself is waited out: without permission
   * there will never be an answer.
   */
  trouble(kind: QueueErrorKind | undefined, now: number): void {
    const passes = kind !== undefined && passesByItself(kind)
    if (passes && this.#troubledSince === undefined) this.doubt()
    this.#isDeaf = kind !== undefined && !passes
    this.#troubledSince = passes ? (this.#troubledSince ?? now) : undefined
  }

  #prove(poll: Poll, at: number): void {
    this.#cleared = Math.max(this.#cleared, poll.doubts)
    if (poll.doubts >= this.#doubts) this.#provedAt = at
  }

  #countFresh(poll: Poll, now: number): void {
    if (poll.doubts < this.#doubts) return
    this.#fresh ??= { poll, answers: 0 }
    this.#fresh.answers += 1
    const { poll: first, answers } = this.#fresh
    if (answers < series.answers || now - first.askedAt < series.ms) return
    this.#prove(first, first.askedAt)
    this.#fresh = undefined
  }
}
