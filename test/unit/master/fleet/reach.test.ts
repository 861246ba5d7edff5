import { describe, expect, it } from 'vitest'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { type Audience, reachesNobody, reachOf, recordOfReach } from '../../../../src/master/fleet/reach.ts'
import { everyone, readFilter, type WrittenFilter } from '../../../../src/protocol/filter/writtenFilter.ts'
import { defaultQueues, fleetIdOf } from '../../../../src/queues/environment.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const fleet = {
  version: 1,
  agents: [
    knownAgent('db1', { facts: { role: 'db' } }),
    knownAgent('web1', { facts: { role: 'web' } }),
    knownAgent('web2', { facts: { role: 'web' }, state: 'stale' }),
    knownAgent('web3', { facts: { role: 'web' }, state: 'gone', lastSeenAt: 7 }),
  ],
  look: { kind: 'complete', at: 5 } as const,
}
const testing = { name: 'testing', region: 'eu-west-1', queues: defaultQueues('testing'), protected: false }
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
      { agentId: 'i-web3', hostname: 'web3', lastSeenAt: 7 },
      { agentId: 'i-nobody', hostname: undefined, lastSeenAt: undefined },
    ])
  })

  it('misses those whom earlier masters knew and this one has not seen, unless it is for agents chosen by hand', () => {
    const known = ['i-web1', 'i-web3', 'i-web9'].map((agentId) => ({
      agentId,
      hostname: agentId,
      lastSeenAt: 3,
    }))
    const earlier = { matching: ({ text }: WrittenFilter) => (text === 'role=web' ? known : []) }
    const missing = (audience: Audience) => reachOf(fleet, audience, earlier).missing
    expect(missing({ filter: web })).toEqual([
      { agentId: 'i-web3', hostname: 'web3', lastSeenAt: 7 },
      { agentId: 'i-web9', hostname: 'i-web9', lastSeenAt: 3 },
    ])
    expect(missing({ filter: readFilter('role=db') })).toEqual([])
    expect(missing({ filter: web, targets: ['i-web1'] })).toEqual([])
    expect(reachOf(fleet, { filter: web }, earlier).named.map(({ agentId }) => agentId)).toEqual([
      'i-web1',
      'i-web2',
    ])
  })

  it('misses nobody who has said that it stops, unless it is named by hand', () => {
    const agents = [knownAgent('web4', { state: 'gone', hasLeft: true, lastSeenAt: 8 })]
    const left = { version: 1, agents, look: { kind: 'complete', at: 9 } as const }
    expect(reachOf(left, { filter: everyone }).missing).toEqual([])
    expect(reachOf(left, { filter: everyone, targets: ['i-web4'] }).missing).toEqual([
      { agentId: 'i-web4', hostname: 'web4', lastSeenAt: 8 },
    ])
  })

  it('names in its command those that are there, and no other', () => {
    const { named } = reachOf(fleet, { filter: web })
    expect(named).toEqual([
      { agentId: 'i-web1', hostname: 'web1' },
      { agentId: 'i-web2', hostname: 'web2' },
    ])
  })

  it('names targets that are missing, too: a person has named them by hand', () => {
    const { named } = reachOf(fleet, { filter: web, targets: ['i-nobody', 'i-web3', 'i-web1'] })
    expect(named).toEqual([
      { agentId: 'i-web1', hostname: 'web1' },
      { agentId: 'i-web3', hostname: 'web3' },
      { agentId: 'i-nobody', hostname: 'i-nobody' },
    ])
  })

  it('is nobody where none is named, unless agents are included that are not known', () => {
    const nobody = { filter: readFilter('role=mail') }
    expect(reachesNobody(reachOf(fleet, nobody), nobody)).toBe(true)
    expect(reachesNobody(reachOf(fleet, nobody), { ...nobody, unseen: 'included' })).toBe(false)
    expect(reachesNobody(reachOf(fleet, { filter: web }), { filter: web })).toBe(false)
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
      named: [],
      known: 0,
      look: { kind: 'none' },
    })
  })
})

describe('What a run records of its reach', () => {
  it('are the agents that match and that its command does not name, and whether there may be more', () => {
    const unsure = { ...fleet, look: { kind: 'unsure', at: 5 } as const }
    expect(recordOfReach(reachOf(unsure, { filter: web }), testing)).toEqual({
      missing: [{ agentId: 'i-web3', hostname: 'web3' }],
      sweep: 'unsure',
      fleet: fleetIdOf(testing),
    })
    expect(
      recordOfReach(reachOf(fleet, { filter: web, targets: ['i-web1', 'i-web3', 'i-nobody'] }), testing),
    ).toEqual({ missing: [], sweep: 'complete', fleet: fleetIdOf(testing) })
  })
})
