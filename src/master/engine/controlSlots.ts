/**
 * Control messages that one run has on the broadcast queue at a time. Every agent sees every message there, ten at a
 * receive: a few runs with more than that would hide one another's.
 */
export const mostControlMessages = 4

/** SQS takes a message off by itself then: the retention of the queue, milliseconds. */
const visibleForMs = 60_000

/** One control message, from when it is to be sent until it is off the queue. */
export interface ControlSlot {
  /** SQS has taken it, now. */
  sent(now: number): void
  /** SQS has not taken it. */
  giveBack(): void
}

/** Counts the control messages of one run. */
export class ControlSlots {
  /** When SQS took them, milliseconds; undefined for those that are being sent. */
  #taken: { at: number | undefined }[] = []

  /** How many may be sent now. */
  free(now: number): number {
    this.#taken = this.#taken.filter(({ at }) => at === undefined || now - at < visibleForMs)
    return Math.max(0, mostControlMessages - this.#taken.length)
  }

  /** Also when none is free: what a person asks for is sent at any time, and counts. */
  take(): ControlSlot {
    const slot: { at: number | undefined } = { at: undefined }
    this.#taken.push(slot)
    return {
      sent(now) {
        slot.at = now
      },
      giveBack: () => {
        this.#taken = this.#taken.filter((other) => other !== slot)
      },
    }
  }

  /** Whether one was sent before `time`. */
  hasOlder(time: number): boolean {
    return this.#older(time).length > 0
  }

  /** Those that were sent before `time` are off the queue, all but `left` of them. */
  freeOlder(time: number, left: number): void {
    const older = this.#older(time)
    const gone = new Set(older.slice(0, Math.max(0, older.length - left)))
    this.#taken = this.#taken.filter((slot) => !gone.has(slot))
  }

  #older(time: number) {
    return this.#taken.filter(({ at }) => at !== undefined && at < time)
  }
}
