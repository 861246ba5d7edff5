import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AdmissionContext, admit, remembers } from '../../../../agent/src/intake/admission.ts'
import type { CommandMessage } from '../../../../src/protocol/messages.ts'
import { encodeTargetSet } from '../../../../src/protocol/targetSet.ts'
import { admissionContext, command, sentAt } from '../../../support/admissionScene.ts'

const given = (change: Partial<CommandMessage>, change2: Partial<AdmissionContext> = {}) =>
  admit({ ...command, ...change }, sentAt, { ...admissionContext, ...change2 })

describe('a command', () => {
  it('is accepted when filter and targets select this agent', () => {
    expect(given({})).toEqual({ kind: 'accept' })
    expect(given({ filter: '*', targets: ['agent-1'] })).toEqual({ kind: 'accept' })
  })

  it('is ignored when it is for others', () => {
    expect(given({ filter: 'role=db' }).kind).toBe('ignore')
    expect(given({ targets: ['agent-2'] }).kind).toBe('ignore')
    expect(given({ targets: [], filter: '*' }).kind).toBe('ignore')
  })

  it('is refused when this agent is a target and the filter does not match or cannot be parsed', () => {
    expect(given({ filter: 'role=db', targets: ['agent-1'] })).toMatchObject({
      kind: 'refuse',
      code: 'filter',
    })
    expect(given({ filter: 'role=' })).toMatchObject({ kind: 'refuse', code: 'filter' })
    expect(given({ filter: 'role=', targets: ['agent-2'] }).kind).toBe('ignore')
  })

  it('is refused when it was made for another environment, in a queue that is ours', () => {
    expect(given({ environment: 'production', replyTo: 'production_agent' })).toMatchObject({
      kind: 'refuse',
      code: 'environment',
      replyTo: 'testing_agent',
    })
  })

  it('is refused when replies would leave the environment', () => {
    for (const replyTo of ['production_agent', 'testing_master', 'testing2_agent', 'x']) {
      expect(given({ replyTo })).toMatchObject({
        kind: 'refuse',
        code: 'reply-queue',
        replyTo: 'testing_agent',
      })
    }
  })

  it('is repeated when its run is known, unless the answer would leave the environment', () => {
    expect(given({}, { knows: () => true })).toEqual({ kind: 'repeat' })
    expect(given({ replyTo: 'production_agent' }, { knows: () => true }).kind).toBe('withhold')
  })

  it('is refused when it is too old, unless the agent did not live then', () => {
    const now = sentAt + 61_000
    expect(given({}, { now })).toMatchObject({ kind: 'refuse', code: 'expired' })
    expect(given({}, { now, startedAt: now - 1_000 }).kind).toBe('ignore')
  })

  it('that waited for a restart is judged by the time when it came, and answered in any case', () => {
    const now = sentAt + 600_000
    const since = { now, startedAt: now - 1_000 }
    expect(given({}, { ...since, arrivedAt: sentAt + 1_000 })).toEqual({ kind: 'accept' })
    expect(given({}, { ...since, arrivedAt: now })).toMatchObject({ kind: 'refuse', code: 'expired' })
  })

  it('that waited for an agent to come back is accepted within its time', () => {
    expect(given({}, { startedAt: sentAt + 500 })).toEqual({ kind: 'accept' })
  })

  it('from before the agent’s memory is not executed, and says so where the agent was there when it was sent', () => {
    const remembersSince = sentAt + 5_000
    const now = sentAt + 6_000
    expect(given({}, { now, remembersSince, startedAt: remembersSince }).kind).toBe('withhold')
    expect(given({}, { now, remembersSince })).toMatchObject({
      kind: 'refuse',
      code: 'expired',
      reason: expect.stringMatching(
        /^agent-1 does not execute it: it may have been executed already: it was issued 6 s ago/,
      ),
    })
    expect(given({ action: { kind: 'ping' } }, { now, remembersSince })).toEqual({ kind: 'accept' })
  })

  it('that was sent again after the memory was lost is refused: it was issued before', () => {
    const remembersSince = sentAt - 1_000
    expect(given({ issuedAt: sentAt - 4_000 }, { remembersSince })).toMatchObject({
      kind: 'refuse',
      code: 'expired',
    })
    expect(given({ issuedAt: sentAt - 2_000 }, { remembersSince })).toEqual({ kind: 'accept' })
  })

  it('that is played back long after it was issued is refused', () => {
    const later = { issuedAt: sentAt - 3_600_000 }
    expect(given(later, { remembersSince: 0 })).toMatchObject({ kind: 'refuse', code: 'expired' })
    expect(given({ ...later, action: { kind: 'ping' } })).toMatchObject({ kind: 'refuse', code: 'expired' })
    expect(given({ issuedAt: sentAt + 3_600_000 })).toMatchObject({ kind: 'refuse', code: 'expired' })
    expect(given({ issuedAt: sentAt - 300_000 })).toEqual({ kind: 'accept' })
  })

  it('is refused when its action is not known', () => {
    expect(given({ action: { kind: 'unsupported', requested: 'teleport' } })).toMatchObject({
      code: 'unsupported',
    })
  })

  it('is never answered by an agent that is not selected', () => {
    const anything = fc.record({
      environment: fc.constantFrom('testing', 'production'),
      replyTo: fc.constantFrom('testing_agent', 'production_agent'),
      filter: fc.constantFrom('role=db', 'role=web and role!=web', 'hostname=x'),
      ttlMs: fc.integer({ min: 1, max: 100_000 }),
    })
    fc.assert(
      fc.property(anything, fc.boolean(), (change, known) => {
        expect(given(change, { knows: () => known }).kind).toBe('ignore')
      }),
    )
  })
})

describe('a command that names its targets by a set', () => {
  const targetSet = encodeTargetSet(command.runId, ['agent-1', 'agent-3'])

  it('is accepted by those that it names, and ignored by all others, whatever its filter', () => {
    expect(given({ targetSet, filter: '*' })).toEqual({ kind: 'accept' })
    expect(given({ targetSet, filter: '*' }, { agentId: 'agent-2' })).toEqual({
      kind: 'ignore',
      why: 'not among its targets',
    })
  })

  it('is refused in words by one that it names and that its filter does not match any more', () => {
    expect(given({ targetSet, filter: 'role=db' })).toMatchObject({ kind: 'refuse', code: 'filter' })
  })

  it('names nobody in another run: the set is of this run only', () => {
    expect(given({ targetSet, runId: 'run-00000002' }).kind).toBe('ignore')
  })

  it('is only for those that are in both, where it has a list, too', () => {
    expect(given({ targetSet, targets: ['agent-1', 'agent-2'] })).toEqual({ kind: 'accept' })
    expect(given({ targetSet, targets: ['agent-1', 'agent-2'] }, { agentId: 'agent-2' }).kind).toBe('ignore')
    expect(given({ targetSet, targets: ['agent-2'] }).kind).toBe('ignore')
  })
})

describe('the memory of an agent', () => {
  it('reaches back to what was issued since it began, within the error of the clock', () => {
    expect(remembers({ remembersSince: sentAt }, sentAt - 2_000)).toBe(true)
    expect(remembers({ remembersSince: sentAt }, sentAt - 2_001)).toBe(false)
  })

  it('does not answer for a run of which nobody says when it was issued', () => {
    expect(remembers({ remembersSince: sentAt }, undefined)).toBe(false)
  })
})
