import type { ReceivedMessage } from '../../queues/queues.ts'

/** Agents publish every 30 s at most and messages live for 60 s: what is older is a leftover. */
const retentionMs = 60_000

/** What is older than this may expire before it is met again, milliseconds. */
const mayExpireMs = 40_000

/** SQS's clock is known to half a second, and an answer that tells it may be late. */
const clockErrorMs = 1_000

/** Who takes the messages of a sweep. */
export interface SweepReader {
  /**
   * Called once for each message.
   * @param message without its body: the queue may hold many more of them than there is memory
   * @returns whose it is, and the messages that nobody needs now because of it, which may be itself
   */
  read(
    message: ReceivedMessage,
    body: string,
  ): { readonly from: string; readonly superseded: readonly ReceivedMessage[] }
  /** Everybody was met who was expected, and there was somebody. */
  readonly hasAll: boolean
}

/** The messages of one sweep: what was met, what is hidden from others because of us. */
export class SweptMessages {
  readonly #reader: SweepReader
  readonly #startedAt: number
  readonly #now: () => number
  /** From whom each message is that was read. */
  readonly #from = new Map<string, { readonly from: string; readonly sentAt: number }>()
  readonly #superseded = new Map<string, ReceivedMessage>()
  /** What we have received and not put back, and until when others do not see it. */
  readonly #hidden = new Map<string, { readonly message: ReceivedMessage; readonly until: number }>()
  /** Who was met in earlier rounds and not yet in this one. */
  #toMeet = new Set<string>()
  #round = 1
  #hasNews = false
  lastNewsAt: number
  /** Messages of the largest answer so far. */
  mostAtOnce = 1

  /** @param sqsNow SQS's clock, milliseconds since the epoch @param now milliseconds of a steady clock */
  constructor(reader: SweepReader, sqsNow: number, now: () => number) {
    this.#reader = reader
    this.#startedAt = sqsNow + clockErrorMs
    this.#now = now
    this.lastNewsAt = now()
  }

  get count(): number {
    return this.#from.size
  }

  /** Messages that others do not see at the moment because of us. */
  get hidden(): number {
    const now = this.#now()
    let count = this.#superseded.size
    for (const { until } of this.#hidden.values()) if (until > now) count += 1
    return count
  }

  /** Everybody was met in this round who was met in the ones before. */
  get hasMetAllAgain(): boolean {
    return this.#toMeet.size === 0
  }

  /** In this round everybody was met who was met in the ones before, and nobody whom others had hidden from those. */
  get isSameAsBefore(): boolean {
    return this.#round > 1 && this.#toMeet.size === 0 && !this.#hasNews
  }

  /** Everything was put back and is read again. */
  beginRound(): void {
    this.#round += 1
    this.#hasNews = false
    const mayExpire = this.#startedAt - mayExpireMs
    this.#toMeet = new Set()
    for (const { from, sentAt } of this.#from.values()) if (sentAt > mayExpire) this.#toMeet.add(from)
  }

  /**
   * Whether there was a message among them that was not met in this round, and that was there when the sweep began: more of
   * them may be left. Agents go on sending, so newer ones say nothing.
   */
  take(messages: readonly ReceivedMessage[], hideMs: number): boolean {
    this.mostAtOnce = Math.max(this.mostAtOnce, messages.length)
    let isNews = false
    const until = this.#now() + hideMs
    for (const received of messages) {
      const message = { ...received, body: '' }
      const { messageId } = message
      const isOld = message.sentAt <= this.#startedAt
      if (isOld && !this.#hidden.has(messageId) && !this.#superseded.has(messageId)) isNews = true
      // SQS: only the latest handle is good.
      if (this.#superseded.has(messageId)) this.#superseded.set(messageId, message)
      else this.#hidden.set(messageId, { message, until })
      const known = this.#from.get(messageId)
      if (known === undefined) this.#read(message, received.body, isOld)
      else this.#toMeet.delete(known.from)
    }
    return isNews
  }

  /** What others may see again, and what nobody needs to see. */
  letGo(): { superseded: ReceivedMessage[]; current: ReceivedMessage[] } {
    const superseded = [...this.#superseded.values()]
    const current = [...this.#hidden.values()].map(({ message }) => message)
    this.#superseded.clear()
    this.#hidden.clear()
    return { superseded, current }
  }

  #read(message: ReceivedMessage, body: string, isOld: boolean): void {
    const { messageId, sentAt } = message
    const { from, superseded } = this.#reader.read(message, body)
    this.#from.set(messageId, { from, sentAt })
    this.#toMeet.delete(from)
    for (const other of superseded) this.#supersede(other)
    if (this.#startedAt - sentAt > retentionMs) this.#supersede(message)
    if (!isOld) return
    this.lastNewsAt = this.#now()
    this.#hasNews = true
  }

  #supersede(message: ReceivedMessage): void {
    const { messageId } = message
    this.#superseded.set(messageId, this.#hidden.get(messageId)?.message ?? message)
    this.#hidden.delete(messageId)
  }
}
