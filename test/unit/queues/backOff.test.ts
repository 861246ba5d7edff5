import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBackOff, pause } from '../../../src/queues/backOff.ts'
import type { QueueErrorKind } from '../../../src/queues/errorKind.ts'

const anyKind = fc.constantFrom<QueueErrorKind>(
  'throttled',
  'network',
  'credentials',
  'missing-queue',
  'forbidden',
  'invalid',
  'unknown',
)

describe('back-off', () => {
  it('never spins and never sleeps for more than a minute, whatever fails and however often', () => {
    fc.assert(
      fc.property(
        fc.array(anyKind, { maxLength: 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (kinds, luck) => {
          const backOff = createBackOff(() => luck)
          for (const kind of kinds) {
            const waitMs = backOff.next(kind)
            expect(waitMs).toBeGreaterThanOrEqual(250)
            expect(waitMs).toBeLessThanOrEqual(60_000)
          }
        },
      ),
    )
  })

  it('waits longer from failure to failure, and shortly again after a success', () => {
    const backOff = createBackOff(() => 0)
    expect([1, 2, 3, 4].map(() => backOff.next('network'))).toEqual([250, 500, 1000, 2000])
    backOff.reset()
    expect(backOff.next('network')).toBe(250)
  })

  it('spreads clients that failed together', () => {
    const waits = [0, 0.25, 0.5, 0.75].map((luck) => createBackOff(() => luck).next('throttled'))
    expect(waits).toEqual([500, 625, 750, 875])
  })
})

describe('pause', () => {
  it('ends at once, without throwing, when its signal aborts', async () => {
    const abort = new AbortController()
    const paused = pause(60_000, abort.signal)
    abort.abort()
    await expect(paused).resolves.toBeUndefined()
    await expect(pause(60_000, abort.signal)).resolves.toBeUndefined()
  })
})
