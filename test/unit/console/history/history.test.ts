import { describe, expect, it } from 'vitest'
import { describeCounts, nameOfRun } from '../../../../src/console/history/historyRows.ts'
import { describeFleetChange } from '../../../../src/master/fleet/fleetChange.ts'
import { type AgentState, verdicts } from '../../../../src/protocol/verdict.ts'
import { outcomeOfRun } from '../../../../src/run/runOutcome.ts'
import { inEnglish } from '../../../../src/text/translate.ts'

const agent = (hostname: string) => ({ agentId: `i-${hostname}`, hostname })
const counts = (some: Partial<Record<AgentState, number>>) =>
  ({
    expected: 0,
    running: 0,
    ...Object.fromEntries(verdicts.map((verdict) => [verdict, 0])),
    ...some,
  }) as Record<AgentState, number>

describe('describeFleetChange', () => {
  it('is silent when the same agents are there', () => {
    expect(describeFleetChange([agent('a')], [agent('a')], inEnglish)).toBeUndefined()
  })

  it('names who is new and who is no longer there', () => {
    expect(
      describeFleetChange([agent('a'), agent('b')], [agent('b'), agent('c'), agent('d')], inEnglish),
    ).toBe('The fleet has changed since then. 2 new: c, d; 1 gone: a.')
  })
})

describe('a row of the history', () => {
  it('says how a run went, trouble first', () => {
    const run = {
      phase: 'over',
      agents: 4,
      counts: counts({ succeeded: 2, failed: 1, 'no-reply': 1 }),
    } as const
    expect(describeCounts(run, inEnglish)).toBe('1 failed, 1 no reply, 2 succeeded')
    expect(outcomeOfRun(run)).toBe('bad')
  })

  it('says how far a run has come', () => {
    const run = {
      phase: 'running',
      agents: 4,
      counts: counts({ succeeded: 1, running: 2, expected: 1 }),
    } as const
    expect(describeCounts(run, inEnglish)).toBe('1 of 4 done')
    expect(describeCounts({ ...run, phase: 'paused' }, inEnglish)).toBe('paused, 1 of 4 done')
    expect(outcomeOfRun(run)).toBe('running')
  })

  it('is good only when everyone succeeded', () => {
    expect(outcomeOfRun({ phase: 'over', agents: 2, counts: counts({ succeeded: 2 }) })).toBe('good')
    expect(
      outcomeOfRun({ phase: 'over', agents: 2, counts: counts({ succeeded: 1, 'not-started': 1 }) }),
    ).toBe('mixed')
  })

  it('is named after its command', () => {
    const request = { filter: '*', timeoutMs: 1 } as const
    expect(nameOfRun({ request: { ...request, action: { kind: 'ping' } } }, inEnglish)).toBe('Ping')
    expect(
      nameOfRun({ request: { ...request, action: { kind: 'shell', command: 'a\nb' } } }, inEnglish),
    ).toBe('a …')
  })
})
