import { randomUUID } from 'node:crypto'
import type { QueueSettingValues } from './queueSettings.ts'
import { invalidHandle, invalidParameter } from './refusal.ts'

/** A message as returned by one receive. Times in milliseconds since the epoch. */
export interface Received {
  readonly messageId: string
  readonly body: string
  readonly senderId: string
  readonly sentAt: number
  readonly receiptHandle: string
  readonly receiveCount: number
  readonly firstReceivedAt: number
}

export interface NewMessage {
  readonly body: string
  readonly senderId: string
  /** Seconds; the queue's own when absent. */
  readonly delaySeconds?: number | undefined
}

export interface Receive {
  readonly max: number
  readonly visibilitySeconds: number
  readonly waitSeconds: number
}

export interface MessageCounts {
  readonly visible: number
  readonly notVisible: number
  readonly delayed: number
}

interface Message {
  readonly messageId: string
  readonly body: string
  readonly senderId: string
  readonly sentAt: number
  receiveCount: number
  firstReceivedAt: number
  /** While it is hidden, when it can be received again. */
  visibleAt: number
}

interface Waiter {
  readonly receive: Receive
  answer(messages: Received[]): void
}

/**
 * The messages of one queue, by the documented rules of a standard queue: a receive hides a message from other receives
 * for the visibility timeout (with 0, not at all); deleting needs the handle of the latest receive; messages older than
 * the retention are deleted. Friendlier than SQS: messages come in order (a received one moves to the back), every receive
 * sees all of them, counts are exact, and nothing is delivered twice without reason.
 */
export class MessageQueue {
  readonly #settings: () => QueueSettingValues
  readonly #now: () => number
  readonly #onExpired: (body: string) => void
  /** All messages, in the order in which they were sent. */
  readonly #messages = new Map<string, Message>()
  /** In the order in which they will be received. */
  readonly #visible = new Map<string, Message>()
  readonly #hidden = new Map<string, Message>()
  readonly #waiting = new Set<Waiter>()
  #nextVisibleAt = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  /** @param onExpired told of each message that is deleted because it is older than the retention */
  constructor(
    settings: () => QueueSettingValues,
    now: () => number = Date.now,
    onExpired: (body: string) => void = () => {},
  ) {
    this.#settings = settings
    this.#now = now
    this.#onExpired = onExpired
  }

  /** @returns their ids, in order */
  send(messages: readonly NewMessage[]): string[] {
    this.#advance()
    const ids = messages.map(({ body, senderId, delaySeconds = this.#settings().delaySeconds }) => {
      const [messageId, sentAt] = [randomUUID(), this.#now()]
      const message = { messageId, body, senderId, sentAt, receiveCount: 0, firstReceivedAt: 0, visibleAt: 0 }
      this.#messages.set(messageId, message)
      if (delaySeconds > 0) this.#hide(message, delaySeconds)
      else this.#visible.set(messageId, message)
      return messageId
    })
    this.#serve()
    return ids
  }

  /** Resolves as soon as there are messages; with none when the time is over. */
  receive(receive: Receive, signal: AbortSignal): Promise<Received[]> {
    this.#advance()
    const found = this.#take(receive)
    if (found.length > 0 || receive.waitSeconds === 0 || signal.aborted) return Promise.resolve(found)
    return new Promise((resolve) => {
      const waiter: Waiter = {
        receive,
        answer: (messages) => {
          clearTimeout(timer)
          signal.removeEventListener('abort', giveUp)
          this.#waiting.delete(waiter)
          resolve(messages)
        },
      }
      const giveUp = () => waiter.answer([])
      const timer = setTimeout(giveUp, receive.waitSeconds * 1000)
      signal.addEventListener('abort', giveUp)
      this.#waiting.add(waiter)
      this.#wakeLater()
    })
  }

  /**
   * With the handle of an earlier receive, SQS says, "the request succeeds, but the message might not be deleted".
   * @throws Refusal when the handle is invalid
   */
  delete(receiptHandle: string): void {
    this.#advance()
    const { message, isLatest } = this.#find(receiptHandle)
    if (message === undefined || !isLatest) return
    this.#messages.delete(message.messageId)
    this.#visible.delete(message.messageId)
    this.#hidden.delete(message.messageId)
  }

  /** @throws Refusal when the handle is invalid, or the message is not in flight */
  changeVisibility(receiptHandle: string, seconds: number): void {
    this.#advance()
    const { message } = this.#find(receiptHandle)
    if (message === undefined || !this.#hidden.has(message.messageId)) {
      throw invalidParameter(
        `Value ${receiptHandle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      )
    }
    if (seconds > 0) this.#hide(message, seconds)
    else this.#show(message)
    this.#serve()
  }

  get counts(): MessageCounts {
    this.#advance()
    const delayed = [...this.#hidden.values()].filter(({ receiveCount }) => receiveCount === 0).length
    return { visible: this.#visible.size, notVisible: this.#hidden.size - delayed, delayed }
  }

  /** Ends all waiting receives, because the queue is deleted. */
  close(): void {
    for (const waiter of this.#waiting) waiter.answer([])
    clearTimeout(this.#timer)
  }

  #take({ max, visibilitySeconds }: Receive): Received[] {
    const taken: Message[] = []
    for (const message of this.#visible.values()) {
      if (taken.length === max) break
      taken.push(message)
    }
    return taken.map((message) => {
      message.receiveCount += 1
      if (message.receiveCount === 1) message.firstReceivedAt = this.#now()
      this.#visible.delete(message.messageId)
      if (visibilitySeconds > 0) this.#hide(message, visibilitySeconds)
      else this.#visible.set(message.messageId, message)
      return { ...message, receiptHandle: `${message.messageId}.${message.receiveCount}` }
    })
  }

  /** Gives visible messages to waiting receives, longest waiting first; with visibility 0 to all of them. */
  #serve(): void {
    for (const waiter of this.#waiting) {
      if (this.#visible.size === 0) break
      waiter.answer(this.#take(waiter.receive))
    }
    this.#wakeLater()
  }

  #hide(message: Message, seconds: number): void {
    message.visibleAt = this.#now() + seconds * 1000
    this.#visible.delete(message.messageId)
    this.#hidden.set(message.messageId, message)
    this.#nextVisibleAt = Math.min(this.#nextVisibleAt, message.visibleAt)
  }

  #show(message: Message): void {
    this.#hidden.delete(message.messageId)
    this.#visible.set(message.messageId, message)
  }

  /** Updates the queue to the current time. */
  #advance(): void {
    const now = this.#now()
    const oldest = now - this.#settings().retentionSeconds * 1000
    for (const { messageId, sentAt, body } of this.#messages.values()) {
      if (sentAt > oldest) break
      this.#messages.delete(messageId)
      this.#visible.delete(messageId)
      this.#hidden.delete(messageId)
      this.#onExpired(body)
    }
    if (now < this.#nextVisibleAt) return
    this.#nextVisibleAt = Number.POSITIVE_INFINITY
    for (const message of this.#hidden.values()) {
      if (message.visibleAt <= now) this.#show(message)
      else this.#nextVisibleAt = Math.min(this.#nextVisibleAt, message.visibleAt)
    }
  }

  /** While a receive waits, sets a timer for the next hidden message. */
  #wakeLater(): void {
    clearTimeout(this.#timer)
    if (this.#waiting.size === 0 || this.#hidden.size === 0) return
    this.#timer = setTimeout(
      () => {
        this.#advance()
        this.#serve()
      },
      Math.max(1, this.#nextVisibleAt - this.#now()),
    )
  }

  #find(receiptHandle: string): { message: Message | undefined; isLatest: boolean } {
    const [, messageId = '', count] = /^([0-9a-f-]{36})\.(\d+)$/.exec(receiptHandle) ?? []
    if (messageId === '') throw invalidHandle()
    const message = this.#messages.get(messageId)
    return { message, isLatest: message?.receiveCount === Number(count) }
  }
}
