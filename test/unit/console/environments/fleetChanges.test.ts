import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FleetChanges } from '../../../../src/console/environments/fleetChanges.ts'

let changes: FleetChanges
/** What was told, and when. */
let told: [ms: number, key: string, ...reasons: string[]][]
/** What showing a change takes, milliseconds. */
let workMs: number

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  changes = new FleetChanges()
  told = []
  workMs = 0
  const startedAt = performance.now()
  changes.onDidChange(({ key, reasons }) => {
    told.push([performance.now() - startedAt, key, ...reasons])
    vi.advanceTimersByTime(workMs)
  })
})
afterEach(() => {
  changes.dispose()
  vi.useRealTimers()
})

describe('The changes of fleets', () => {
  it('are told in the next turn when all was quiet, each environment once with all its reasons', async () => {
    changes.note('a', 'agents')
    changes.note('b', 'connection')
    changes.note('a', 'agents')
    changes.note('a', 'look')
    expect(told).toEqual([])
    await vi.advanceTimersByTimeAsync(0)
    expect(told).toEqual([
      [0, 'a', 'agents', 'look'],
      [0, 'b', 'connection'],
    ])
  })

  it('are told a few times a second during a sweep, and the last one for certain', async () => {
    for (let message = 0; message < 1_000; message += 1) {
      changes.note('a', 'agents')
      await vi.advanceTimersByTimeAsync(1)
    }
    await vi.advanceTimersByTimeAsync(250)
    expect(told.map(([ms]) => ms)).toEqual([0, 250, 500, 750, 1_000])
  })

  it('rest for longer where it is much work to show them', async () => {
    workMs = 100
    changes.note('a', 'agents')
    await vi.advanceTimersByTimeAsync(0)
    changes.note('a', 'agents')
    await vi.advanceTimersByTimeAsync(999)
    expect(told).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(told).toHaveLength(2)
  })

  it('are told no more once nobody is to be told', async () => {
    changes.note('a', 'agents')
    changes.dispose()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(told).toEqual([])
  })
})
