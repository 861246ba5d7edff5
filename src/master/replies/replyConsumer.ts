import { once } from 'node:events'
import { aborted, orAborted } from '../../async/aborted.ts'
import { contained, warnOfBug } from '../../async/contained.ts'
import { type Lazy, lazy } from '../../async/lazy.ts'
import { sealBody } from '../../protocol/envelope.ts'
import type { Environment } from '../../queues/environment.ts'
import type { QueueError } from '../../queues/queueError.ts'
import type { Queues, ReceivedMessage, ReceiveOptions } from '../../queues/queues.ts'
import { receiveLoop } from '../../queues/receiveLoop.ts'
import { BacklogMonitor } from './backlogMonitor.ts'
import { ForeignMessages } from './foreignMessages.ts'
import { chooseReplyQueue, type ReplyQueue } from './replyQueue.ts'
import { farewell, type ReplyListeners, ReplySorter } from './replySorter.ts'

export interface ReplyConsumerOptions extends ReplyListeners {
  readonly environment: Environment
  readonly queues: Queues
  readonly masterId: string
  /** `shared` never tries for a queue of its own. */
  readonly replyQueue?: 'private' | 'shared'
  /** Whether replies are awaited now. */
  readonly isExpecting: () => boolean
  readonly onWarning: (trouble: QueueError | undefined) => void
}

/**
 * How long a reply is ours to handle before SQS shows it again, seconds. Of a private queue short enough that what a
 * receive brought to a master that had just died comes soon to the next one, and long enough for slow lines when there is
 * much: eight receivers with two receives of ten large messages each are 40 MB.
 */
const visibility = { private: 15, privatePilingUp: 60, shared: 2 }

/**
 * How long one receive waits, seconds. SQS may give replies to one whose process has ended meanwhile, which hides them from
 * the next process: so none is long while a run is under way.
 */
const waitSeconds = { expecting: 2, idle: 20 }

/** Receivers that help while replies pile up. */
const maxHelpers = 7

/** SQS gives at most so many messages at a time; that many mean that there are more. */
const fullAnswer = 10

/** What the end of a long poll, or of the question where replies go, may take before it is cut off, milliseconds. */
const endPollWithinMs = 1_000

/**
 * Receives the replies to one master. Its queue is one of its own, where it may create one; otherwise the environment's
 * shared reply queue, on which masters leave one another's replies alone.
 */
export class ReplyConsumer {
  readonly #options: ReplyConsumerOptions
  /** Ends receiving after the receive under way. */
  readonly #ending = new AbortController()
  /** Ends everything at once. */
  readonly #abort = new AbortController()
  readonly #listening = new BacklogMonitor()
  readonly #foreignMessages = new ForeignMessages()
  readonly #sorter: ReplySorter
  readonly #helpers = new Set<Promise<void>>()
  readonly #place: Lazy<ReplyQueue>
  #receiver: Promise<void> | undefined
  #isPolling = false

  constructor(options: ReplyConsumerOptions) {
    const { onUnreadable, onForeign, onWarning } = options
    // A listener that throws must not end receiving.
    this.#options = {
      ...options,
      ...{ onUnreadable: contained(onUnreadable), onForeign: contained(onForeign) },
      onWarning: contained(onWarning),
    }
    this.#sorter = new ReplySorter(this.#options, this.#foreignMessages, this.#abort.signal, this.#onWarning)
    this.#place = lazy(() => chooseReplyQueue(options, this.#abort.signal))
  }

  /**
   * Starts receiving, once, and tells where replies go.
   * @throws QueueError when neither queue can be used
   */
  async open(): Promise<string> {
    const place = await this.#place.get()
    if (!this.#ending.signal.aborted) this.#startReceiving(place)
    return place.queue
  }

  /** Whether replies may be waiting unread: silence proves nothing then. */
  backlogged(now: number): boolean {
    return this.#listening.backlogged(now)
  }

  /** This process slept, or has only just come: what is waiting must be read before silence means anything. */
  async catchUp(): Promise<void> {
    this.#listening.doubt()
    const place = await this.#place.started?.catch(() => undefined)
    // The receiver may hang on a connection that died in the sleep.
    if (place !== undefined) this.#callHelp(place, 1)
  }

  /** @param forgetQueue deletes the private queue, with what is in it */
  async close(forgetQueue: boolean): Promise<void> {
    this.#ending.abort()
    const place = await this.#placeSoon()
    if (place?.kind === 'private' && !forgetQueue) await this.#endPoll(place)
    this.#abort.abort()
    await Promise.all([this.#receiver, ...this.#helpers])
    if (place?.kind !== 'private' || !forgetQueue) return
    await this.#options.queues.deleteQueue(place.queue).catch(this.#options.onWarning)
  }

  /** Where replies go, if that is known before long: an SQS that is away must not keep a master from ending. */
  async #placeSoon(): Promise<ReplyQueue | undefined> {
    const asked = this.#place.started?.catch(() => undefined)
    const place = await (asked && orAborted(asked, AbortSignal.timeout(endPollWithinMs)))
    return place === aborted ? undefined : place
  }

  /**
   * Ends the long poll by giving it something. SQS may not notice that a connection was closed: for the rest of its time
   * such a poll would swallow replies, which then stay hidden from the master that comes next.
   */
  async #endPoll({ queue }: ReplyQueue): Promise<void> {
    if (!this.#isPolling) return
    const patience = AbortSignal.timeout(endPollWithinMs)
    try {
      await this.#options.queues.send(queue, sealBody(farewell()), patience)
      await Promise.race([this.#receiver, once(patience, 'abort')])
    } catch {
      // Then it is cut off.
    }
  }

  #startReceiving(place: ReplyQueue): void {
    this.#receiver ??= this.#receive(place)
      // The next run starts it again.
      .catch(warnOfBug)
      .finally(() => {
        this.#receiver = undefined
      })
  }

  /** The receiver that is always there. While replies pile up, it calls others for help. */
  async #receive(place: ReplyQueue): Promise<void> {
    const { queues, isExpecting } = this.#options
    let heard = () => {}
    let handling = Promise.resolve()
    const options = (): ReceiveOptions => {
      heard = this.#listening.start()
      this.#isPolling = true
      return {
        waitSeconds: isExpecting() ? waitSeconds.expecting : waitSeconds.idle,
        visibilitySeconds: this.#visibilityOf(place),
      }
    }
    const onWarning = (trouble: QueueError | undefined) => {
      if (trouble !== undefined) this.#isPolling = false
      this.#onWarning(trouble)
    }
    for await (const messages of receiveLoop(queues, place.queue, options, this.#abort.signal, {
      onWarning,
    })) {
      this.#isPolling = false
      const isHeard = messages.length < fullAnswer ? heard : () => {}
      await handling
      handling = this.#take(place, messages).then(isHeard)
      if (!mayReceiveAhead(place)) await handling
      // Asked to end, it does so between two receives: one that is cut short may take replies along.
      if (this.#ending.signal.aborted) break
    }
    await handling
  }

  #visibilityOf({ kind }: ReplyQueue): number {
    if (kind === 'shared') return visibility.shared
    return this.#listening.backlogged(Date.now()) ? visibility.privatePilingUp : visibility.private
  }

  #callHelp(place: ReplyQueue, seconds: number): void {
    if (this.#helpers.size >= maxHelpers || this.#ending.signal.aborted) return
    const helper = this.#help(place, seconds)
      .catch(warnOfBug)
      .finally(() => this.#helpers.delete(helper))
    this.#helpers.add(helper)
  }

  /** Leaves when the backlog is gone. */
  async #help(place: ReplyQueue, seconds: number): Promise<void> {
    let handling = Promise.resolve()
    for (;;) {
      const options: ReceiveOptions = { waitSeconds: seconds, visibilitySeconds: this.#visibilityOf(place) }
      const heard = this.#listening.start()
      const messages = await this.#options.queues
        .receive(place.queue, options, this.#abort.signal)
        // The receiver that is always there meets the same trouble, and says so.
        .catch(() => undefined)
      await handling
      if (messages === undefined) return
      handling = this.#take(place, messages)
      if (messages.length === fullAnswer && mayReceiveAhead(place)) continue
      await handling
      if (messages.length === fullAnswer) continue
      heard()
      return
    }
  }

  async #take(place: ReplyQueue, messages: readonly ReceivedMessage[]): Promise<void> {
    // What only goes round on a shared queue is no backlog.
    if (
      messages.length === fullAnswer &&
      messages.some(({ messageId }) => !this.#foreignMessages.has(messageId))
    ) {
      this.#listening.isPilingUp(Date.now())
      this.#callHelp(place, 0)
    }
    // What was not dealt with comes again.
    if (messages.length > 0) await this.#sorter.sort(place, messages).catch(warnOfBug)
  }

  readonly #onWarning = (trouble: QueueError | undefined) => {
    this.#listening.trouble(trouble?.kind, Date.now())
    this.#options.onWarning(trouble)
  }
}

/**
 * Whether the next receive may begin while the messages of the last one are recorded and deleted: twice as fast when
 * replies pile up. On a shared queue it would bring those of other masters that are just put back for them.
 */
function mayReceiveAhead({ kind }: ReplyQueue): boolean {
  return kind === 'private'
}
