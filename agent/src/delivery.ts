import type { SpooledReply } from './spooledReply.ts'

/** Bodies of one reply that are under way at a time: what SQS takes in one request. */
const windowBodies = 10
const windowBytes = 1024 * 1024

/**
 * Sends the bodies of one reply as they are spooled, in their order, until its result is sent.
 * `done` rejects when the reply cannot be sent any more or the agent ends.
 */
export class Delivery {
  readonly done: Promise<void>
  #wake: () => void = () => {}
  #awake = false

  constructor(reply: SpooledReply, send: (body: string) => Promise<void>) {
    this.done = this.#deliver(reply, send)
    // Whoever needs the outcome awaits `done`; nobody has to.
    this.done.catch(() => {})
  }

  /** There is more in the spool. */
  wake(): void {
    this.#awake = true
    this.#wake()
  }

  async #deliver(reply: SpooledReply, send: (body: string) => Promise<void>): Promise<void> {
    let next = 0
    while (next < reply.count || !reply.isFinished) {
      if (next === reply.count) await this.#sleep()
      const bodies: string[] = []
      for (
        let bytes = 0;
        next < reply.count && bodies.length < windowBodies && bytes < windowBytes;
        next += 1
      ) {
        const body = reply.body(next)
        bytes += body.length
        bodies.push(body)
      }
      await Promise.all(bodies.map(send))
    }
  }

  async #sleep(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (this.#awake) resolve()
    })
    this.#awake = false
  }
}
