import { describe, expect, it } from 'vitest'
import { sightingOf } from '../../../../src/console/environments/agentSighting.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

describe('What the facts say of a silent agent', () => {
  it('is when they were seen, whether the agent runs, and how many other runs it executes', () => {
    const agent = knownAgent('web1', { state: 'live', running: ['this', 'other'], lastSeenAt: 7 })
    expect(sightingOf(agent, 'this')).toEqual({ seenAt: 7, state: 'live', otherRuns: 1 })
    expect(sightingOf({ ...agent, state: 'stale' }, 'this').state).toBe('late')
    expect(sightingOf({ ...agent, state: 'gone' }, 'this').state).toBe('late')
    expect(sightingOf({ ...agent, state: 'gone', hasLeft: true }, 'this').state).toBe('left')
  })

  it('is nothing of an agent that was not seen', () => {
    expect(sightingOf(undefined, 'this')).toEqual({ state: 'unknown', otherRuns: 0 })
  })
})
