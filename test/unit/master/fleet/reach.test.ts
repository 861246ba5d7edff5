import { describe, expect, it } from 'vitest'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { type Audience, reachOf } from '../../../../src/master/fleet/reach.ts'
import { everyone, readFilter } from '../../../../src/protocol/filter/writtenFilter.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const fleet = {
  version: 1,
  agents: [
    knownAgent('db1', { facts: { role: 'db' } }),
    knownAgent('web1', { facts: { role: 'web' } }),
    knownAgent('web2', { facts: { role: 'web' }, state: 'stale' }),
    knownAgent('web3', { facts: { role: 'web' }, state: 'gone', lastHeardAt: 7 }),
  ],
  look: { kind: 'complete', at: 5 } as const,
}
const web = readFilter('role=web')
const namesOf = (audience: Audience) => {
  const { agents, missing } = reachOf(fleet, audience)
  return { agents: agents.map(({ hostname }) => hostname), missing: missing.map(({ agentId }) => agentId) }
}

describe('Whom a request reaches', () => {
  it('are the agents that its filter matches and that are there, in the order of the fleet', () => {
    expect(namesOf({ filter: web })).toEqual({ agents: ['web1', 'web2'], missing: ['i-web3'] })
    expect(namesOf({ filter: everyone })).toEqual({ agents: ['db1', 'web1', 'web2'], missing: ['i-web3'] })
  })

  it('are those of its targets for whom the filter holds as well', () => {
    expect(namesOf({ filter: web, targets: ['i-web2', 'i-db1'] })).toEqual({ agents: ['web2'], missing: [] })
    expect(namesOf({ filter: everyone, targets: [] })).toEqual({ agents: [], missing: [] })
  })

  it('leaves nobody out without a word: who is gone or was never seen is named as missing', () => {
    const { missing } = reachOf(fleet, { filter: web, targets: ['i-web1', 'i-web3', 'i-nobody'] })
    expect(missing).toEqual([
      { agentId: 'i-web3', hostname: 'web3', lastHeardAt: 7 },
      { agentId: 'i-nobody', hostname: undefined, lastHeardAt: undefined },
    ])
  })

  it('counts those who would answer a command for everyone, whatever is asked', () => {
    for (const audience of [{ filter: web }, { filter: everyone }, { filter: everyone, targets: [] }])
      expect(reachOf(fleet, audience).known).toBe(3)
  })

  it('is only as sure as the look at the fleet was', () => {
    expect(reachOf(fleet, { filter: web }).look).toEqual({ kind: 'complete', at: 5 })
    expect(reachOf(unknownFleet, { filter: web })).toEqual({
      agents: [],
      missing: [],
      known: 0,
      look: { kind: 'none' },
    })
  })
})
