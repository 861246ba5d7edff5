import { Memory } from './memory.ts'
import type { WireMessage } from './wire.ts'

/** Received messages that can come back once they are deleted. */
const messagesMost = 2_000

/** Handles of which it is known whether they are the latest of their message. */
const handlesMost = 200_000

/** Why a handle is not the latest one of a hidden message. */
export type HandleState = 'invalid' | 'deleted' | 'visible' | 'older' | 'expired'

/** What was received under which handle. */
export class Handles {
  readonly #messages = new Memory<WireMessage>(messagesMost)
  readonly #ids = new Memory<string>(handlesMost)
  readonly #latest = new Memory<string>(handlesMost)
  readonly #hidden = new Memory<number>(handlesMost)
  readonly #deleted = new Memory<boolean>(handlesMost)
  readonly #expiries = new Memory<number>(handlesMost)

  /** @param hiddenUntil when others see it again, milliseconds since the epoch; without it, it is not known */
  learn(
    message: WireMessage,
    hiddenUntil = Number.POSITIVE_INFINITY,
    retentionMs = Number.POSITIVE_INFINITY,
  ): void {
    const { MessageId, ReceiptHandle } = message
    this.#messages.learn(ReceiptHandle, message)
    this.#ids.learn(ReceiptHandle, MessageId)
    this.#latest.learn(MessageId, ReceiptHandle)
    this.#hidden.learn(MessageId, hiddenUntil)
    const sentAt = Number(message.Attributes?.SentTimestamp)
    if (Number.isFinite(sentAt)) this.#expiries.learn(MessageId, sentAt + retentionMs)
  }

  hide(handle: string, until: number): void {
    const id = this.#ids.get(handle)
    if (id !== undefined) this.#hidden.learn(id, until)
  }

  delete(handle: string): void {
    const id = this.#ids.get(handle)
    if (id !== undefined) this.#deleted.learn(id, true)
  }

  /** Undefined for a handle that SQS can settle: the latest one of a hidden message. */
  stateOf(handle: string, now: number): HandleState | undefined {
    const id = this.#ids.get(handle)
    if (id === undefined) return 'invalid'
    if (this.#deleted.get(id)) return 'deleted'
    if ((this.#expiries.get(id) ?? now + 1) <= now) return 'expired'
    if (!this.isLatest(handle)) return 'older'
    return (this.#hidden.get(id) ?? now + 1) <= now ? 'visible' : undefined
  }

  messageOf(handle: string): WireMessage | undefined {
    return this.#messages.get(handle)
  }

  /** Whether a handle is of the latest receive of its message; true where that is not known. */
  isLatest(handle: string): boolean {
    const id = this.#ids.get(handle)
    return id === undefined || this.#latest.get(id) === handle
  }
}
