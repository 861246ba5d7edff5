import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  agentsUnderWay,
  canaryOf,
  exceedsBudget,
  nextMove,
  planSteps,
  windowSize,
} from '../../../src/run/rollout.ts'
import type { RunEvent } from '../../../src/run/runEvent.ts'
import { applyEvent } from '../../../src/run/runReducer.ts'
import type { Amount, Rollout } from '../../../src/run/runRequest.ts'
import { failures, isSettled, startRunState } from '../../../src/run/runState.ts'
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

  it('starts with the canary that was chosen, as far as the run reaches it, and reaches each of the others once', () => {
    const chosen = { canary: 2, canaryAgents: ['agent-4', 'agent-2', 'gone'] }
    expect(planSteps(ids(5), { ...chosen, batch: { count: 2 } })).toEqual([
      ['agent-2', 'agent-4'],
      ['agent-0', 'agent-1'],
      ['agent-3'],
    ])
    // Of those that were chosen, none is there: as many go first as were chosen.
    expect(planSteps(ids(3), { canary: 2, canaryAgents: ['gone', 'away'] })[0]).toEqual([
      'agent-0',
      'agent-1',
    ])
  })

  it('has a step of one agent for each place of a window, after the canary', () => {
    const sizes = (rollout: Rollout) => planSteps(ids(5), rollout).map(({ length }) => length)
    expect(sizes({ window: { count: 3 } })).toEqual([1, 1, 1, 1, 1])
    expect(sizes({ canary: 2, window: { percent: 50 } })).toEqual([2, 1, 1, 1])
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

  it('pauses between steps, and with a window only after the canary', () => {
    const batches = startRollout([['a'], ['b']], { batch: { count: 1 }, pauseMs: 500 })
    exit(batches, 'a', 0)
    expect(nextMove(batches)).toEqual({ kind: 'next', steps: 1, pauseMs: 500 })
    const window = startRollout([['a'], ['b'], ['c'], ['d']], {
      ...{ canary: 1, window: { count: 2 }, pauseMs: 500 },
    })
    expect(nextMove(window)).toEqual({ kind: 'wait' })
    exit(window, 'a', 0)
    expect(nextMove(window)).toEqual({ kind: 'next', steps: 2, pauseMs: 500 })
    applyEvent(window, { kind: 'stepStarted', at: 3 })
    applyEvent(window, { kind: 'stepStarted', at: 3 })
    expect(nextMove(window)).toEqual({ kind: 'wait' })
    exit(window, 'c', 0)
    expect(nextMove(window)).toEqual({ kind: 'next', steps: 1, pauseMs: 0 })
  })

  it('starts as many as a window has room for, from the beginning where there is no canary', () => {
    const agents = ids(5).map((agentId) => ({ agentId, hostname: agentId }))
    const state = unsent({ window: { percent: 50 } })
    applyEvent(state, { kind: 'agentsExpected', agents, steps: planSteps(ids(5), state.request.rollout) })
    expect(nextMove(state)).toEqual({ kind: 'next', steps: 3, pauseMs: 0 })
  })

  it('has nothing to do without a rollout, or after its last step', () => {
    expect(nextMove(startRollout([['a']])).kind).toBe('wait')
    const { request, ...state } = startRollout([['a'], ['b']])
    const { rollout: _, ...withoutRollout } = request
    expect(nextMove({ ...state, request: withoutRollout }).kind).toBe('wait')
  })
})

describe('A rollout with a window', () => {
  it('never has more agents under way than it allows when one starts, runs the canary alone, and ends', () => {
    fc.assert(
      fc.property(anyWindowedRun, ({ count, rollout, choices }) => {
        const played = playToEnd(count, rollout, choices)
        const { state } = played
        const most = windowSize(rollout.window as Amount, count)
        const canary = canaryOf(ids(count), rollout)
        for (const { underWay, started } of played.starts) {
          const isCanary = canary.length > 0 && started <= 1
          expect(underWay).toBeLessThanOrEqual(isCanary ? canary.length : most)
          if (isCanary) expect(underWay).toBe(canary.length)
        }
        expect(state.phase).toBe('over')
        expect(state.stepsStarted === state.steps.length || state.stopReason !== undefined).toBe(true)
        expect(state.replies.size).toBe(count)
        // Which step an agent is in never changes, however the rollout ends.
        expect(state.steps).toEqual(planSteps(ids(count), rollout))
      }),
    )
  })

  it('starts nobody once more have failed than it allows', () => {
    fc.assert(
      fc.property(anyWindowedRun, ({ count, rollout, choices }) => {
        const { starts, state } = playToEnd(count, rollout, choices)
        for (const { failed } of starts) expect(exceedsBudget(failed, count, rollout)).toBe(false)
        if (state.counts['not-started'] > 0) expect(exceedsBudget(failures(state), count, rollout)).toBe(true)
      }),
    )
  })

  it('comes to the same verdicts in whatever order agents end, where failures do not stop it', () => {
    const rollout = { canary: 1, window: { count: 3 }, maxFailures: { percent: 100 } }
    fc.assert(
      fc.property(anyChoices, anyChoices, fc.integer({ min: 1, max: 30 }), (one, other, count) => {
        const verdicts = [one, other].map((choices) => {
          const { state } = playToEnd(count, rollout, choices, (agentId) => agentId.endsWith('3'))
          return [...state.replies.values()].map(({ agentId, state }) => `${agentId} ${state}`)
        })
        expect(verdicts[0]).toEqual(verdicts[1])
      }),
    )
  })

  it('goes on after a restart as it would have gone on without', () => {
    fc.assert(
      fc.property(anyWindowedRun, ({ count, rollout, choices }) => {
        const { events, state } = playToEnd(count, rollout, choices)
        const replayed = unsent(rollout)
        for (const event of JSON.parse(JSON.stringify(events))) applyEvent(replayed, event)
        expect(JSON.parse(JSON.stringify(replayed))).toEqual(JSON.parse(JSON.stringify(state)))
        expect(nextMove(replayed)).toEqual(nextMove(state))
      }),
    )
  })
})

interface Start {
  /** Agents under way, right after it. */
  readonly underWay: number
  readonly failed: number
  readonly started: number
}

/** Plays a rollout: starts what {@link nextMove} says, and ends one of the agents under way, by choice, until it is over. */
function playToEnd(
  count: number,
  rollout: Rollout,
  choices: readonly number[],
  fails: (agentId: string, choice: number) => boolean = (_, choice) => choice % 5 === 0,
) {
  const state = unsent(rollout)
  const events: RunEvent[] = []
  const starts: Start[] = []
  const apply = (event: RunEvent) => {
    events.push(event)
    applyEvent(state, event)
  }
  const agents = ids(count).map((agentId) => ({ agentId, hostname: agentId }))
  apply({ kind: 'agentsExpected', agents, steps: planSteps(ids(count), rollout) })
  for (let turn = 0; state.phase !== 'over'; turn += 1) {
    const move = nextMove(state)
    if (move.kind === 'stop') apply({ kind: 'rolloutStopped', reason: 'failures', at: turn })
    if (move.kind === 'next') {
      for (let step = 0; step < move.steps; step += 1) apply({ kind: 'stepStarted', at: turn })
      starts.push({
        ...{ underWay: agentsUnderWay(state), failed: failures(state), started: state.stepsStarted },
      })
      continue
    }
    const running = [...state.replies.values()].filter(
      (reply) => reply.sentAt !== undefined && !isSettled(reply),
    )
    const choice = choices[turn % choices.length] ?? 0
    const one = running[choice % running.length]
    if (one === undefined) break
    const code = fails(one.agentId, choice) ? 1 : 0
    apply(exitOf(one.agentId, code, turn))
  }
  return { state, starts, events }
}

function unsent(rollout: Rollout) {
  return startRunState({
    runId: 'run-of-a-test',
    environment: 'testing',
    request: { filter: '*', action: { kind: 'ping' }, timeoutMs: 1000, rollout },
    issuer: { name: 'ada', host: 'laptop' },
    startedAt: 0,
  })
}

function startRollout(steps: string[][], rollout: Rollout = {}) {
  const state = unsent(rollout)
  const agents = steps.flat().map((agentId) => ({ agentId, hostname: agentId }))
  applyEvent(state, { kind: 'agentsExpected', agents, steps })
  applyEvent(state, { kind: 'stepStarted', at: 1 })
  return state
}

function exit(state: ReturnType<typeof startRollout>, agentId: string, code: number): void {
  applyEvent(state, exitOf(agentId, code, 2))
}

function exitOf(agentId: string, code: number, at: number): RunEvent {
  return {
    ...{ kind: 'resultReceived', agentId, hostname: agentId, at, identity: 'unproven' },
    ...{ outcome: { kind: 'exited', code }, durationMs: 1, frames: 0, digest: 'x:y', droppedBytes: 0 },
  }
}

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `agent-${index}`)
}

const anyAmount = fc.oneof(fc.record({ count: fc.nat(50) }), fc.record({ percent: fc.nat(120) }))
const anyChoices = fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 })
const anyWindowedRun = fc.record({
  count: fc.integer({ min: 1, max: 40 }),
  choices: anyChoices,
  rollout: fc.record(
    { canary: fc.nat(5), window: anyAmount, maxFailures: anyAmount },
    { requiredKeys: ['window'] },
  ),
})
const anyRollout: fc.Arbitrary<Rollout> = fc.record(
  { canary: fc.nat(20), batch: anyAmount, window: anyAmount, maxFailures: anyAmount },
  { requiredKeys: [] },
)
