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
  /** `shared`: use the shared reply queue without trying to create a private one. */
  readonly replyQueue?: 'private' | 'shared'
  /** Whether replies are expected now. */
  readonly isExpecting: () => boolean
  readonly onWarning: (trouble: QueueError | undefined) => void
}

/**
 * Visibility timeouts of received replies, seconds. On a private queue short enough that replies received by a master that
 * just died reach the next one soon, and long enough for slow connections with much output: eight receivers with two
 * receives of ten large messages each are 40 MB.
 */
const visibility = { private: 15, privatePilingUp: 60, shared: 2 }

/**
 * How long one receive waits, seconds. SQS may deliver replies to a receive whose process has ended, which hides them from
 * the next process: so receives are short while a run is active.
 */
const waitSeconds = { expecting: 2, idle: 20 }

/** Most additional receivers while replies pile up. */
const maxHelpers = 7

/** SQS returns at most this many messages per receive; this many mean that there are more. */
const fullAnswer = 10

/** How long to wait for a long poll, or for the choice of the reply queue, to end before it is aborted, milliseconds. */
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
   * Starts receiving, once, and returns the queue that replies go to.
   * @throws QueueError when neither queue can be used
   */
  async open(): Promise<string> {
    const place = await this.#place.get()
    if (!this.#ending.signal.aborted) this.#startReceiving(place)
    return place.queue
  }

  /** Whether replies may be waiting unread, so that a missing reply proves nothing. */
  backlogged(now: number): boolean {
    return this.#listening.backlogged(now)
  }

  /** Call it after a pause of this process, or at its start: waiting replies are read before a missing one counts. */
  async catchUp(): Promise<void> {
    this.#listening.doubt()
    const place = await this.#place.started?.catch(() => undefined)
    // The receiver may hang on a connection that broke during the pause.
    if (place !== undefined) this.#callHelp(place, 1)
  }

  /** @param forgetQueue deletes the private queue with its messages */
  async close(forgetQueue: boolean): Promise<void> {
    this.#ending.abort()
    const place = await this.#placeSoon()
    if (place?.kind === 'private' && !forgetQueue) await this.#endPoll(place)
    this.#abort.abort()
    await Promise.all([this.#receiver, ...this.#helpers])
    if (place?.kind !== 'private' || !forgetQueue) return
    await this.#options.queues.deleteQueue(place.queue).catch(this.#options.onWarning)
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
      // Ends between two receives, because an aborted receive may have consumed replies.
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

  /** An additional receiver; it ends when the backlog is gone. */
  async #help(place: ReplyQueue, seconds: number): Promise<void> {
    let handling = Promise.resolve()
    for (;;) {
      const options: ReceiveOptions = { waitSeconds: seconds, visibilitySeconds: this.#visibilityOf(place) }
      const heard = this.#listening.start()
      const messages = await this.#options.queues
        .receive(place.queue, options, this.#abort.signal)
        // The permanent receiver gets the same errors, and reports them.
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
    // Messages that are only put back on a shared queue are not a backlog.
    if (
      messages.length === fullAnswer &&
      messages.some(({ messageId }) => !this.#foreignMessages.has(messageId))
    ) {
      this.#listening.isPilingUp(Date.now())
      this.#callHelp(place, 0)
    }
    // Messages that were not handled are received again.
    if (messages.length > 0) await this.#sorter.sort(place, messages).catch(warnOfBug)
  }

  readonly #onWarning = (trouble: QueueError | undefined) => {
    this.#listening.trouble(trouble?.kind, Date.now())
    this.#options.onWarning(trouble)
  }
}

/**
 * Whether the next receive may start while the messages of the last one are recorded and deleted: twice as fast when
 * replies pile up. On a shared queue it would return other masters' replies that were just put back.
 */
function mayReceiveAhead({ kind }: ReplyQueue): boolean {
  return kind === 'private'
}
