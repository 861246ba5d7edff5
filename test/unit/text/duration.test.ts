import { describe, expect, it } from 'vitest'
import { parseDuration, printDuration } from '../../../src/text/duration.ts'

describe('durations', () => {
  it('are read in linear time, also where they are spaces above all', () => {
    expect(parseDuration(`1${' '.repeat(200_000)}x`)).toBeUndefined()
  })

  it.each([
    ['90', 90_000],
    ['1.5h', 5_400_000],
    ['250 ms', 250],
    ['7d', 604_800_000],
    ['8d', undefined],
    ['0', undefined],
    ['-5', undefined],
    ['soon', undefined],
  ])('reads %j', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs)
  })

  it('are printed shortly', () => {
    const durations = [250, 1500, 60_000, 600_000, 5_400_000, 172_800_000]
    expect(durations.map(printDuration)).toEqual(['250 ms', '1.5 s', '60 s', '10 min', '1 h 30 min', '2 d'])
  })
})
