import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RunHeader } from '../../../src/page/runHeader.ts'
import type { AgentRow } from '../../../src/page/toPage.ts'
import { agentTimes, estimateLeft, runTimeWords } from '../../../webview/runTimes.ts'

const row: AgentRow = { id: 'a', host: 'a', state: 'running', bytes: 0, output: 'none' }

describe('The times of an agent', () => {
  it('add up: what it waited and what it ran are the total', () => {
    fc.assert(
      fc.property(
        fc.record({
          totalMs: fc.nat(1e6),
          durationMs: fc.nat(1e6),
          sentAt: fc.nat(1e6),
          startedAt: fc.nat(1e6),
        }),
        fc.constantFrom<AgentRow['state']>('succeeded', 'running', 'expected'),
        fc.nat(1e7),
        (times, state, now) => {
          const { waitedMs = 0, ranMs = 0, totalMs = 0 } = agentTimes({ ...row, ...times, state }, now)
          expect(waitedMs + ranMs).toBe(totalMs)
          expect(Math.min(waitedMs, ranMs)).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })

  it('grow while it runs, and stand when it has ended', () => {
    const running = { ...row, sentAt: 1_000, startedAt: 1_400 }
    expect(agentTimes(running, 5_000)).toEqual({ waitedMs: 400, ranMs: 3_600, totalMs: 4_000, isLive: true })
    const ended: AgentRow = { ...running, state: 'succeeded', durationMs: 2_000, totalMs: 2_500 }
    expect(agentTimes(ended, 99_000)).toEqual({ waitedMs: 500, ranMs: 2_000, totalMs: 2_500, isLive: false })
  })

  it('are none for an agent to which nothing was sent, or that never replied', () => {
    expect(agentTimes({ ...row, state: 'expected' }, 5_000)).toEqual({ isLive: false })
    expect(agentTimes({ ...row, state: 'no-reply', sentAt: 1 }, 5_000)).toEqual({ isLive: false })
  })
})

describe('The time of a run', () => {
  const run: RunHeader = {
    ...{ runId: 'r', environment: { name: 'testing', protected: false }, targets: '*' },
    ...{ action: { kind: 'ping', text: 'ping', details: [] }, issuer: { name: 'ada', host: 'laptop' } },
    ...{ startedAt: 0, now: 0, timeoutMs: 60_000, phase: 'running', live: true, limitAt: 60_500 },
  }
  const words = (changes: Partial<RunHeader>, answered: number, now: number) =>
    runTimeWords({ ...run, ...changes }, { answered, total: 10 }, now)

  it('says since when it runs, how long that may still last, and when the time limit is reached', () => {
    expect(words({}, 0, 2_000)).toEqual(['running for 2 s', 'time limit in 59 s'])
    expect(words({}, 5, 12_000)).toEqual(['running for 12 s', 'about 12 s left', 'time limit in 49 s'])
    expect(words({ endedAt: 3_400 }, 10, 9_000)).toEqual(['took 3.4 s'])
  })

  it('estimates nothing while the run is paused, cancelled, or SQS is away', () => {
    const nothing = ['running for 12 s', 'time limit in 49 s']
    expect(words({ phase: 'paused' }, 5, 12_000)).toEqual(nothing)
    expect(words({ cancelling: { at: 1, confirmed: 0, toConfirm: 5 } }, 5, 12_000)).toEqual(nothing)
    expect(words({ trouble: { since: 1, why: '' } }, 5, 12_000)).toEqual(nothing)
  })

  it('estimates from enough agents only, and never more than the limit allows', () => {
    expect(estimateLeft(60_000, 4, 100)).toBeUndefined()
    expect(estimateLeft(60_000, 5, 100)).toBe(1_140_000)
    expect(estimateLeft(60_000, 5, 100, 40_000)).toBe(40_000)
    expect(estimateLeft(1_000, 50, 100)).toBeUndefined()
    expect(estimateLeft(60_000, 100, 100)).toBeUndefined()
  })
})
