import type { SpooledReply } from '../store/spooledReply.ts'

/** What SQS takes in one request: bodies, and bytes of all of them. */
const windowBodies = 10
const windowBytes = 1024 * 1024

/**
 * Requests of one reply that are under way at a time, so that one is on its way while SQS answers the other. Nothing beyond
 * them is read from the spool.
 */
const windows = 2

/**
 * Sends the bodies of one reply as they are spooled, in their order, until its result is sent.
 * `done` rejects when the reply can no longer be sent or the agent ends.
 */
export class Delivery {
  readonly done: Promise<void>
  readonly #reply: SpooledReply
  readonly #send: (body: string) => Promise<void>
  #next = 0
  readonly #sleepers: Array<() => void> = []

  constructor(reply: SpooledReply, send: (body: string) => Promise<void>) {
    this.#reply = reply
    this.#send = send
    this.done = this.#deliver()
    // Callers that need the outcome await `done`; others need not.
    this.done.catch(() => {})
  }

  /** There is more in the spool. */
  wake(): void {
    for (const wake of this.#sleepers.splice(0)) wake()
  }

  async #deliver(): Promise<void> {
    await Promise.all(Array.from({ length: windows }, () => this.#sendWindows()))
  }

  async #sendWindows(): Promise<void> {
    while (this.#next < this.#reply.count || !this.#reply.isFinished) {
      const bodies = this.#takeWindow()
      if (bodies.length > 0) await Promise.all(bodies.map(this.#send))
      else await new Promise<void>((resolve) => this.#sleepers.push(resolve))
    }
  }

  /** The next bodies that one request holds: none when the spool has none yet. */
  #takeWindow(): string[] {
    const bodies: string[] = []
    let bytes = 0
    while (this.#next < this.#reply.count && bodies.length < windowBodies) {
      bytes += this.#reply.lengthOf(this.#next)
      if (bodies.length > 0 && bytes > windowBytes) break
      bodies.push(this.#reply.body(this.#next))
      this.#next += 1
    }
    return bodies
  }
}
