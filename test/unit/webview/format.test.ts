import { describe, expect, it } from 'vitest'
import { formatAgents, formatBytes, formatDuration, formatTime } from '../../../webview/format.ts'

describe('what people read', () => {
  it('has durations with as many digits as matter', () => {
    expect(
      [0, 85, 999, 1240, 9949, 9960, 59_400, 59_600, 60_000, 200_000, 7_500_000].map(formatDuration),
    ).toEqual([
      '0 ms',
      '85 ms',
      '999 ms',
      '1.2 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min',
      '1 min',
      '3 min 20 s',
      '2 h 5 min',
    ])
  })

  it('has bytes in powers of 1024', () => {
    expect([0, 1023, 1024, 20_480, 10 * 1024 * 1024].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.0 KiB',
      '20 KiB',
      '10 MiB',
    ])
  })

  it('counts and dates', () => {
    expect([formatAgents(1), formatAgents(2400)]).toEqual(['1 agent', '2,400 agents'])
    const now = new Date(2026, 10, 22, 14, 32, 7).getTime()
    expect(formatTime(now, now)).toBe('today, 14:32:07')
    expect(formatTime(now - 86_400_000, now)).toBe('21 Nov, 14:32:07')
    expect(formatTime(new Date(2025, 0, 2, 3, 4, 5).getTime(), now)).toBe('2 Jan 2025, 03:04:05')
  })
})
