/** Estimates SQS's clock from the `Date` headers of its responses. */
export interface SqsClock {
  /** Call it when a response has been read. @param date its `Date`, milliseconds, which HTTP truncates to seconds */
  record(date: number): void
  /** SQS's clock minus ours; undefined before the first answer. */
  readonly offsetMs: number | undefined
}

/** The best response of this period and the last one counts, milliseconds: clocks drift by less than 10 ms in that time. */
const periodMs = 30_000

/** When our clock and a monotonic one drift apart by more than this, milliseconds, ours was set or the machine slept. */
const jumpMs = 1_000

/**
 * A response that is read late makes SQS's clock seem slow, and nothing makes it seem fast: so the largest difference of
 * the last half minute is the most accurate, ± 500 ms. When our clock has jumped, earlier responses are discarded.
 */
export function createSqsClock(now = Date.now, steady = () => performance.now()): SqsClock {
  let since = Number.NEGATIVE_INFINITY
  let ownMinusSteady = 0
  /** SQS's clock minus ours, the largest of this period and of the last one. */
  let current: number | undefined
  let last: number | undefined
  return {
    record(date) {
      const [own, at] = [now(), steady()]
      // On average the truncated time is half a second later.
      const ahead = date + 500 - own
      const hasJumped = Math.abs(own - at - ownMinusSteady) > jumpMs
      ownMinusSteady = own - at
      if (at - since < periodMs && !hasJumped) {
        current = Math.max(current ?? ahead, ahead)
        return
      }
      last = at - since < 2 * periodMs && !hasJumped ? current : undefined
      current = ahead
      since = at
    },
    get offsetMs() {
      return current === undefined ? undefined : Math.max(current, last ?? current)
    },
  }
}
