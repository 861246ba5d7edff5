import { setTimeout as delay } from 'node:timers/promises'
import { openBody } from '../protocol/envelope.ts'
import type { ReplyMessage } from '../protocol/messages.ts'
import type { Environment } from '../queues/environment.ts'
import type { QueueError } from '../queues/queueError.ts'
import type { Queues, ReceivedMessage, ReceiveOptions } from '../queues/queues.ts'
import { receiveLoop } from '../queues/receiveLoop.ts'
import { Listening } from './listening.ts'
import { chooseReplyQueue, type ReplyQueue } from './replyQueue.ts'

/** A reply as it came: its binary data, who sent it by SQS's word, and when by SQS's clock. */
export interface Delivery {
  readonly reply: ReplyMessage
  readonly data: Uint8Array
  readonly senderId: string | undefined
  readonly sentAt: number
}

/**
 * Whose a delivery is. `kept`: ours, and taken. `foreign`: of a run that is not ours; on a private queue it is of one that
 * is forgotten. `elsewhere`: of a run of ours that another master has in hand at the moment.
 */
export type Disposition = 'kept' | 'foreign' | 'elsewhere'

export interface MailboxOptions {
  readonly environment: Environment
  readonly queues: Queues
  readonly masterId: string
  /** `shared` never tries for a queue of its own. */
  readonly replyQueue?: 'private' | 'shared'
  /** Takes the replies of one receive; they are done with when it resolves. Never rejects. */
  readonly deliver: (deliveries: readonly Delivery[]) => Promise<Disposition[]>
  /** A body that is not a reply; it is deleted from a private queue and left to expire on a shared one. */
  readonly onUnreadable: (messageId: string, reason: string) => void
  readonly onTrouble: (trouble: QueueError | undefined) => void
}

/** How long a reply is ours to handle before SQS shows it again, seconds: of a private and of the shared queue. */
const visibility = { private: 30, shared: 2 }

/** Receivers that help while replies pile up. */
const maxHelpers = 7

/** SQS gives at most so many messages at a time; that many mean that there are more. */
const fullAnswer = 10

/** Foreign replies put back at once so many times; after that they stay hidden a moment so that we see past them. */
const maxReleases = 3

/** Messages remembered as not ours, and as unreadable. */
const mostRemembered = 10_000

/**
 * Receives the replies to one master. Its queue is one of its own, where it may create one; otherwise the environment's
 * shared reply queue, on which masters leave one another's replies alone.
 */
export class Mailbox {
  readonly #options: MailboxOptions
  readonly #abort = new AbortController()
  readonly #listening = new Listening()
  /** How often each message that is not ours was put back. */
  readonly #releases = new Map<string, number>()
  readonly #helpers = new Set<Promise<void>>()
  #receiver: Promise<void> | undefined
  #place: Promise<ReplyQueue> | undefined

  constructor(options: MailboxOptions) {
    this.#options = options
  }

  /**
   * Starts receiving, once, and tells where replies go.
   * @throws QueueError when neither queue can be used
   */
  async open(): Promise<string> {
    this.#place ??= chooseReplyQueue(this.#options, this.#abort.signal)
    try {
      const place = await this.#place
      this.#receiver ??= this.#receive(place)
      return place.queue
    } catch (error) {
      this.#place = undefined
      throw error
    }
  }

  /** Whether replies may be waiting unread: silence proves nothing then. */
  backlogged(now: number): boolean {
    return this.#listening.backlogged(now)
  }

  /** This process slept, or has only just come: what is waiting must be read before silence means anything. */
  async catchUp(): Promise<void> {
    this.#listening.doubt()
    const place = await this.#place?.catch(() => undefined)
    // The receiver may hang on a connection that died in the sleep.
    if (place !== undefined) this.#callHelp(place, 1)
  }

  /** @param forgetQueue deletes the private queue, with what is in it */
  async close(forgetQueue: boolean): Promise<void> {
    this.#abort.abort()
    await Promise.all([this.#receiver, ...this.#helpers])
    const place = await this.#place?.catch(() => undefined)
    if (!forgetQueue || place?.kind !== 'private') return
    await this.#options.queues.deleteQueue(place.queue).catch(this.#options.onTrouble)
  }

  /** The receiver that is always there. While replies pile up, it calls others for help. */
  async #receive(place: ReplyQueue): Promise<void> {
    const { queues } = this.#options
    const options = { waitSeconds: 20, visibilitySeconds: visibility[place.kind], onTrouble: this.#onTrouble }
    // One receive after the other, each handled before the next: these are of the messages that are being handled.
    let heard = () => {}
    const receiving: Pick<Queues, 'receive'> = {
      receive: async (queue, receive, signal) => {
        heard = this.#listening.start()
        const messages = await queues.receive(queue, receive, signal)
        if (messages.length === 0) heard()
        return messages
      },
    }
    for await (const messages of receiveLoop(receiving, place.queue, options, this.#abort.signal)) {
      await this.#take(place, messages)
      if (messages.length < fullAnswer) heard()
    }
  }

  #callHelp(place: ReplyQueue, waitSeconds: number): void {
    if (this.#helpers.size >= maxHelpers || this.#abort.signal.aborted) return
    const helper = this.#help(place, waitSeconds).finally(() => this.#helpers.delete(helper))
    this.#helpers.add(helper)
  }

  /** Leaves when the backlog is gone. */
  async #help(place: ReplyQueue, waitSeconds: number): Promise<void> {
    const options: ReceiveOptions = { waitSeconds, visibilitySeconds: visibility[place.kind] }
    for (;;) {
      const heard = this.#listening.start()
      const messages = await this.#options.queues
        .receive(place.queue, options, this.#abort.signal)
        // The receiver that is always there meets the same trouble, and says so.
        .catch(() => undefined)
      if (messages === undefined) return
      await this.#take(place, messages)
      if (messages.length === fullAnswer) continue
      heard()
      return
    }
  }

  async #take(place: ReplyQueue, messages: readonly ReceivedMessage[]): Promise<void> {
    // What only goes round on a shared queue is no backlog.
    if (messages.length === fullAnswer && messages.some(({ messageId }) => !this.#releases.has(messageId))) {
      this.#listening.isPilingUp(Date.now())
      this.#callHelp(place, 0)
    }
    if (messages.length > 0) await this.#handle(place, messages)
  }

  async #handle({ queue, kind }: ReplyQueue, messages: readonly ReceivedMessage[]): Promise<void> {
    const { queues, deliver } = this.#options
    const { signal } = this.#abort
    const done: ReceivedMessage[] = []
    const foreign: ReceivedMessage[] = []
    const readable: { message: ReceivedMessage; delivery: Delivery }[] = []
    for (const message of messages) {
      const delivery = this.#read(message)
      if (delivery !== undefined) readable.push({ message, delivery })
      else if (kind === 'private') done.push(message)
    }
    const dispositions = await deliver(readable.map(({ delivery }) => delivery))
    for (const [index, { message }] of readable.entries()) {
      const disposition = dispositions[index]
      if (disposition === 'kept' || (kind === 'private' && disposition === 'foreign')) done.push(message)
      else if (kind === 'shared' && this.#mayRelease(message.messageId)) foreign.push(message)
    }
    try {
      await Promise.all([queues.delete(queue, done, signal), queues.release(queue, foreign, signal)])
    } catch (error) {
      // What could not be deleted comes again, and is then known.
      if (!signal.aborted) this.#onTrouble(error as QueueError)
    }
    // Another master looks for these at this very moment: let it.
    if (foreign.length > 0) await delay(50 + Math.random() * 100, undefined, { signal }).catch(() => {})
  }

  #read(message: ReceivedMessage): Delivery | undefined {
    try {
      const { message: reply, data } = openBody(message.body)
      if (reply.type === 'command' || reply.type === 'facts')
        throw new Error(`a ${reply.type} message among the replies`)
      return { reply, data, senderId: message.senderId, sentAt: message.sentAt }
    } catch (error) {
      // On a shared queue it comes again and again until it expires.
      if (!this.#releases.has(message.messageId))
        this.#options.onUnreadable(message.messageId, (error as Error).message)
      this.#remember(message.messageId, maxReleases)
      return undefined
    }
  }

  #mayRelease(messageId: string): boolean {
    const releases = (this.#releases.get(messageId) ?? 0) + 1
    this.#remember(messageId, releases)
    return releases <= maxReleases
  }

  #remember(messageId: string, releases: number): void {
    if (this.#releases.size >= mostRemembered) this.#releases.clear()
    this.#releases.set(messageId, releases)
  }

  readonly #onTrouble = (trouble: QueueError | undefined) => {
    this.#listening.trouble(trouble?.kind, Date.now())
    this.#options.onTrouble(trouble)
  }
}
