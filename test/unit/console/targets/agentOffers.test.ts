import { describe, expect, it } from 'vitest'
import { agentOffers } from '../../../../src/console/targets/agentOffers.ts'
import { type KnownAgent, unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const host = (hostname: string, changes: Partial<KnownAgent> = {}) =>
  knownAgent(hostname, { facts: { hostname }, ...changes })
const offers = (text: string, ...agents: KnownAgent[]) =>
  agentOffers(text, { ...unknownFleet, agents }, inEnglish)
const rows = (text: string, ...agents: KnownAgent[]) =>
  offers(text, ...agents).map(({ label, detail }) => [label, detail])
/** Ids of the agents that the first offer names one by one; undefined where it is a filter. */
const targets = (text: string, ...agents: KnownAgent[]) => {
  const [first] = offers(text, ...agents)
  return first?.kind === 'offer' ? first.chosen.targets : undefined
}

const eu = host('web-01.eu1.example.com')
const us = host('web-01.us1.example.com')

describe('The name of an agent', () => {
  it('is offered as the filter on its host name, without regard to capital letters', () => {
    expect(rows('WEB-01', host('web-01'), host('web-02'))).toEqual([['hostname=web-01 · 1 agent', 'web-01']])
  })

  it('is enough without its domain, where only one agent has it', () => {
    expect(rows('web-01', eu)[0]?.[0]).toBe('hostname=web-01.eu1.example.com · 1 agent')
    expect(rows('web-01', eu, us)[0]?.[0]).toBe('hostname=web-01.* · 2 agents')
  })

  it('is the full name or the instance id of its facts', () => {
    const facts = {
      hostname: 'db-01',
      networking: { fqdn: 'db-01.example.com' },
      ec2: { instance_id: 'i-0abc' },
    }
    const db = knownAgent('db-01', { agentId: 'database', facts })
    expect(targets('i-0abc', db)).toEqual(['database'])
    expect(rows('db-01.example.com', db)[0]?.[0]).toBe('hostname=db-01 · 1 agent')
    expect(rows('db-01.other.com', db)).toEqual([])
  })

  it('chooses by id what a filter on the host name would not, or not alone', () => {
    expect(targets('web-01', knownAgent('web-01'))).toEqual(['i-web-01'])
    const facts = { hostname: 'web-01' }
    expect(targets('web-01', knownAgent('web-01', { facts }), knownAgent('db-01', { facts }))).toEqual([
      'i-web-01',
    ])
  })

  it('is the id of one agent, also where another one calls itself so', () => {
    expect(targets('i-web-01', host('web-01'), host('i-web-01', { agentId: 'impostor' }))).toEqual([
      'i-web-01',
    ])
  })

  it('chooses none of several agents of the same name', () => {
    const twins = [host('web-01', { agentId: 'a' }), host('web-01', { agentId: 'b' })]
    expect(rows('web-01 db-01', ...twins, host('db-01'))).toEqual([
      ['db-01 · 1 agent', 'Exactly this agent, i-db-01.'],
      [
        '1 name stands for several agents, and chooses none of them',
        'web-01. Use their full names or agent IDs.',
      ],
    ])
  })
})

describe('A list of names', () => {
  const fleet = [host('web-01'), host('web-02'), host('db-01')]

  it('chooses exactly its agents by their ids, in whatever form it came', () => {
    for (const text of ['web-02, web-01', '["web-01","web-02"]', 'web-[01-02]', 'i-web-01\ti-web-02'])
      expect(targets(text, ...fleet)).toEqual(['i-web-01', 'i-web-02'])
  })

  it('names each of its names that stands for no agent', () => {
    expect(rows('web-01 web-[07-09] oops[ x-[2-1]', ...fleet)).toEqual([
      ['web-01 · 1 agent', 'Exactly this agent, i-web-01.'],
      ['5 names match no agent', '"x-[2-1]",oops,web-[07-09]'],
    ])
    const [offer] = offers('web-01 web-09', ...fleet)
    expect(offer).toMatchObject({ chosen: { notFound: ['web-09'] } })
  })

  it('says nothing of a text of which no word is an agent', () => {
    expect(rows('some other words', ...fleet)).toEqual([])
  })

  it('may have patterns, but none for every agent', () => {
    expect(targets('web-* db-01', ...fleet)).toEqual(['i-web-01', 'i-web-02', 'i-db-01'])
    expect(rows('db-01 *', ...fleet)).toEqual([
      ['db-01 · 1 agent', 'Exactly this agent, i-db-01.'],
      ['1 name matches no agent', '*'],
    ])
    expect(rows('* *.*', ...fleet)).toEqual([])
  })

  it('includes an agent that is named and does not report, and says so', () => {
    const gone = host('web-03', { state: 'gone' })
    expect(rows('web-01 web-03', ...fleet, gone)).toEqual([
      [
        'web-[01,03] · 2 agents',
        'Exactly these agents, and none that appears later. Not reporting now: web-03.',
      ],
    ])
    // A new server with the name of an old one.
    const old = host('web-01', { agentId: 'old', state: 'gone' })
    expect(targets('web-01 web-02', old, ...fleet)).toEqual(['i-web-01', 'i-web-02'])
    expect(targets('web-*  db-01', gone, ...fleet)).not.toContain('i-web-03')
  })

  it('of 10,000 agents is read whole', () => {
    const many = Array.from({ length: 10_000 }, (_, n) => host(`web-${String(n).padStart(5, '0')}`))
    expect(targets('web-[00000-09999]', ...many)).toHaveLength(10_000)
    expect(rows('web-[00000-09999] db-01', ...many)).toEqual([
      ['This list is too long: at most 100 KB and 10,000 names are read. Split it.', ''],
    ])
  })
})

describe('A pattern', () => {
  it('is a filter on host names', () => {
    expect(rows('WEB-*', host('web-01'), host('web-02'))).toEqual([
      ['hostname=web-* · 2 agents', 'web-[01-02]'],
    ])
    expect(rows('db*', host('web-01'))).toEqual([])
  })
})
