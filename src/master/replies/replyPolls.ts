import type { QueueError } from '../../queues/queueError.ts'
import type { ReceivedMessage } from '../../queues/queues.ts'
import { BacklogMonitor, type Poll, type PollAnswer } from './backlogMonitor.ts'
import type { ForeignMessages } from './foreignMessages.ts'
import { ReceiveWatch } from './receiveWatch.ts'

/** SQS returns at most this many messages per receive; this many mean that there are more. */
const fullAnswer = 10

/** Replies that reached SQS longer ago than this have waited, milliseconds: SQS's clock is known to a second. */
const freshMs = 2_000

/** A receive answered sooner than this did not wait for its messages, milliseconds. */
const quickMs = 200

/** An answer whose messages are not recorded yet. */
export interface TakenAnswer {
  /** It brought messages, not only such that are put back on a shared queue again and again. */
  readonly isNews: boolean
  /** There is more than one receiver can read in time. */
  readonly asksForHelp: boolean
  /** Call it when the messages are recorded. @param isOurs some were replies to our runs */
  readonly done: (isOurs: boolean) => void
}

/** What the answers of all receivers say of the reply queue. */
export class ReplyPolls {
  readonly monitor = new BacklogMonitor()
  /** Of the permanent receiver. */
  readonly watch = new ReceiveWatch()
  readonly #foreignMessages: ForeignMessages
  readonly #sqsNow: () => number
  #broughtLast = false

  /** @param sqsNow SQS's clock, milliseconds since the epoch */
  constructor(foreignMessages: ForeignMessages, sqsNow: () => number) {
    this.#foreignMessages = foreignMessages
    this.#sqsNow = sqsNow
  }

  /** A receive begins. @param waitMs of the permanent receiver: how long SQS waits for messages */
  ask(waitMs?: number): Poll {
    const now = Date.now()
    if (waitMs !== undefined) this.watch.asked(now, waitMs)
    return this.monitor.asked(now)
  }

  /** Receiving has failed, or works again (`undefined`). */
  failed(error: QueueError | undefined): void {
    const now = Date.now()
    this.monitor.trouble(error?.kind, now)
    this.watch.failed(error, now)
  }

  /** Call it as soon as the answer is here. @param isLong SQS was asked to wait for messages */
  answered(poll: Poll, messages: readonly ReceivedMessage[], isLong: boolean): TakenAnswer {
    const now = Date.now()
    const isNews = messages.some(({ messageId }) => !this.#foreignMessages.has(messageId))
    const answer = isNews ? this.#ageOf(messages) : messages.length === 0 && isLong ? 'nothing' : 'unclear'
    // Several in a row without a pause: SQS may bring them one by one although hundreds wait.
    const isRow = this.#broughtLast && now - poll.askedAt < quickMs
    this.#broughtLast = messages.length > 0
    const recorded = this.monitor.answered(poll, answer, now)
    return {
      isNews,
      asksForHelp: isNews && (answer === 'waiting' || isRow),
      done: (isOurs) => {
        recorded()
        if (isOurs && answer === 'waiting') this.monitor.progress(Date.now())
      },
    }
  }

  #ageOf(messages: readonly ReceivedMessage[]): PollAnswer {
    if (messages.length >= fullAnswer) return 'waiting'
    const now = this.#sqsNow()
    const hasWaited = ({ messageId, sentAt }: ReceivedMessage) =>
      now - sentAt > freshMs && !this.#foreignMessages.has(messageId)
    return messages.some(hasWaited) ? 'waiting' : 'fresh'
  }
}
