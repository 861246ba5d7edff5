import { Memory } from './memory.ts'
import type { WireMessage } from './wire.ts'

/** Received messages that can come back once they are deleted. */
const messagesMost = 2_000

/** Handles of which it is known whether they are the latest of their message. */
const handlesMost = 200_000

/** What was received under which handle. */
export class Handles {
  readonly #messages = new Memory<WireMessage>(messagesMost)
  readonly #ids = new Memory<string>(handlesMost)
  readonly #latest = new Memory<string>(handlesMost)

  learn(message: WireMessage): void {
    const { MessageId, ReceiptHandle } = message
    this.#messages.learn(ReceiptHandle, message)
    this.#ids.learn(ReceiptHandle, MessageId)
    this.#latest.learn(MessageId, ReceiptHandle)
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
