import { once } from 'node:events'
import { aborted, orAborted } from '../../async/aborted.ts'
import { contained, warnOfBug } from '../../async/contained.ts'
import { type Lazy, lazy } from '../../async/lazy.ts'
import { sealBody } from '../../protocol/envelope.ts'
import type { QueueError } from '../../queues/queueError.ts'
import type { ReceivedMessage, ReceiveOptions } from '../../queues/queues.ts'
import { receiveLoop } from '../../queues/receiveLoop.ts'
import type { ReceiveTrouble } from '../../run/receiveTrouble.ts'
import type { Hearing } from '../../run/replyTimeout.ts'
import { ForeignMessages } from './foreignMessages.ts'
import { OwnReplyQueue } from './ownReplyQueue.ts'
import { ReplyPolls, type TakenAnswer } from './replyPolls.ts'
import {
  chooseReplyQueue,
  mayReceiveAhead,
  type ReplyQueue,
  type ReplyQueueChoice,
  visibilityOf,
  waitSecondsOf,
} from './replyQueue.ts'
import { farewell, type ReplyListeners, ReplySorter } from './replySorter.ts'

export interface ReplyConsumerOptions extends ReplyListeners, ReplyQueueChoice {
  /** Whether replies are expected now. */
  readonly isExpecting: () => boolean
  readonly onWarning: (trouble: QueueError | undefined) => void
}

/** Most additional receivers while replies pile up. */
const maxHelpers = 7

/** Whether the queue is read to its end is asked at most this often, milliseconds. */
const seekEveryMs = 1_000

/** How long closing waits for a long poll, or for the choice of the reply queue, milliseconds. */
const endPollWithinMs = 1_000

/**
 * Receives the replies to one master: from a private reply queue where the master may create one, otherwise from the
 * environment's shared reply queue, on which masters put back one another's replies.
 */
export class ReplyConsumer {
  readonly #options: ReplyConsumerOptions
  /** Ends receiving after the current receive. */
  readonly #ending = new AbortController()
  /** Ends everything at once. */
  readonly #abort = new AbortController()
  readonly #polls: ReplyPolls
  readonly #sorter: ReplySorter
  readonly #helpers = new Set<Promise<void>>()
  readonly #place: Lazy<ReplyQueue>
  #receiver: Promise<void> | undefined
  #opened: ReplyQueue | undefined
  #own: OwnReplyQueue | undefined
  #isPolling = false
  #isTroubled = false
  #soughtAt = Number.NEGATIVE_INFINITY

  constructor(options: ReplyConsumerOptions) {
    const { onUnreadable, onForeign, onWarning, onReplyQueue } = options
    // A listener that throws must not end receiving.
    this.#options = {
      ...options,
      ...{ onUnreadable: contained(onUnreadable), onForeign: contained(onForeign) },
      ...{ onWarning: contained(onWarning), onReplyQueue: contained(onReplyQueue) },
    }
    const foreignMessages = new ForeignMessages()
    this.#polls = new ReplyPolls(foreignMessages, () => Date.now() + (options.queues.clockOffsetMs ?? 0))
    this.#sorter = new ReplySorter(this.#options, foreignMessages, this.#abort.signal, this.#onWarning)
    this.#place = lazy(() => this.#choose())
  }

  /**
   * Starts receiving, once, and returns the queue that replies go to.
   * @throws QueueError when neither queue can be used
   */
  async open(): Promise<string> {
    const place = await this.#place.get()
    this.#opened ??= place
    if (!this.#ending.signal.aborted) this.#startReceiving(place)
    return place.queue
  }

  /** What a missing reply proves at this moment. While that is not known, SQS is asked whether the queue is empty. */
  hearing(now: number): Hearing {
    const hearing = this.#polls.monitor.hearing(now)
    const isTime = performance.now() - this.#soughtAt >= seekEveryMs
    if (hearing === 'behind' && isTime && !this.#isTroubled && this.#opened !== undefined) {
      this.#soughtAt = performance.now()
      this.#callHelp(this.#opened, 1)
    }
    return hearing
  }

  /** Call it after a pause of this process, or at its start: waiting replies are read before a missing one counts. */
  async catchUp(): Promise<void> {
    this.#polls.monitor.doubt()
    const place = await this.#place.started?.catch(() => undefined)
    // The receiver may hang on a connection that broke during the pause.
    if (place !== undefined) this.#callHelp(place, 1)
  }

  async #choose(): Promise<ReplyQueue> {
    const place = await chooseReplyQueue(this.#options, this.#abort.signal)
    if (place.kind === 'private') this.#own = new OwnReplyQueue(place.queue, this.#options)
    return place
  }

  /** Why replies cannot be received now: the same object as long as that does not change. */
  readonly trouble = (now: number): ReceiveTrouble | undefined => this.#polls.watch.trouble(now)

  /** The queue that replies go to, once that is decided. */
  get replyQueue(): ReplyQueue | undefined {
    return this.#opened
  }

  /** @param forgetQueue {@link deleteQueue} will follow: then the last receive need not be ended with care */
  async close(forgetQueue: boolean): Promise<void> {
    this.#ending.abort()
    const place = await this.#placeSoon()
    if (place?.kind === 'private' && !forgetQueue) await this.#endPoll(place)
    this.#abort.abort()
    await Promise.all([this.#receiver, ...this.#helpers])
  }

  /** After {@link close}: deletes the private queue with its messages. */
  async deleteQueue(signal?: AbortSignal): Promise<void> {
    await this.#own?.delete(signal)
  }

  /** The reply queue, if it is known soon: an unreachable SQS must not keep a master from ending. */
  async #placeSoon(): Promise<ReplyQueue | undefined> {
    const asked = this.#place.started?.catch(() => undefined)
    const place = await (asked && orAborted(asked, AbortSignal.timeout(endPollWithinMs)))
    return place === aborted ? undefined : place
  }

  /**
   * Ends the long poll by sending it a message. SQS may not notice a closed connection: such a poll would consume replies
   * until its time is over, and hide them from the next master.
   */
  async #endPoll({ queue }: ReplyQueue): Promise<void> {
    if (!this.#isPolling) return
    const patience = AbortSignal.timeout(endPollWithinMs)
    try {
      await this.#options.queues.send(queue, sealBody(farewell()), patience)
      await Promise.race([this.#receiver, once(patience, 'abort')])
    } catch {
      // The poll is then aborted.
    }
  }

  #startReceiving(place: ReplyQueue): void {
    this.#receiver ??= this.#receive(place)
      // The next run starts receiving again.
      .catch(warnOfBug)
      .finally(() => {
        this.#receiver = undefined
      })
  }

  /** The permanent receiver. While replies pile up, it starts additional ones. */
  async #receive(place: ReplyQueue): Promise<void> {
    const { queues, isExpecting } = this.#options
    let poll = this.#polls.ask()
    let handling = Promise.resolve()
    const options = (): ReceiveOptions => {
      const waitSeconds = waitSecondsOf(isExpecting())
      poll = this.#polls.ask(waitSeconds * 1000)
      this.#isPolling = true
      this.#own?.markUse(this.#abort.signal)
      return {
        waitSeconds,
        visibilitySeconds: visibilityOf(place, this.#polls.monitor.isBehind),
      }
    }
    const onWarning = (trouble: QueueError | undefined) => {
      if (trouble !== undefined) this.#isPolling = false
      const missing = trouble?.kind === 'missing-queue' ? this.#own : undefined
      const isExpected = missing?.isYoung === true
      if (!isExpected) void missing?.replace(this.#abort.signal, () => this.#polls.monitor.doubt())
      if (!isExpected && (trouble !== undefined || this.#isTroubled)) this.#onWarning(trouble)
    }
    for await (const messages of receiveLoop(queues, place.queue, options, this.#abort.signal, {
      onWarning,
    })) {
      this.#isPolling = false
      this.#polls.watch.answered()
      const answer = this.#polls.answered(poll, messages, true)
      await handling
      handling = this.#take(place, messages, answer)
      if (!mayReceiveAhead(place)) await handling
      // Ends between two receives, because an aborted receive may have consumed replies.
      if (this.#ending.signal.aborted) break
    }
    await handling
  }

  #callHelp(place: ReplyQueue, seconds: number): void {
    if (this.#helpers.size >= maxHelpers || this.#ending.signal.aborted) return
    const helper = this.#help(place, seconds)
      .catch(warnOfBug)
      .finally(() => this.#helpers.delete(helper))
    this.#helpers.add(helper)
  }

  /** An additional receiver; it ends at the first answer that brings nothing new. */
  async #help(place: ReplyQueue, seconds: number): Promise<void> {
    let handling = Promise.resolve()
    for (;;) {
      const options: ReceiveOptions = {
        waitSeconds: seconds,
        visibilitySeconds: visibilityOf(place, this.#polls.monitor.isBehind),
      }
      const poll = this.#polls.ask()
      const messages = await this.#options.queues
        .receive(place.queue, options, this.#abort.signal)
        // The permanent receiver gets the same errors, and reports them.
        .catch(() => undefined)
      const answer = messages && this.#polls.answered(poll, messages, seconds > 0)
      await handling
      if (messages === undefined || answer === undefined) return
      handling = this.#take(place, messages, answer)
      if (answer.isNews && mayReceiveAhead(place)) continue
      await handling
      if (!answer.isNews || this.#ending.signal.aborted) return
    }
  }

  async #take(place: ReplyQueue, messages: readonly ReceivedMessage[], answer: TakenAnswer): Promise<void> {
    if (answer.asksForHelp) this.#callHelp(place, 0)
    let isOurs = false
    try {
      if (messages.length > 0) isOurs = await this.#sorter.sort(place, messages)
    } catch (error) {
      // Messages that were not handled are received again.
      warnOfBug(error)
    } finally {
      answer.done(isOurs)
    }
  }

  readonly #onWarning = (trouble: QueueError | undefined) => {
    this.#isTroubled = trouble !== undefined
    this.#polls.failed(trouble)
    this.#options.onWarning(trouble)
  }
}
