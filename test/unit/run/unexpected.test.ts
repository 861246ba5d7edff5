import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../../src/protocol/messages.ts'
import type { HeardEvent } from '../../../src/run/runEvent.ts'
import { applyEvent } from '../../../src/run/runReducer.ts'
import type { Unseen } from '../../../src/run/runRequest.ts'
import { failures, startRunState } from '../../../src/run/runState.ts'
import { summaryOf } from '../../../src/run/runSummary.ts'
import { shownCounts, shownState } from '../../../src/run/unexpected.ts'

function startRun(steps: readonly (readonly string[])[], unseen: Unseen | 'unsaid' = 'left-out') {
  const state = startRunState({
    runId: 'run-of-a-test',
    environment: 'testing',
    request: {
      ...{ filter: '*', action: { kind: 'shell', command: 'reboot' }, timeoutMs: 1000 },
      ...(unseen === 'unsaid' ? {} : { unseen }),
    },
    issuer: { name: 'ada', host: 'laptop' },
    startedAt: 0,
  })
  const agents = steps.flat().map((agentId) => ({ agentId, hostname: agentId }))
  applyEvent(state, { kind: 'agentsExpected', agents, steps })
  applyEvent(state, { kind: 'stepStarted', at: 1 })
  const say = (agentId: string, what: 'ack' | 'refusal' | Outcome) => applyEvent(state, heard(agentId, what))
  const stateOf = (agentId: string) => {
    const reply = state.replies.get(agentId)
    return reply && shownState(reply)
  }
  return { state, say, stateOf }
}

function heard(agentId: string, what: 'ack' | 'refusal' | Outcome): HeardEvent {
  const from = { agentId, hostname: agentId, at: 5, identity: 'unproven' as const }
  if (what === 'ack') return { kind: 'acknowledged', ...from, started: 'yes' }
  if (what === 'refusal') return { kind: 'refused', ...from, code: 'unsupported', reason: 'targetSet' }
  const rest = { durationMs: 1, frames: 0, digest: 'x:y', droppedBytes: 0 }
  return { kind: 'resultReceived', ...from, ...rest, outcome: what }
}

const succeeded: Outcome = { kind: 'exited', code: 0 }

describe('An agent that executes a command which does not name it', () => {
  it('is unexpected from its first word on, and never counts as a success', () => {
    const { state, say, stateOf } = startRun([['a']])
    say('x', 'ack')
    expect([stateOf('x'), shownCounts(state).unexpected, shownCounts(state).running]).toEqual([
      'unexpected',
      1,
      0,
    ])
    say('x', succeeded)
    say('a', succeeded)
    expect(state.counts).toMatchObject({ unexpected: 1, succeeded: 1, running: 0 })
    expect(state.phase).toBe('over')
    expect(summaryOf(state).counts).toMatchObject({ unexpected: 1, succeeded: 1 })
  })

  it('keeps the run from being over while it runs, so that it can be cancelled', () => {
    const { state, say } = startRun([['a']])
    say('x', 'ack')
    say('a', succeeded)
    expect(state.phase).toBe('running')
  })

  it.each<[string, Outcome]>([
    ['that failed', { kind: 'exited', code: 3 }],
    ['that exceeded its timeout', { kind: 'timed-out' }],
    ['that was stopped', { kind: 'cancelled', started: true }],
    ['that was interrupted', { kind: 'interrupted' }],
    ['that a signal ended', { kind: 'signalled', signal: 'SIGKILL' }],
  ])('is unexpected also with a command %s, and the end is kept', (_, outcome) => {
    const { state, say, stateOf } = startRun([['a']])
    say('x', outcome)
    expect([stateOf('x'), state.replies.get('x')?.outcome]).toEqual(['unexpected', outcome])
  })

  it('is unexpected also when it is lost, and when it replies after the run is over', () => {
    const { state, say, stateOf } = startRun([['a']])
    say('x', 'ack')
    say('a', succeeded)
    applyEvent(state, { kind: 'silenceAssumed', agentId: 'x', verdict: 'lost', at: 9 })
    expect([stateOf('x'), state.phase]).toEqual(['unexpected', 'over'])
    say('x', { kind: 'exited', code: 4 })
    expect(state.replies.get('x')).toMatchObject({ state: 'unexpected', late: true, outcome: { code: 4 } })
    say('y', 'ack')
    expect([stateOf('y'), state.unexpected]).toEqual(['unexpected', 2])
  })

  it('is also one whose step has not started; it counts as a failure of the rollout', () => {
    const { state, say, stateOf } = startRun([['a'], ['b']])
    say('b', succeeded)
    expect([stateOf('b'), failures(state)]).toEqual(['unexpected', 1])
  })

  it('is no failure of a rollout that it has no part in', () => {
    const { state, say } = startRun([['a'], ['b']])
    say('x', { kind: 'exited', code: 1 })
    expect(failures(state)).toBe(0)
  })
})

describe('An agent that the command does not name and that does not execute it', () => {
  it('has no part in the run when it refuses, as agents do that cannot read whom it names', () => {
    const { state, say, stateOf } = startRun([['a'], ['b']])
    expect([say('x', 'refusal'), say('b', 'refusal')]).toEqual([false, false])
    expect([stateOf('x'), stateOf('b'), state.unexpected]).toEqual([undefined, 'expected', 0])
  })

  it.each<[string, Outcome]>([
    ['could not execute it', { kind: 'not-executed', reason: 'no such user' }],
    ['was stopped before it started', { kind: 'cancelled', started: false }],
  ])('joins without being unexpected when it %s', (_, outcome) => {
    const { state, say } = startRun([['a']])
    say('x', outcome)
    expect([state.replies.get('x')?.expected, state.unexpected]).toEqual([false, 0])
  })
})

describe('A command that names nobody', () => {
  it.each<[string, Unseen | 'unsaid']>([
    ['includes agents that are not known', 'included'],
    ['is of an earlier version', 'unsaid'],
  ])('is joined by every agent that executes it, where it %s', (_, unseen) => {
    const { state, say, stateOf } = startRun([['a']], unseen)
    say('x', succeeded)
    say('y', 'refusal')
    expect([stateOf('x'), stateOf('y'), state.unexpected]).toEqual(['succeeded', 'refused', 0])
  })

  it('that includes agents which are not known is over when they had time to reply', () => {
    const { state, say } = startRun([[]], 'included')
    say('x', succeeded)
    expect(state.phase).toBe('running')
    applyEvent(state, { kind: 'unseenAwaited', at: 10_000 })
    expect([state.phase, state.counts.succeeded]).toEqual(['over', 1])
  })
})
