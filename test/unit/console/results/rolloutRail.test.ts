import { describe, expect, it } from 'vitest'
import { railOf, StepNumbers } from '../../../../src/console/results/rolloutRail.ts'
import type { RailStop } from '../../../../src/page/runHeader.ts'
import { planSteps } from '../../../../src/run/rollout.ts'
import { applyEvent } from '../../../../src/run/runReducer.ts'
import type { Rollout } from '../../../../src/run/runRequest.ts'
import { type RunState, startRunState } from '../../../../src/run/runState.ts'

describe('The rail of a rollout', () => {
  it('leads from the canary over the batches, each with its number, its agents and how far it is', () => {
    const state = startRollout(6, { canary: 1, batch: { count: 2 }, maxFailures: { count: 1 } })
    expect(words(state)).toEqual(['canary 0/1 running', '1 0/2 waiting', '2 0/2 waiting', '3 0/1 waiting'])
    exit(state, 'agent-0')
    step(state)
    exit(state, 'agent-1', 1)
    expect(words(state)).toEqual([
      ...['canary 1/1 done', '1 1/2 running, 1 failed', '2 0/2 waiting', '3 0/1 waiting'],
    ])
    expect(railOf(state)).toMatchObject({ batches: 3, canary: true, underWay: 1, left: 3 })
  })

  it('does not change the number of any batch when the rollout stops', () => {
    const state = startRollout(6, { canary: 1, batch: { count: 2 } })
    exit(state, 'agent-0')
    step(state)
    applyEvent(state, { kind: 'rolloutStopped', reason: 'stopped manually', at: 9 })
    expect(words(state)).toEqual(['canary 1/1 done', '1 0/2 running', '2 0/2 stopped', '3 0/1 stopped'])
    expect(railOf(state)).toMatchObject({ batches: 3, underWay: 2, left: 0 })
  })

  it('joins neighbours in the same state where there are too many batches to see', () => {
    const state = startRollout(100, { batch: { count: 4 } })
    for (let batch = 0; batch < 10; batch += 1) {
      for (let agent = 0; agent < 4; agent += 1) exit(state, `agent-${4 * batch + agent}`)
      step(state)
    }
    expect(words(state)).toEqual(['1-10 40/40 done', '11 0/4 running', '12-25 0/56 waiting'])
  })

  it('has one part for a window, which runs until its last agent has ended', () => {
    const state = startRollout(5, { canary: 1, window: { count: 2 } })
    expect(words(state)).toEqual(['canary 0/1 running', 'window 0/4 waiting'])
    exit(state, 'agent-0')
    step(state)
    step(state)
    exit(state, 'agent-1')
    expect(words(state)).toEqual(['canary 1/1 done', 'window 1/4 running'])
    expect(railOf(state)).toMatchObject({ window: 2, batches: 0, underWay: 1, left: 2 })
    applyEvent(state, { kind: 'rolloutStopped', reason: 'stopped manually', at: 9 })
    expect(words(state)[1]).toBe('window 1/4 running')
    exit(state, 'agent-2')
    expect(words(state)[1]).toBe('window 2/4 stopped')
  })

  it('is none without a rollout', () => {
    expect(railOf(startRollout(3, undefined))).toBeUndefined()
  })
})

describe('The step of an agent', () => {
  const stepsOf = (state: RunState) => {
    const steps = new StepNumbers()
    return [...state.replies.keys()].map((agentId) => steps.of(state, agentId))
  }

  it('is that of its canary or batch, and none in a window, whose agents have no step in common', () => {
    expect(stepsOf(startRollout(4, { canary: 1, batch: { count: 2 } }))).toEqual([0, 1, 1, 2])
    expect(stepsOf(startRollout(3, { canary: 1, window: { count: 2 } }))).toEqual([0, undefined, undefined])
    expect(stepsOf(startRollout(2, { window: { count: 2 } }))).toEqual([undefined, undefined])
    expect(stepsOf(startRollout(2, undefined))).toEqual([undefined, undefined])
  })
})

function words(state: RunState): string[] {
  const name = ({ kind, first, last }: RailStop) =>
    kind === 'batches' ? (first === last ? `${first}` : `${first}-${last}`) : kind
  return (railOf(state)?.stops ?? []).map(
    (stop) =>
      `${name(stop)} ${stop.ended}/${stop.agents} ${stop.state}${stop.failed > 0 ? `, ${stop.failed} failed` : ''}`,
  )
}

function startRollout(count: number, rollout: Rollout | undefined): RunState {
  const state = startRunState({
    runId: 'run-of-a-test',
    environment: 'testing',
    request: { filter: '*', action: { kind: 'ping' }, timeoutMs: 1000, ...(rollout && { rollout }) },
    issuer: { name: 'ada', host: 'laptop' },
    startedAt: 0,
  })
  const ids = Array.from({ length: count }, (_, index) => `agent-${index}`)
  const agents = ids.map((agentId) => ({ agentId, hostname: agentId }))
  applyEvent(state, { kind: 'agentsExpected', agents, steps: planSteps(ids, rollout) })
  step(state)
  return state
}

function step(state: RunState): void {
  applyEvent(state, { kind: 'stepStarted', at: 1 })
}

function exit(state: RunState, agentId: string, code = 0): void {
  applyEvent(state, {
    ...{ kind: 'resultReceived', agentId, hostname: agentId, at: 2, identity: 'unproven' },
    ...{ outcome: { kind: 'exited', code }, durationMs: 1, frames: 0, digest: 'x:y', droppedBytes: 0 },
  })
}
