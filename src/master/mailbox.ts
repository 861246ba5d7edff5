import { setTimeout as delay } from 'node:timers/promises'
import { openBody } from '../protocol/envelope.ts'
import type { ReplyMessage } from '../protocol/messages.ts'
import { privateReplyQueue } from '../protocol/names.ts'
import type { Environment } from '../queues/environment.ts'
import { QueueError } from '../queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../queues/queues.ts'
import { receiveLoop } from '../queues/receiveLoop.ts'

/** A reply as it came: its binary data, who sent it by SQS's word, and when by SQS's clock. */
export interface Delivery {
  readonly reply: ReplyMessage
  readonly data: Uint8Array
  readonly senderId: string | undefined
  readonly sentAt: number
}

/** Whether a delivery is for this master: `kept` may be deleted, `foreign` belongs to another one. */
export type Disposition = 'kept' | 'foreign'

export interface MailboxOptions {
  readonly environment: Environment
  readonly queues: Queues
  readonly masterId: string
  /** `shared` never tries for a queue of its own. */
  readonly replyQueue?: 'private' | 'shared'
  /** Takes the replies of one receive; deleted from the queue when it resolves. */
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

/**
 * Of a queue of our own: a laptop that sleeps over a long weekend loses no reply. Larger messages than in the seed's queues
 * save requests where there is much output, and cost the same (SQS bills each 64 KB).
 */
const privateQueueSettings = {
  visibilitySeconds: 30,
  retentionSeconds: 4 * 24 * 3600,
  maximumMessageSize: 256 * 1024,
  waitSeconds: 20,
}

interface Place {
  readonly queue: string
  readonly kind: 'private' | 'shared'
}

/** Foreign replies put back at once so many times; after that they stay hidden a moment so that we see past them. */
const maxReleases = 3

/**
 * Receives the replies to one master. Its queue is one of its own, where it may create one; otherwise the environment's
 * shared reply queue, on which masters leave one another's replies alone.
 */
export class Mailbox {
  readonly #options: MailboxOptions
  readonly #abort = new AbortController()
  readonly #releases = new Map<string, number>()
  readonly #helpers = new Set<Promise<void>>()
  #receiver: Promise<void> | undefined
  #place: Promise<Place> | undefined
  #lastFullAt = 0

  constructor(options: MailboxOptions) {
    this.#options = options
  }

  /**
   * Starts receiving, once, and tells where replies go.
   * @throws QueueError when neither queue can be used
   */
  async open(): Promise<string> {
    this.#place ??= this.#choose()
    try {
      const place = await this.#place
      this.#receiver ??= this.#receive(place)
      return place.queue
    } catch (error) {
      this.#place = undefined
      throw error
    }
  }

  /** Whether replies were piling up within the last second: silence proves nothing then. */
  backlogged(now: number): boolean {
    return now - this.#lastFullAt < 1000
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await Promise.all([this.#receiver, ...this.#helpers])
  }

  async #choose(): Promise<Place> {
    const { environment, queues, masterId, replyQueue } = this.#options
    const shared: Place = { queue: environment.queues.replies, kind: 'shared' }
    if (replyQueue === 'shared') return shared
    const queue = privateReplyQueue(environment.name, masterId)
    try {
      await queues.create(queue, privateQueueSettings, this.#abort.signal)
      return { queue, kind: 'private' }
    } catch (error) {
      if (error instanceof QueueError && error.kind === 'forbidden') return shared
      throw error
    }
  }

  /** The receiver that is always there. While replies pile up, it calls others for help. */
  async #receive(place: Place): Promise<void> {
    const { queues, onTrouble } = this.#options
    const { signal } = this.#abort
    const options = { waitSeconds: 20, visibilitySeconds: visibility[place.kind], onTrouble }
    for await (const messages of receiveLoop(queues, place.queue, options, signal)) {
      if (messages.length === fullAnswer) this.#callHelp(place)
      await this.#handle(place, messages)
    }
  }

  #callHelp(place: Place): void {
    this.#lastFullAt = Date.now()
    if (this.#helpers.size >= maxHelpers) return
    const helper = this.#help(place).finally(() => this.#helpers.delete(helper))
    this.#helpers.add(helper)
  }

  /** Does not wait for messages, and leaves when the backlog is gone. */
  async #help(place: Place): Promise<void> {
    const { queues } = this.#options
    const options = { waitSeconds: 0, visibilitySeconds: visibility[place.kind] }
    for (;;) {
      // The receiver that is always there meets the same trouble, and says so.
      const messages = await queues.receive(place.queue, options, this.#abort.signal).catch(() => [])
      if (messages.length === fullAnswer) this.#callHelp(place)
      await this.#handle(place, messages)
      if (messages.length < fullAnswer) return
    }
  }

  async #handle({ queue, kind }: Place, messages: readonly ReceivedMessage[]): Promise<void> {
    if (messages.length === 0) return
    const { queues, deliver, onTrouble } = this.#options
    const done: ReceivedMessage[] = []
    const readable: { message: ReceivedMessage; delivery: Delivery }[] = []
    for (const message of messages) {
      const delivery = this.#read(message)
      if (delivery !== undefined) readable.push({ message, delivery })
      else if (kind === 'private') done.push(message)
    }
    const dispositions = await deliver(readable.map(({ delivery }) => delivery))
    const foreign: ReceivedMessage[] = []
    for (const [index, { message }] of readable.entries()) {
      if (dispositions[index] === 'kept' || kind === 'private') done.push(message)
      else if (this.#mayRelease(message.messageId)) foreign.push(message)
    }
    try {
      await Promise.all([
        done.length > 0 && queues.delete(queue, done, this.#abort.signal),
        foreign.length > 0 && queues.release(queue, foreign, this.#abort.signal),
      ])
    } catch (error) {
      // What could not be deleted comes again, and is then known.
      if (error instanceof QueueError) onTrouble(error)
    }
    // Another master looks for these at this very moment: let it.
    if (foreign.length > 0)
      await delay(50 + Math.random() * 100, undefined, { signal: this.#abort.signal }).catch(() => {})
  }

  #read(message: ReceivedMessage): Delivery | undefined {
    try {
      const { message: reply, data } = openBody(message.body)
      if (reply.type === 'command' || reply.type === 'facts')
        throw new Error(`a ${reply.type} message among the replies`)
      return { reply, data, senderId: message.senderId, sentAt: message.sentAt }
    } catch (error) {
      this.#options.onUnreadable(message.messageId, (error as Error).message)
      return undefined
    }
  }

  #mayRelease(messageId: string): boolean {
    const releases = (this.#releases.get(messageId) ?? 0) + 1
    this.#releases.set(messageId, releases)
    if (this.#releases.size > 10_000) this.#releases.clear()
    return releases <= maxReleases
  }
}
