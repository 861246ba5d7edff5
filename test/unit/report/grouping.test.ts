import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unfoldHosts } from '../../../src/hosts/hostFolding.ts'
import type { Outcome } from '../../../src/protocol/messages.ts'
import { groupReplies } from '../../../src/report/grouping.ts'
import type { RunEvent } from '../../../src/run/runEvent.ts'
import { applyEvent } from '../../../src/run/runReducer.ts'
import type { Unseen } from '../../../src/run/runRequest.ts'
import { type RunState, startRunState } from '../../../src/run/runState.ts'

describe('groupReplies', () => {
  it('puts replies together that are the same in verdict, exit code and output, and no others', () => {
    const state = startRun(['web1', 'web2', 'web3', 'web4', 'web5'])
    exit(state, 'web1', 0, 'same')
    exit(state, 'web2', 0, 'same')
    exit(state, 'web3', 0, 'other')
    exit(state, 'web4', 1, 'same')
    exit(state, 'web5', 2, 'same')
    expect(hostsOf(state)).toEqual(['web4', 'web5', 'web3', 'web[1-2]'])
  })

  it('puts every agent into exactly one group, and at most one is the majority', () => {
    fc.assert(
      fc.property(fc.array(anyEnd, { minLength: 1, maxLength: 40 }), (ends) => {
        const state = startRun(ends.map((_, index) => `web${index}`))
        for (const [index, end] of ends.entries()) end(state, `web${index}`)
        const groups = groupReplies(state)
        expect(groups.flatMap(({ agentIds }) => agentIds).toSorted()).toEqual(
          [...state.replies.keys()].toSorted(),
        )
        expect(new Set(groups.map(({ key }) => key)).size).toBe(groups.length)
        expect(groups.filter(({ majority }) => majority).length).toBeLessThanOrEqual(1)
        for (const { agentIds, hosts, representative } of groups) {
          expect(unfoldHosts(hosts).toSorted()).toEqual([...agentIds].toSorted())
          expect(agentIds).toContain(representative)
        }
      }),
    )
  })

  it('names outliers first, the majority after them, and who has not answered yet at the end', () => {
    const state = startRun(['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9'])
    for (const host of ['a1', 'a2', 'a3', 'a8', 'a9']) exit(state, host, 0, 'fine')
    exit(state, 'a4', 0, 'odd')
    exit(state, 'a5', 1, 'broken')
    applyEvent(state, { kind: 'acknowledged', ...heard('a6'), started: 'yes' })
    expect(
      groupReplies(state).map(({ hosts, state: verdict, majority }) => [hosts, verdict, majority]),
    ).toEqual([
      ['a5', 'failed', false],
      ['a4', 'succeeded', false],
      ['a[1-3,8-9]', 'succeeded', true],
      ['a6', 'running', false],
      ['a7', 'expected', false],
    ])
  })

  it('names a failure first, also where more than half have failed', () => {
    const state = startRun(['a1', 'a2', 'a3'])
    exit(state, 'a1', 1, 'broken')
    exit(state, 'a2', 1, 'broken')
    exit(state, 'a3', 0, 'fine')
    expect(groupReplies(state).map(({ hosts, majority }) => [hosts, majority])).toEqual([
      ['a[1-2]', true],
      ['a3', false],
    ])
  })

  it('names what executed unexpectedly before all else, also while it runs, and never calls it the majority', () => {
    const state = startRun(['a1', 'a2'], 'left-out')
    exit(state, 'a1', 1, 'broken')
    applyEvent(state, { kind: 'acknowledged', ...heardFrom('x4'), started: 'yes' })
    expect(groupReplies(state)[0]).toMatchObject({ state: 'unexpected', hosts: 'x4', detail: 'running' })
    exit(state, 'x4', 0, 'fine')
    for (const host of ['x1', 'x2', 'x3']) exit(state, host, 0, 'fine')
    exit(state, 'a2', 0, 'fine')
    const ran = groupReplies(state)[0]
    expect(ran).toMatchObject({
      state: 'unexpected',
      hosts: 'x[1-4]',
      detail: 'exit code 0',
      majority: false,
    })
  })

  it('calls only what more than half of those say who have answered, or still may, the majority', () => {
    const state = startRun(['a1', 'a2', 'a3', 'a4', 'a5'])
    const majorities = () => groupReplies(state).flatMap(({ hosts, majority }) => (majority ? [hosts] : []))
    exit(state, 'a1', 1, 'one')
    expect(majorities()).toEqual([])
    exit(state, 'a2', 0, 'other')
    exit(state, 'a3', 0, 'other')
    expect(majorities()).toEqual([])
    applyEvent(state, { kind: 'silenceAssumed', agentId: 'a4', verdict: 'no-reply', at: 3 })
    applyEvent(state, { kind: 'silenceAssumed', agentId: 'a5', verdict: 'no-reply', at: 3 })
    expect(majorities()).toEqual(['a[2-3]'])
  })

  it('keeps a reply by itself that is not whole: nobody knows what is missing', () => {
    const state = startRun(['a1', 'a2', 'a3'])
    for (const host of ['a1', 'a2', 'a3']) exit(state, host, 0, 'same', 1)
    for (const agentId of ['a1', 'a2'])
      applyEvent(state, { kind: 'outputSettled', agentId, output: 'incomplete', at: 3 })
    applyEvent(state, { kind: 'outputSettled', agentId: 'a3', output: 'complete', at: 3 })
    expect(hostsOf(state).toSorted()).toEqual(['a1', 'a2', 'a3'])
  })

  it('tells replies apart of which the output limit left out more or less', () => {
    const state = startRun(['a1', 'a2'])
    exit(state, 'a1', 0, 'head and tail', 0, 10)
    exit(state, 'a2', 0, 'head and tail', 0, 20)
    expect(hostsOf(state).toSorted()).toEqual(['a1', 'a2'])
  })

  it('says in words what an exit code, a signal or a refusal says', () => {
    const state = startRun(['a1', 'a2', 'a3', 'a4', 'a5'])
    exit(state, 'a1', 127, '')
    end(state, 'a2', { kind: 'signalled', signal: 'SIGSEGV' })
    end(state, 'a3', { kind: 'not-executed', reason: 'there is no user www' })
    end(state, 'a4', { kind: 'cancelled', started: false })
    applyEvent(state, { kind: 'refused', ...heard('a5'), code: 'policy', reason: 'not by you' })
    expect(Object.fromEntries(groupReplies(state).map(({ hosts, detail }) => [hosts, detail]))).toEqual({
      a1: 'exit code 127',
      a2: 'ended by SIGSEGV',
      a3: 'there is no user www',
      a4: 'before it started',
      a5: 'not by you',
    })
  })
})

const heardFrom = (agentId: string) => ({
  ...{ agentId, hostname: agentId, at: 9, identity: 'unproven' as const },
})

function startRun(hosts: readonly string[], unseen?: Unseen): RunState {
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
  const agents = hosts.map((host) => ({ agentId: host, hostname: host }))
  applyEvent(state, { kind: 'agentsExpected', agents, steps: [[...hosts]] })
  applyEvent(state, { kind: 'stepStarted', at: 1 })
  return state
}

function heard(agentId: string) {
  return { agentId, hostname: agentId, at: 2, identity: 'unproven' as const }
}

function end(state: RunState, agentId: string, outcome: Outcome, more: Partial<RunEvent> = {}): void {
  applyEvent(state, {
    ...{ kind: 'resultReceived', ...heard(agentId), outcome },
    ...{ durationMs: 1, frames: 0, digest: 'x:y', droppedBytes: 0 },
    ...more,
  } as RunEvent)
}

function exit(
  state: RunState,
  host: string,
  code: number,
  output: string,
  frames = 0,
  droppedBytes = 0,
): void {
  end(state, host, { kind: 'exited', code }, { digest: `${output}:`, frames, droppedBytes })
}

function hostsOf(state: RunState): string[] {
  return groupReplies(state).map(({ hosts }) => hosts)
}

const anyEnd = fc.constantFrom<(state: RunState, agentId: string) => void>(
  (state, agentId) => exit(state, agentId, 0, 'one'),
  (state, agentId) => exit(state, agentId, 0, 'two'),
  (state, agentId) => exit(state, agentId, 1, 'one'),
  (state, agentId) => exit(state, agentId, 0, 'one', 1),
  (state, agentId) => applyEvent(state, { kind: 'silenceAssumed', agentId, verdict: 'no-reply', at: 5 }),
  (state, agentId) => applyEvent(state, { kind: 'acknowledged', ...heard(agentId), started: 'yes' }),
  () => {},
)
