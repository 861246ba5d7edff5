import { describe, expect, it } from 'vitest'
import { latencyBars } from '../../../webview/latencyBars.ts'

describe('latencyBars', () => {
  it('has every agent in one bar, from the fastest to the slowest', () => {
    const latencies = [12, 15, 20, 200, 210, 9000, 0]
    const bars = latencyBars(latencies, 10)
    expect(bars).toHaveLength(10)
    expect(bars.reduce((sum, { agents }) => sum + agents, 0)).toBe(latencies.length)
    expect([bars[0]?.fromMs, Math.round(bars.at(-1)?.toMs ?? 0)]).toEqual([1, 9000])
    expect(bars.at(-1)?.agents).toBe(1)
  })

  it('copes with nobody and with all the same', () => {
    expect(latencyBars([], 10)).toEqual([])
    expect(latencyBars([5, 5, 5], 4).map(({ agents }) => agents)).toEqual([3, 0, 0, 0])
  })
})
