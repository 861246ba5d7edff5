import { describe, expect, it } from 'vitest'
import { createSqsClock } from '../../../src/queues/sqsClock.ts'

/** SQS is an hour ahead of our clock, which `set` sets. Each answer tells SQS's time, in whole seconds. */
function setUp() {
  const time = { steady: 1_000, own: 50_000_000, sqs: 53_600_000 }
  const clock = createSqsClock(
    () => time.own,
    () => time.steady,
  )
  const pass = (ms: number) => {
    for (const each of ['steady', 'own', 'sqs'] as const) time[each] += ms
  }
  return {
    clock,
    pass,
    set: (ms: number) => {
      time.own += ms
    },
    /** The steady clock stands still meanwhile. */
    sleep: (ms: number) => {
      time.own += ms
      time.sqs += ms
    },
    /** @param lateMs between SQS's answer and our reading it */
    discover: (lateMs: number) => {
      const date = Math.floor(time.sqs / 1000) * 1000
      pass(lateMs)
      clock.record(date)
    },
    errorMs: () => (clock.offsetMs ?? Number.NaN) - (time.sqs - time.own),
  }
}

describe('The clock of SQS', () => {
  it('is not known before its first answer', () => {
    expect(setUp().clock.offsetMs).toBeUndefined()
  })

  it('is known to half a second, however late some answers are read', () => {
    const { discover, pass, errorMs } = setUp()
    for (let answers = 0; answers < 300; answers += 1) {
      discover(answers % 7 === 0 ? 10 : 700 * (answers % 5))
      expect(Math.abs(errorMs())).toBeLessThanOrEqual(510)
      pass(333)
    }
  })

  it('is estimated again when ours was set, or the machine slept', () => {
    const { discover, set, errorMs } = setUp()
    for (const ms of [-3_600_000, 7_200_000]) {
      discover(10)
      set(ms)
      discover(10)
      expect(Math.abs(errorMs())).toBeLessThanOrEqual(510)
    }
  })

  it('is still known when the machine has slept, and there was no response since', () => {
    const { discover, sleep, errorMs } = setUp()
    discover(10)
    sleep(3_600_000)
    expect(Math.abs(errorMs())).toBeLessThanOrEqual(510)
  })

  it('forgets responses of long ago', () => {
    const { clock, discover, pass, errorMs } = setUp()
    clock.record(60_000_000)
    discover(10)
    expect(errorMs()).toBeGreaterThan(1_000_000)
    pass(30_000)
    discover(10)
    pass(30_000)
    discover(10)
    expect(Math.abs(errorMs())).toBeLessThanOrEqual(510)
    pass(3_600_000)
    discover(2_000)
    expect(errorMs()).toBeLessThan(-1_000)
  })
})
