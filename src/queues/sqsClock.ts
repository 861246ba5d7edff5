/** What SQS's clock shows, told by the `Date` headers of its answers. */
export interface SqsClock {
  /** An answer has been read. @param date its `Date`, milliseconds, which HTTP cuts off at the second */
  heard(date: number): void
  /** SQS's clock minus ours; undefined before the first answer. */
  readonly offsetMs: number | undefined
}

/** The best answer of so long counts, milliseconds, and at most twice: clocks drift apart by less than 10 ms then. */
const periodMs = 30_000

/** Our clock and a steady one differ by more than before, milliseconds: ours was set, or the machine slept. */
const jumpMs = 1_000

/**
 * An answer that is read late makes SQS's clock seem slow, and nothing makes it seem fast: the largest difference of the last
 * half minute is the truest, ± 500 ms. When our clock has jumped, what was heard before is worth nothing.
 */
export function createSqsClock(now = Date.now, steady = () => performance.now()): SqsClock {
  let since = Number.NEGATIVE_INFINITY
  let ownMinusSteady = 0
  /** SQS's clock minus ours, the largest of this period and of the last one. */
  let current: number | undefined
  let last: number | undefined
  return {
    heard(date) {
      const [own, at] = [now(), steady()]
      // On average it is half a second later.
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
