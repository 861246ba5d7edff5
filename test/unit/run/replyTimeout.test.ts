import { describe, expect, it } from 'vitest'
import { decideOnTimeout, giveUpAt } from '../../../src/run/replyTimeout.ts'
import type { RunEvent } from '../../../src/run/runEvent.ts'
import { applyEvent } from '../../../src/run/runReducer.ts'
import { type ReplyState, startRunState } from '../../../src/run/runState.ts'
import { defaultTiming } from '../../../src/run/timing.ts'

const { republishAfterMs, responseTimeoutMs, graceMs, queuedSilenceMs } = defaultTiming
const timeoutMs = 60_000
const heard = { agentId: 'a', hostname: 'web1', identity: 'unproven' } as const

describe('decideOnTimeout', () => {
  it('of an agent that never replied asks once more, then gives up', () => {
    const judge = runWith()
    expect(judge(republishAfterMs - 1)).toBeUndefined()
    expect(judge(republishAfterMs)).toBe('republish')
    expect(judge(responseTimeoutMs)).toBe('no-reply')
  })

  it('means nothing before the command was sent', () => {
    expect(runWith({ kind: 'agentsExpected', agents: [], steps: [] })(1e9, 'waiting')).toBeUndefined()
  })

  it('of an agent that runs the command means nothing until timeout and grace are over', () => {
    const judge = runWith({ kind: 'acknowledged', ...heard, at: 1000, started: 'yes' })
    const deadline = 1000 + timeoutMs + graceMs
    expect(judge(deadline - 1)).toBeUndefined()
    expect(judge(deadline)).toBe('ask')
    expect(judge(deadline + responseTimeoutMs)).toBe('lost')
  })

  it('of an agent that queues the command means nothing as long as it is seen', () => {
    const judge = runWith(
      { kind: 'acknowledged', ...heard, at: 1000, started: 'queued' },
      { kind: 'stillQueued', agentId: 'a', at: 500_000 },
    )
    const deadline = 500_000 + timeoutMs + queuedSilenceMs
    expect(judge(deadline - 1)).toBeUndefined()
    expect(judge(deadline)).toBe('ask')
  })

  it('after a cancel means less for less long', () => {
    const judge = runWith(
      { kind: 'acknowledged', ...heard, at: 1000, started: 'yes' },
      { kind: 'cancelRequested', at: 2000 },
    )
    expect(judge(2000 + graceMs - 1)).toBeUndefined()
    expect(judge(2000 + graceMs)).toBe('ask')
    expect(judge(2000 + graceMs + responseTimeoutMs)).toBe('lost')
  })

  it('after a cancel that the agent refused is what it was without', () => {
    const judge = runWith(
      { kind: 'acknowledged', ...heard, at: 1000, started: 'yes' },
      { kind: 'cancelRequested', at: 2000 },
      { kind: 'cancelRefused', agentId: 'a', reason: 'policy', at: 2100 },
    )
    expect(judge(1000 + timeoutMs + graceMs - 1)).toBeUndefined()
    expect(judge(1000 + timeoutMs + graceMs)).toBe('ask')
  })

  it('does not publish a cancelled command again', () => {
    const judge = runWith({ kind: 'cancelRequested', at: 100 })
    expect(judge(republishAfterMs)).toBeUndefined()
    expect(judge(responseTimeoutMs)).toBe('no-reply')
  })

  it('of an agent that has its verdict no longer means anything', () => {
    const judge = runWith({ kind: 'refused', ...heard, at: 1, code: 'policy', reason: 'no' })
    expect(judge(1e12)).toBeUndefined()
  })
})

/** A run that was sent to agent `a` at time 0, and is to be sent to `waiting` later. */
describe('giveUpAt', () => {
  it.each<[string, RunEvent[]]>([
    ['has not replied', []],
    ['runs the command', [{ kind: 'acknowledged', ...heard, at: 1000, started: 'yes' }]],
    ['queues the command', [{ kind: 'acknowledged', ...heard, at: 1000, started: 'queued' }]],
    [
      'was told to stop',
      [
        { kind: 'acknowledged', ...heard, at: 1000, started: 'yes' },
        { kind: 'cancelRequested', at: 2000 },
      ],
    ],
  ])('is when the verdict is due for an agent that %s', (_, events) => {
    const state = stateAfter(events)
    const reply = state.replies.get('a') as ReplyState
    const at = giveUpAt(state, reply, defaultTiming, 0) ?? 0
    expect(['no-reply', 'lost']).not.toContain(decideOnTimeout(state, reply, defaultTiming, at - 1))
    expect(['no-reply', 'lost']).toContain(decideOnTimeout(state, reply, defaultTiming, at))
  })

  it('is never for an agent that has its verdict, or to which nothing was sent', () => {
    const state = stateAfter([{ kind: 'silenceAssumed', agentId: 'a', verdict: 'no-reply', at: 3 }])
    for (const reply of state.replies.values())
      expect(giveUpAt(state, reply, defaultTiming, 0)).toBeUndefined()
  })
})

function runWith(...events: RunEvent[]) {
  const state = stateAfter(events)
  return (now: number, agentId = 'a') =>
    decideOnTimeout(state, state.replies.get(agentId) as ReplyState, defaultTiming, now)
}

function stateAfter(events: readonly RunEvent[]) {
  const state = startRunState({
    runId: 'run-of-a-test',
    environment: 'testing',
    request: { filter: '*', action: { kind: 'ping' }, timeoutMs },
    issuer: { name: 'ada', host: 'laptop' },
    startedAt: 0,
  })
  const agents = ['a', 'waiting'].map((agentId) => ({ agentId, hostname: agentId }))
  applyEvent(state, { kind: 'agentsExpected', agents, steps: [['a'], ['waiting']] })
  applyEvent(state, { kind: 'stepStarted', at: 0 })
  for (const event of events) applyEvent(state, event)
  return state
}
