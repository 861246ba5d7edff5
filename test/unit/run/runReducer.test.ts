import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isVerdict, verdicts } from '../../../src/protocol/verdict.ts'
import { because, type RunEvent } from '../../../src/run/runEvent.ts'
import { applyEvent } from '../../../src/run/runReducer.ts'
import type { Unseen } from '../../../src/run/runRequest.ts'
import { isSettled, type ReplyState, type RunState, startRunState } from '../../../src/run/runState.ts'
import { say } from '../../../src/text/localizable.ts'

describe('A reply that was rejected, as another sender forged it', () => {
  it('marks its agent, of whose verdict it changes nothing, and adds no agent', () => {
    const state = startRun([['a']], 'left-out')
    expect(applyEvent(state, { kind: 'contested', agentId: 'ghost', at: 2 })).toBe(false)
    expect(applyEvent(state, { kind: 'contested', agentId: 'a', at: 2 })).toBe(true)
    expect(applyEvent(state, { kind: 'contested', agentId: 'a', at: 3 })).toBe(false)
    expect(replyOf(state, 'a')).toMatchObject({ state: 'expected', conflicting: true, heardAt: undefined })
    expect([...state.replies.keys()]).toEqual(['a'])
  })
})

describe('applyEvent', () => {
  it('gives every expected agent exactly one verdict, whatever happens in whatever order, and keeps the sums true', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        const state = startRun(story.steps, story.unseen)
        for (const event of story.events) {
          applyEvent(state, event)
          expectTrueSums(state)
        }
        for (const event of endOfTime(state)) {
          applyEvent(state, event)
          expectTrueSums(state)
        }
        expect(state.phase).toBe('over')
        expect(state.endedAt).toBeDefined()
        for (const agentId of agentIds) {
          const { state: verdict } = replyOf(state, agentId)
          expect(isVerdict(verdict)).toBe(true)
        }
        const verdictsGiven = verdicts.reduce((sum, verdict) => sum + state.counts[verdict], 0)
        expect(verdictsGiven).toBe(state.replies.size)
      }),
      { numRuns: 500 },
    )
  })

  it('never takes a verdict away once the run is over, and never starts it again', () => {
    fc.assert(
      fc.property(anyStory, fc.array(anyEvent, { maxLength: 30 }), (story, late) => {
        const state = startRun(story.steps, story.unseen)
        for (const event of story.events) applyEvent(state, event)
        for (const event of endOfTime(state)) applyEvent(state, event)
        const { endedAt } = state
        for (const event of late) {
          applyEvent(state, event)
          expectTrueSums(state)
          for (const reply of state.replies.values()) expect(isVerdict(reply.state)).toBe(true)
        }
        expect(state).toMatchObject({ phase: 'over', endedAt })
      }),
      { numRuns: 300 },
    )
  })

  it('comes to the same verdicts when every event comes twice', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        const once = startRun(story.steps, story.unseen)
        const twice = startRun(story.steps, story.unseen)
        for (const event of story.events) {
          applyEvent(once, event)
          applyEvent(twice, event)
          // Output is counted once by whoever puts the frames together.
          if (event.kind !== 'outputReceived' && event.kind !== 'stepStarted') applyEvent(twice, event)
        }
        expect(verdictsOf(twice)).toEqual(verdictsOf(once))
        expect(twice.phase).toBe(once.phase)
      }),
      { numRuns: 300 },
    )
  })

  it('comes to the same state when the history replays what changed something', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        const lived = startRun(story.steps, story.unseen)
        const kept = story.events.filter((event) => applyEvent(lived, event))
        const replayed = startRun(story.steps, story.unseen)
        for (const event of JSON.parse(JSON.stringify(kept)) as RunEvent[]) applyEvent(replayed, event)
        expect(JSON.parse(JSON.stringify([...replayed.replies]))).toEqual(
          JSON.parse(JSON.stringify([...lived.replies])),
        )
        expect({ ...replayed, replies: 0 }).toEqual({ ...lived, replies: 0 })
      }),
    )
  })

  it('makes of a result with all of its output what it makes of one after the other', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        const atOnce = startRun(story.steps, story.unseen)
        const inTurn = startRun(story.steps, story.unseen)
        for (const event of story.events) {
          applyEvent(atOnce, event)
          for (const part of partsOf(event)) applyEvent(inTurn, part)
          expect(atOnce).toEqual(inTurn)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('ends a run with the last reply, not before and not after', () => {
    const state = startRun([agentIds])
    for (const agentId of agentIds.slice(1)) applyEvent(state, exited(agentId, 0, 10))
    expect(state.phase).toBe('running')
    applyEvent(state, exited('a', 1, 11))
    expect(state).toMatchObject({ phase: 'over', endedAt: 11, unsettled: 0 })
    expect(state.counts).toMatchObject({ succeeded: agentIds.length - 1, failed: 1 })
  })

  it('waits for output that is still missing, also when the result is there', () => {
    const state = startRun([['a']])
    applyEvent(state, exited('a', 0, 10, 2))
    expect(replyOf(state, 'a')).toMatchObject({ state: 'succeeded', output: 'partial' })
    expect(state.phase).toBe('running')
    applyEvent(state, { kind: 'outputSettled', agentId: 'a', output: 'incomplete', at: 12 })
    expect(state.phase).toBe('over')
    applyEvent(state, { kind: 'outputSettled', agentId: 'a', output: 'complete', at: 13 })
    expect(replyOf(state, 'a').output).toBe('complete')
    applyEvent(state, { kind: 'outputSettled', agentId: 'a', output: 'incomplete', at: 14 })
    expect(replyOf(state, 'a').output).toBe('complete')
  })

  it.each(['no-reply', 'lost'] as const)(
    'corrects an assumed %s by the answer, and says that it was late',
    (verdict) => {
      const state = startRun([['a', 'b']])
      if (verdict === 'lost') applyEvent(state, acknowledged('a', 5))
      applyEvent(state, { kind: 'silenceAssumed', agentId: 'a', verdict, at: 10 })
      expect(replyOf(state, 'a').state).toBe(verdict)
      applyEvent(state, acknowledged('a', 11))
      expect(replyOf(state, 'a').state).toBe('running')
      applyEvent(state, exited('a', 0, 12))
      expect(replyOf(state, 'a')).toMatchObject({ state: 'succeeded', late: true })
      expect(replyOf(state, 'b').late).toBe(false)
    },
  )

  it('corrects an assumption after the end, without ending it again', () => {
    const state = startRun([['a']])
    applyEvent(state, { kind: 'silenceAssumed', agentId: 'a', verdict: 'no-reply', at: 10 })
    expect(applyEvent(state, acknowledged('a', 11))).toBe(false)
    applyEvent(state, exited('a', 3, 12))
    expect(replyOf(state, 'a')).toMatchObject({ state: 'failed', late: true })
    expect(state).toMatchObject({ phase: 'over', endedAt: 10 })
  })

  it('does not go on to call an agent silent whose output comes after the end: its result is missing', () => {
    const state = startRun([['a']])
    applyEvent(state, { kind: 'silenceAssumed', agentId: 'a', verdict: 'no-reply', at: 10 })
    applyEvent(state, output('a', 11))
    expect(replyOf(state, 'a')).toMatchObject({ state: 'lost', late: true })
    expect(state.counts).toMatchObject({ 'no-reply': 0, lost: 1 })
    applyEvent(state, exited('a', 0, 12))
    expect(replyOf(state, 'a')).toMatchObject({ state: 'succeeded' })
    expect(state).toMatchObject({ phase: 'over', endedAt: 10 })
  })

  it('does not call an answer late because SQS brought it twice', () => {
    const state = startRun([['a']])
    const refused = { kind: 'refused', ...heard('a', 10), code: 'policy', reason: 'no' } as const
    applyEvent(state, refused)
    expect(applyEvent(state, refused)).toBe(false)
    expect(replyOf(state, 'a')).toMatchObject({ state: 'refused', late: false })
  })

  it('lets an agent join that was not expected', () => {
    const state = startRun([['a']])
    applyEvent(state, exited('new', 0, 10))
    expect(replyOf(state, 'new')).toMatchObject({ state: 'succeeded', expected: false, hostname: 'host-new' })
    expect(state.phase).toBe('running')
  })

  it('does not wait for output of an agent that refused after it had begun', () => {
    const state = startRun([['a']])
    applyEvent(state, output('a', 5))
    applyEvent(state, { kind: 'refused', ...heard('a', 10), code: 'busy', reason: 'no' })
    expect(replyOf(state, 'a')).toMatchObject({ state: 'refused', output: 'incomplete' })
    expect(state.phase).toBe('over')
  })

  it('does not start what the rollout did not reach', () => {
    const state = startRun([['a'], ['b', 'c'], ['d']])
    applyEvent(state, exited('a', 1, 10))
    applyEvent(state, { kind: 'rolloutStopped', reason: '1 agent has failed', at: 11 })
    expect(state).toMatchObject({ phase: 'over', stopReason: '1 agent has failed' })
    expect(state.counts).toMatchObject({ failed: 1, 'not-started': 3 })
  })

  it('keeps all steps of a rollout that has stopped: which step an agent is in does not change', () => {
    const state = startRun([['a'], ['b', 'c'], ['d']])
    applyEvent(state, { kind: 'rolloutStopped', reason: 'stopped manually', at: 11 })
    expect(state).toMatchObject({ steps: [['a'], ['b', 'c'], ['d']], stepsStarted: 1 })
    expect(applyEvent(state, { kind: 'stepStarted', at: 12 })).toBe(false)
  })

  it('keeps why the rollout stopped in English and as a sentence to translate, the first reason only', () => {
    const state = startRun([['a'], ['b']])
    const why = say('{0} agents have failed', 2)
    applyEvent(state, { kind: 'rolloutStopped', ...because(why), at: 11 })
    applyEvent(state, { kind: 'sendFailed', agentIds: ['a'], ...because(say('cancelled')), at: 12 })
    expect(state).toMatchObject({ stopReason: '2 agents have failed', stopSentence: why })
  })

  it('reads why a rollout stopped in a record of an earlier version', () => {
    const state = startRun([['a'], ['b']])
    applyEvent(state, { kind: 'rolloutStopped', reason: '2 agents have failed', at: 11 })
    expect([state.stopReason, state.stopSentence]).toEqual(['2 agents have failed', undefined])
  })

  it('stops a paused rollout, too', () => {
    const state = startRun([['a'], ['b']])
    applyEvent(state, { kind: 'paused', at: 5 })
    applyEvent(state, { kind: 'cancelRequested', at: 6 })
    expect(state.phase).toBe('running')
    applyEvent(state, exited('a', 0, 10))
    expect(state.phase).toBe('over')
    expect(replyOf(state, 'b').state).toBe('not-started')
  })

  it('keeps why an agent did not stop', () => {
    const state = startRun([['a']])
    applyEvent(state, acknowledged('a', 5))
    applyEvent(state, { kind: 'cancelRefused', agentId: 'a', reason: 'not by you', at: 6 })
    expect(replyOf(state, 'a')).toMatchObject({ state: 'running', cancelRefused: 'not by you' })
  })
})

const agentIds = ['a', 'b', 'c', 'd']

function startRun(steps: readonly (readonly string[])[], unseen?: Unseen): RunState {
  const state = startRunState({
    runId: 'run-of-a-test',
    environment: 'testing',
    request: {
      ...{ filter: '*', action: { kind: 'ping' }, timeoutMs: 1000 },
      ...(unseen === undefined ? {} : { unseen }),
    },
    issuer: { name: 'ada', host: 'laptop' },
    startedAt: 0,
  })
  const agents = steps.flat().map((agentId) => ({ agentId, hostname: `host-${agentId}` }))
  applyEvent(state, { kind: 'agentsExpected', agents, steps })
  applyEvent(state, { kind: 'stepStarted', at: 1 })
  return state
}

function replyOf(state: RunState, agentId: string): ReplyState {
  return state.replies.get(agentId) as ReplyState
}

function verdictsOf(state: RunState) {
  return [...state.replies.values()].map(({ agentId, state: verdict, late }) => [agentId, verdict, late])
}

function expectTrueSums(state: RunState): void {
  const counts = { expected: 0, running: 0, ...Object.fromEntries(verdicts.map((verdict) => [verdict, 0])) }
  let [unsettled, unexpected] = [0, 0]
  for (const reply of state.replies.values()) {
    if (reply.unexpected) {
      unexpected += 1
      expect(['running', 'unexpected']).toContain(reply.state)
    }
    counts[reply.state as 'expected'] += 1
    if (!isSettled(reply)) unsettled += 1
  }
  expect(state.counts).toEqual(counts)
  expect(state.unsettled).toBe(unsettled)
  expect(state.unexpected).toBe(unexpected)
  if (state.phase !== 'over') expect(unsettled > 0 || state.awaitsUnseen).toBe(true)
}

/** What time and the end of patience bring to any run. */
function endOfTime(state: RunState): RunEvent[] {
  const at = 1_000_000
  const everyone = [...state.replies.keys()]
  return [
    { kind: 'rolloutStopped', reason: 'enough', at },
    { kind: 'unseenAwaited', at },
    ...everyone.map((agentId) => ({ kind: 'silenceAssumed', agentId, verdict: 'no-reply', at }) as const),
    ...everyone.map((agentId) => ({ kind: 'outputSettled', agentId, output: 'incomplete', at }) as const),
  ]
}

function heard(agentId: string, at: number) {
  return { agentId, hostname: `host-${agentId}`, at, identity: 'unproven' as const }
}

function acknowledged(agentId: string, at: number): RunEvent {
  return { kind: 'acknowledged', ...heard(agentId, at), started: 'yes' }
}

function output(agentId: string, at: number): RunEvent {
  return { kind: 'outputReceived', ...heard(agentId, at), stdoutBytes: 3, stderrBytes: 1, frames: 1 }
}

/** The events that say one after the other what a result with its output says at once. */
function partsOf(event: RunEvent): RunEvent[] {
  if (event.kind !== 'resultReceived') return [event]
  const { gathered, output: ended, ...result } = event
  const { agentId, hostname, at, identity } = event
  return [
    ...(gathered === undefined
      ? []
      : [{ kind: 'outputReceived', agentId, hostname, at, identity, ...gathered } as const]),
    result,
    ...(ended === undefined ? [] : [{ kind: 'outputSettled', agentId, output: ended, at } as const]),
  ]
}

function exited(agentId: string, code: number, at: number, frames = 0): RunEvent {
  const outcome = { kind: 'exited', code } as const
  return {
    ...{ kind: 'resultReceived', ...heard(agentId, at), outcome },
    ...{ durationMs: 1, frames, digest: 'x:y', droppedBytes: 0 },
  }
}

const anyAgent = fc.constantFrom(...agentIds, 'new1', 'new2')
const anyGathered = fc.record({ stdoutBytes: fc.nat(9), stderrBytes: fc.nat(9), frames: fc.nat(2) })
const anyEnd = fc.constantFrom('complete' as const, 'incomplete' as const, undefined)
const anyTime = fc.integer({ min: 1, max: 1000 })
const anyOutcome = fc.constantFrom(
  { kind: 'exited' as const, code: 0 },
  { kind: 'exited' as const, code: 7 },
  { kind: 'signalled' as const, signal: 'SIGKILL' },
  { kind: 'timed-out' as const },
  { kind: 'cancelled' as const, started: true },
  { kind: 'interrupted' as const },
  { kind: 'not-executed' as const, reason: 'no such user' },
)

const anyEvent: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.tuple(anyAgent, anyTime, fc.constantFrom('yes' as const, 'queued' as const)).map(
    ([agentId, at, started]): RunEvent => ({
      kind: 'acknowledged',
      ...heard(agentId, at),
      started,
    }),
  ),
  fc.tuple(anyAgent, anyTime).map(([agentId, at]) => output(agentId, at)),
  fc.tuple(anyAgent, anyTime, anyOutcome, fc.nat(2), fc.option(anyGathered, { nil: undefined }), anyEnd).map(
    ([agentId, at, outcome, frames, gathered, ended]): RunEvent => ({
      ...{ kind: 'resultReceived', ...heard(agentId, at), outcome },
      ...{ durationMs: 1, frames, digest: 'x:y', droppedBytes: 0 },
      ...(gathered === undefined ? {} : { gathered }),
      ...(ended === undefined ? {} : { output: ended }),
    }),
  ),
  fc.tuple(anyAgent, anyTime).map(
    ([agentId, at]): RunEvent => ({
      kind: 'refused',
      ...heard(agentId, at),
      code: 'policy',
      reason: 'no',
    }),
  ),
  fc
    .tuple(anyAgent, anyTime, fc.constantFrom('complete' as const, 'incomplete' as const))
    .map(([agentId, at, settled]): RunEvent => ({ kind: 'outputSettled', agentId, output: settled, at })),
  fc
    .tuple(anyAgent, anyTime, fc.constantFrom('no-reply' as const, 'lost' as const))
    .map(([agentId, at, verdict]): RunEvent => ({ kind: 'silenceAssumed', agentId, verdict, at })),
  fc.tuple(anyAgent, anyTime).map(([agentId, at]): RunEvent => ({ kind: 'stillQueued', agentId, at })),
  fc
    .tuple(anyAgent, anyTime)
    .map(([agentId, at]): RunEvent => ({ kind: 'cancelRefused', agentId, reason: 'no', at })),
  fc
    .tuple(fc.uniqueArray(fc.constantFrom(...agentIds)), anyTime)
    .map(([failed, at]): RunEvent => ({ kind: 'sendFailed', agentIds: failed, reason: 'throttled', at })),
  fc
    .tuple(fc.constantFrom('stepStarted', 'cancelRequested', 'paused', 'resumed'), anyTime)
    .map(([kind, at]) => ({ kind, at }) as RunEvent),
  anyTime.map((at): RunEvent => ({ kind: 'rolloutStopped', reason: 'by hand', at })),
)

const anyStory = fc.record({
  steps: fc.constantFrom<readonly (readonly string[])[]>(
    [agentIds],
    [['a'], ['b', 'c', 'd']],
    [['a'], ['b'], ['c'], ['d']],
  ),
  // Absent in runs of earlier versions.
  unseen: fc.constantFrom<Unseen | undefined>('left-out', 'included', undefined),
  events: fc.array(anyEvent, { maxLength: 60 }),
})
