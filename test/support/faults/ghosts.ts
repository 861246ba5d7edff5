import type { WireMessage } from './wire.ts'

/** Ghosts that nobody deletes go by themselves after this, milliseconds. */
const lifeMs = 60_000

interface Ghost {
  readonly handle: string
  readonly queue: string
  readonly message: WireMessage
  /** Gone after it was shown once. */
  readonly once: boolean
  visibleFrom: number
  readonly until: number
}

/** Messages that SQS shows although it should not: copies, and deleted ones that came back. */
export class Ghosts {
  readonly #ghosts = new Map<string, Ghost>()
  #count = 0

  /** Lets a message of `queue` appear at `at`, milliseconds. There is at most one ghost of a message at a time. */
  add(queue: string, message: WireMessage, at: number, once: boolean): boolean {
    for (const ghost of this.#ghosts.values()) {
      if (ghost.queue === queue && ghost.message.MessageId === message.MessageId) return false
    }
    this.#count += 1
    const handle = `ghost-${this.#count}`
    this.#ghosts.set(handle, { handle, queue, message, once, visibleFrom: at, until: at + lifeMs })
    return true
  }

  /** Shows up to `room` ghosts that are visible, and hides them for `visibilityMs`. */
  receive(queue: string, room: number, visibilityMs: number, now: number): WireMessage[] {
    const shown: WireMessage[] = []
    for (const ghost of this.#ghosts.values()) {
      if (now > ghost.until) this.#ghosts.delete(ghost.handle)
      else if (ghost.queue === queue && ghost.visibleFrom <= now && shown.length < room) {
        shown.push({ ...ghost.message, ReceiptHandle: ghost.handle })
        ghost.visibleFrom = now + visibilityMs
        if (ghost.once) this.#ghosts.delete(ghost.handle)
      }
    }
    return shown
  }

  /** Milliseconds until the next ghost of `queue` appears; infinite when none will. */
  nextIn(queue: string, now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const ghost of this.#ghosts.values()) {
      if (ghost.queue === queue) next = Math.min(next, Math.max(0, ghost.visibleFrom - now))
    }
    return next
  }

  /** Whether this is the handle of a ghost, which SQS has never heard of. */
  owns(handle: string): boolean {
    return handle.startsWith('ghost-')
  }

  delete(handle: string): void {
    this.#ghosts.delete(handle)
  }

  hide(handle: string, visibleFrom: number): void {
    const ghost = this.#ghosts.get(handle)
    if (ghost !== undefined) ghost.visibleFrom = visibleFrom
  }
}
