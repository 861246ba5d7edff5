/**
 * Most control messages of one run on the broadcast queue at a time. Every agent reads every message there, ten per
 * receive: with more, a few runs would delay one another's messages.
 */
export const mostControlMessages = 4

/** SQS deletes a message by itself after this time: the retention of the queue, milliseconds. */
const visibleForMs = 60_000

/** One control message, from before it is sent until it is off the queue. */
export interface ControlSlot {
  /** Call it when SQS has accepted the message. */
  sent(now: number): void
  /** Call it when SQS has not accepted the message. */
  giveBack(): void
}

/** Counts the control messages of one run. */
export class ControlSlots {
  /** When SQS accepted each of them, milliseconds; undefined while it is being sent. */
  #taken: { at: number | undefined }[] = []

  /** Number of messages that may be sent now. */
  free(now: number): number {
    this.#taken = this.#taken.filter(({ at }) => at === undefined || now - at < visibleForMs)
    return Math.max(0, mostControlMessages - this.#taken.length)
  }

  /** Works even when none is free: what a person requests is sent at any time, and counts. */
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

  /** Whether any was sent before `time`. */
  hasOlder(time: number): boolean {
    return this.#older(time).length > 0
  }

  /** Frees the slots of messages sent before `time`, except `left` of them, which are still on the queue. */
  freeOlder(time: number, left: number): void {
    const older = this.#older(time)
    const gone = new Set(older.slice(0, Math.max(0, older.length - left)))
    this.#taken = this.#taken.filter((slot) => !gone.has(slot))
  }

  #older(time: number) {
    return this.#taken.filter(({ at }) => at !== undefined && at < time)
  }
}
