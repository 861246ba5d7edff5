import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPollPace } from '../../../../agent/src/intake/pollPace.ts'

const known = { total: 1, fresh: 0 }
const news = { total: 2, fresh: 1 }
const full = { total: 10, fresh: 0 }

describe('the pace of receives', () => {
  const pace = () => createPollPace(() => 0.5)

  it('is without a pause after something new only where there may be more of it', () => {
    expect(pace()({ total: 10, fresh: 1 }, 1_000)).toBe(0)
    expect(pace()(news, 1_000)).toBe(100)
  })

  it('slows down while there is only what is known, up to the interval', () => {
    const next = pace()
    expect(Array.from({ length: 6 }, () => next(known, 1_000))).toEqual([100, 200, 400, 800, 1_000, 1_000])
  })

  it('is quick again after something new', () => {
    const next = pace()
    for (let time = 0; time < 5; time += 1) next(known, 1_000)
    expect([news, known, known].map((received) => next(received, 1_000))).toEqual([100, 200, 400])
  })

  it('stays quick behind full receives, which may hide something new', () => {
    const next = pace()
    expect(Array.from({ length: 5 }, () => next(full, 1_000))).toEqual([50, 50, 50, 50, 50])
  })

  it('spreads agents by a quarter to either side, and is never slower than that', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 50, max: 60_000 }),
        (random, interval) => {
          const next = createPollPace(() => random)
          for (let time = 0; time < 20; time += 1) {
            const pauseMs = next(known, interval)
            expect(pauseMs).toBeGreaterThan(0)
            expect(pauseMs).toBeLessThanOrEqual(interval * 1.25)
          }
        },
      ),
    )
  })
})
