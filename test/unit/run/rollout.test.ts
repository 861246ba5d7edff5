import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exceedsBudget, nextMove, planSteps } from '../../../src/run/rollout.ts'
import { applyEvent } from '../../../src/run/runReducer.ts'
import type { Rollout } from '../../../src/run/runRequest.ts'
import { startRunState } from '../../../src/run/runState.ts'
import { say } from '../../../src/text/localizable.ts'

describe('planSteps', () => {
  it('reaches every agent exactly once, in order, whatever the rollout', () => {
    fc.assert(
      fc.property(fc.nat(200), anyRollout, (count, rollout) => {
        const agentIds = ids(count)
        const steps = planSteps(agentIds, rollout)
        expect(steps.flat()).toEqual(agentIds)
        if (count > 0) for (const step of steps) expect(step.length).toBeGreaterThan(0)
      }),
    )
  })

  it.each<[Rollout | undefined, number[]]>([
    [undefined, [10]],
    [{}, [10]],
    [{ canary: 1 }, [1, 9]],
    [{ canary: 2, batch: { count: 3 } }, [2, 3, 3, 2]],
    [{ batch: { percent: 25 } }, [3, 3, 3, 1]],
    [{ batch: { percent: 0 } }, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
    [{ canary: 50 }, [10]],
    [{ canary: 0, batch: { count: 100 } }, [10]],
  ])('of %j makes steps of %j agents out of 10', (rollout, sizes) => {
    expect(planSteps(ids(10), rollout).map(({ length }) => length)).toEqual(sizes)
  })

  it('counts percentages of all expected agents, canary included', () => {
    const steps = planSteps(ids(100), { canary: 1, batch: { percent: 7 } })
    expect(steps.slice(0, 3).map(({ length }) => length)).toEqual([1, 7, 7])
  })
})

describe('exceedsBudget', () => {
  it.each<[Rollout, number, boolean]>([
    [{}, 0, false],
    [{}, 1, true],
    [{ maxFailures: { count: 2 } }, 2, false],
    [{ maxFailures: { count: 2 } }, 3, true],
    [{ maxFailures: { percent: 7 } }, 7, false],
    [{ maxFailures: { percent: 7 } }, 8, true],
    [{ maxFailures: { percent: 0 } }, 1, true],
    [{ maxFailures: { percent: 100 } }, 100, false],
  ])('of %j with %i failures among 100 is %s', (rollout, failed, exceeds) => {
    expect(exceedsBudget(failed, 100, rollout)).toBe(exceeds)
  })

  it('rounds a percentage of few agents down: 10 % of 5 allows none', () => {
    expect(exceedsBudget(1, 5, { maxFailures: { percent: 10 } })).toBe(true)
  })
})

describe('nextMove', () => {
  it('goes on when the step under way is over, not before', () => {
    const state = startRollout([['a', 'b'], ['c']])
    expect(nextMove(state).kind).toBe('wait')
    exit(state, 'a', 0)
    expect(nextMove(state).kind).toBe('wait')
    exit(state, 'b', 0)
    expect(nextMove(state).kind).toBe('next')
    applyEvent(state, { kind: 'stepStarted', at: 2 })
    expect(nextMove(state).kind).toBe('wait')
  })

  it('stops at the first failure too many, while others of the step still run', () => {
    const state = startRollout([['a', 'b'], ['c']])
    exit(state, 'a', 1)
    expect(nextMove(state)).toEqual({ kind: 'stop', why: say('1 agent has failed') })
  })

  it('counts silence as failure', () => {
    const state = startRollout([['a'], ['b']])
    applyEvent(state, { kind: 'silenceAssumed', agentId: 'a', verdict: 'no-reply', at: 3 })
    expect(nextMove(state).kind).toBe('stop')
  })

  it('waits while it is paused, and still stops', () => {
    const state = startRollout([['a', 'x'], ['b'], ['c']])
    applyEvent(state, { kind: 'paused', at: 2 })
    exit(state, 'a', 0)
    expect(nextMove(state).kind).toBe('wait')
    applyEvent(state, { kind: 'resumed', at: 3 })
    exit(state, 'x', 0)
    expect(nextMove(state).kind).toBe('next')
    applyEvent(state, { kind: 'paused', at: 4 })
    expect(nextMove(state).kind).toBe('held')
    applyEvent(state, { kind: 'silenceAssumed', agentId: 'b', verdict: 'no-reply', at: 5 })
    expect(nextMove(state).kind).toBe('stop')
  })

  it('waits for the step under way even when an agent of a later step has answered already', () => {
    const state = startRollout([
      ['a', 'b'],
      ['c', 'd'],
    ])
    exit(state, 'a', 0)
    exit(state, 'c', 0)
    expect(nextMove(state).kind).toBe('wait')
    exit(state, 'b', 0)
    expect(nextMove(state).kind).toBe('next')
  })

  it('has nothing to do without a rollout, or after its last step', () => {
    expect(nextMove(startRollout([['a']])).kind).toBe('wait')
    const { request, ...state } = startRollout([['a'], ['b']])
    const { rollout: _, ...withoutRollout } = request
    expect(nextMove({ ...state, request: withoutRollout }).kind).toBe('wait')
  })
})

function startRollout(steps: string[][], rollout: Rollout = {}) {
  const state = startRunState({
    runId: 'run-of-a-test',
    environment: 'testing',
    request: { filter: '*', action: { kind: 'ping' }, timeoutMs: 1000, rollout },
    issuer: { name: 'ada', host: 'laptop' },
    startedAt: 0,
  })
  const agents = steps.flat().map((agentId) => ({ agentId, hostname: agentId }))
  applyEvent(state, { kind: 'agentsExpected', agents, steps })
  applyEvent(state, { kind: 'stepStarted', at: 1 })
  return state
}

function exit(state: ReturnType<typeof startRollout>, agentId: string, code: number): void {
  applyEvent(state, {
    ...{ kind: 'resultReceived', agentId, hostname: agentId, at: 2, identity: 'unproven' },
    ...{ outcome: { kind: 'exited', code }, durationMs: 1, frames: 0, digest: 'x:y', droppedBytes: 0 },
  })
}

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `agent-${index}`)
}

const anyAmount = fc.oneof(fc.record({ count: fc.nat(50) }), fc.record({ percent: fc.nat(120) }))
const anyRollout: fc.Arbitrary<Rollout> = fc.record(
  { canary: fc.nat(20), batch: anyAmount, maxFailures: anyAmount },
  { requiredKeys: [] },
)
