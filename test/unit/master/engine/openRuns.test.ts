import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OpenRuns } from '../../../../src/master/engine/openRuns.ts'
import { gatherWarnings } from '../../../support/gatherWarnings.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'
import { until } from '../../../support/until.ts'

let simulated: SimulatedRun
let ticks: number

beforeEach(async () => {
  simulated = await simulateRun(['web1'])
  ticks = 0
})
afterEach(() => simulated.close())

function openRuns(onTick = () => {}, warnings: string[] = []): OpenRuns {
  return new OpenRuns({
    onSleep: () => {},
    onTick: () => {
      ticks += 1
      onTick()
    },
    onWarning: (_, { message }) => {
      warnings.push(message)
      throw new Error('a broken listener')
    },
  })
}

describe('The runs that a master has in hand', () => {
  it('are told the time while one of them waits, and no longer', async () => {
    const runs = openRuns()
    runs.add(simulated.run)
    await until(() => ticks > 1, 'the time to be told')
    simulated.finish('web1', 0)
    await until(() => !runs.areWaiting, 'the end of the run')
    await runs.close()
    const before = ticks
    runs.wake()
    expect(runs.areWaiting).toBe(false)
    expect(ticks).toBe(before)
  })

  it('are told the time on when a run fails in it, and when whom they tell of that throws', async () => {
    const warned = gatherWarnings()
    const warnings: string[] = []
    const tick = vi.spyOn(simulated.run, 'tick').mockRejectedValue(new Error('a mistake'))
    const runs = openRuns(() => {
      throw new Error('another broken listener')
    }, warnings)
    runs.add(simulated.run)
    await until(() => ticks > 2, 'the time to be told three times')
    expect(warnings.slice(0, 2)).toEqual(['a mistake', 'a mistake'])
    await runs.close()
    tick.mockRestore()
    const told = (await warned.stop()).join('\n')
    expect(told).toContain('a broken listener')
    expect(told).toContain('another broken listener')
  })

  it('leave one that comes when the master has closed to the history, at once', async () => {
    const close = vi.spyOn(simulated.run, 'close')
    const runs = openRuns()
    await runs.close()
    runs.add(simulated.run)
    expect(close).toHaveBeenCalledOnce()
  })
})
