import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../../src/protocol/messages.ts'
import { exitCodeOf } from '../../../src/report/exitCode.ts'
import type { RunEvent } from '../../../src/run/runEvent.ts'
import { applyEvent } from '../../../src/run/runReducer.ts'
import type { Unseen } from '../../../src/run/runRequest.ts'
import { startRunState } from '../../../src/run/runState.ts'

describe('exitCodeOf', () => {
  it.each<[string, End[], number]>([
    ['0 when everyone succeeded', [exited(0), exited(0)], 0],
    ['the last one that is not 0', [exited(3), exited(0), exited(7), exited(0)], 7],
    ['124 for a timeout', [{ kind: 'timed-out' }], 124],
    ['130 when it was cancelled', [{ kind: 'cancelled', started: true }], 130],
    ['126 when it was refused', ['refused'], 126],
    ['1 for silence', ['no-reply', exited(0)], 1],
    ['1 for an agent that was lost', ['lost'], 1],
    ['1 for a signal', [{ kind: 'signalled', signal: 'SIGKILL' }], 1],
    ['1 for an interruption', [{ kind: 'interrupted' }], 1],
    ['1 when it could not be executed', [{ kind: 'not-executed', reason: 'no such user' }], 1],
    ['1 for agents that were not started', ['not-started', exited(0)], 1],
  ])('is %s', (_, ends, code) => {
    expect(exitCodeOf(runWith(ends), 'last-non-zero')).toBe(code)
    expect(exitCodeOf(runWith(ends), 'strict')).toBe(code === 0 ? 0 : 1)
  })

  it('is 5 as soon as an agent has executed the command without being named, whatever the others did', () => {
    const state = runWith([exited(3), exited(0)], 'left-out')
    expect(exitCodeOf(state, 'last-non-zero')).toBe(3)
    applyEvent(state, resultOf('not meant', exited(0)))
    expect([exitCodeOf(state, 'last-non-zero'), exitCodeOf(state, 'strict')]).toEqual([5, 5])
  })

  it('counts agents that joined', () => {
    const state = runWith([exited(0)])
    applyEvent(state, resultOf('joined', exited(9)))
    expect(exitCodeOf(state, 'last-non-zero')).toBe(9)
  })
})

type End = Outcome | 'refused' | 'no-reply' | 'lost' | 'not-started'

function exited(code: number): Outcome {
  return { kind: 'exited', code }
}

function resultOf(agentId: string, outcome: Outcome): RunEvent {
  return {
    ...{ kind: 'resultReceived', agentId, hostname: agentId, at: 2, identity: 'unproven', outcome },
    ...{ durationMs: 1, frames: 0, digest: 'x:y', droppedBytes: 0 },
  }
}

function runWith(ends: readonly End[], unseen?: Unseen) {
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
  const agents = ends.map((_, index) => ({ agentId: `a${index}`, hostname: `a${index}` }))
  const started = agents.filter((_, index) => ends[index] !== 'not-started').map(({ agentId }) => agentId)
  const later = agents.filter((_, index) => ends[index] === 'not-started').map(({ agentId }) => agentId)
  applyEvent(state, { kind: 'agentsExpected', agents, steps: [started, later] })
  applyEvent(state, { kind: 'stepStarted', at: 0 })
  applyEvent(state, { kind: 'rolloutStopped', reason: 'by hand', at: 1 })
  for (const [index, end] of ends.entries()) {
    const agentId = `a${index}`
    if (end === 'refused') {
      const heard = { agentId, hostname: agentId, at: 2, identity: 'unproven' } as const
      applyEvent(state, { kind: 'refused', ...heard, code: 'policy', reason: 'no' })
    } else if (end === 'no-reply' || end === 'lost') {
      applyEvent(state, { kind: 'silenceAssumed', agentId, verdict: end, at: 2 })
    } else if (end !== 'not-started') applyEvent(state, resultOf(agentId, end))
  }
  return state
}
