import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FleetPoller } from '../../../../src/console/environments/fleetPoller.ts'

/** How each reading goes on; resolved or rejected by the test. */
let readings: { end: (waitedMs?: number) => void; fail: () => void }[]
let poller: FleetPoller

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  readings = []
  poller = new FleetPoller(
    () =>
      new Promise<number>((resolve, reject) => {
        readings.push({
          end: (waitedMs = 0) => resolve(waitedMs),
          fail: () => reject(new Error('no way there')),
        })
      }),
  )
})
afterEach(() => {
  poller.end()
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
/** Ends the reading under way after so long. */
async function finish(afterMs = 0, waitedMs = 0): Promise<void> {
  await pass(afterMs)
  readings.at(-1)?.end(waitedMs)
  await pass(0)
}

describe('A poller', () => {
  it('reads at once when somebody watches, and again after a pause, until nobody does', async () => {
    expect(readings).toHaveLength(0)
    const stop = poller.watch()
    expect(readings).toHaveLength(1)
    await finish()
    await pass(1_999)
    expect(readings).toHaveLength(1)
    await pass(1)
    expect(readings).toHaveLength(2)
    await finish()
    stop()
    await pass(600_000)
    expect(readings).toHaveLength(2)
  })

  it('pauses for ten times what a reading took, half a minute at most', async () => {
    poller.watch()
    await finish(1_000)
    await pass(9_999)
    expect(readings).toHaveLength(1)
    await pass(1)
    expect(readings).toHaveLength(2)
    await finish(60_000)
    await pass(29_999)
    expect(readings).toHaveLength(2)
    await pass(1)
    expect(readings).toHaveLength(3)
  })

  it('does not count what a reading only waited', async () => {
    poller.watch()
    await finish(2_500, 2_200)
    await pass(2_999)
    expect(readings).toHaveLength(1)
    await pass(1)
    expect(readings).toHaveLength(2)
  })

  it('goes on after a reading that failed', async () => {
    poller.watch()
    readings[0]?.fail()
    await pass(2_000)
    expect(readings).toHaveLength(2)
  })

  it('reads once in each pause, however often it was hidden and shown during a reading or a pause', async () => {
    let stop = poller.watch()
    for (let toggles = 0; toggles < 10; toggles += 1) {
      stop()
      stop = poller.watch()
    }
    expect(readings).toHaveLength(1)
    await finish(100)
    for (let toggles = 0; toggles < 10; toggles += 1) {
      stop()
      stop = poller.watch()
    }
    await pass(1_999)
    expect(readings).toHaveLength(1)
    await pass(1)
    for (let count = 2; count < 20; count += 1) {
      expect(readings).toHaveLength(count)
      await finish()
      await pass(2_000)
    }
  })

  it('never has two readings under way, nor one sooner than it is due, whatever happens in whatever order', async () => {
    const step = fc.constantFrom('watch', 'stop', 'stop twice', 'end a reading', 'fail', 'pass')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(3_000)), { maxLength: 60 }), async (steps) => {
        let underWay = 0
        let endedAt = Number.NEGATIVE_INFINITY
        const ends: (() => void)[] = []
        const each = new FleetPoller(async () => {
          expect(underWay).toBe(0)
          expect(performance.now() - endedAt).toBeGreaterThanOrEqual(1_999)
          underWay += 1
          const failed = await new Promise<boolean>((resolve) =>
            ends.push(
              () => resolve(false),
              () => resolve(true),
            ),
          )
          underWay -= 1
          endedAt = performance.now()
          if (failed) throw new Error('no way there')
          return 0
        })
        const watches: (() => void)[] = []
        for (const [what, ms] of steps) {
          if (what === 'watch') watches.push(each.watch())
          if (what === 'stop') watches.pop()?.()
          if (what === 'stop twice') {
            const stop = watches.pop()
            stop?.()
            stop?.()
          }
          if (what === 'end a reading') ends.at(-2)?.()
          if (what === 'fail') ends.at(-1)?.()
          await pass(ms)
        }
        ends.at(-1)?.()
        // Who watches is never forgotten.
        const before = ends.length
        await pass(30_000)
        expect(ends.length > before).toBe(watches.length > 0)
        each.end()
      }),
    )
  })

  it('gives who wants a reading now the one under way, or a new one, and counts the pause from it', async () => {
    poller.watch()
    const joined = poller.read()
    expect(readings).toHaveLength(1)
    await finish()
    await joined
    await pass(1_500)
    const wanted = poller.read()
    expect(readings).toHaveLength(2)
    await finish()
    await wanted
    await pass(1_999)
    expect(readings).toHaveLength(2)
    await pass(1)
    expect(readings).toHaveLength(3)
  })

  it('reads at once what holds no more, and only while somebody watches', async () => {
    poller.outdate()
    expect(readings).toHaveLength(0)
    const stop = poller.watch()
    await finish()
    poller.outdate()
    expect(readings).toHaveLength(2)
    // What comes of a reading that was under way then is not what anybody waits for.
    poller.outdate()
    let isRead = false
    const wanted = poller.read().then(() => {
      isRead = true
    })
    readings[1]?.end()
    await pass(0)
    expect(readings).toHaveLength(3)
    expect(isRead).toBe(false)
    readings[2]?.end()
    await wanted
    await pass(1_999)
    expect(readings).toHaveLength(3)
    stop()
  })

  it('reads no more once it has ended, also when that was during a reading', async () => {
    poller.watch()
    poller.end()
    readings[0]?.end()
    await poller.read()
    poller.watch()
    poller.outdate()
    await pass(600_000)
    expect(readings).toHaveLength(1)
  })
})
