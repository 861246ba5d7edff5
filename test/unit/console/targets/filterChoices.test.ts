import { describe, expect, it } from 'vitest'
import { type FilterContext, filterChoices } from '../../../../src/console/targets/filterChoices.ts'
import { parseWorkspaceFile } from '../../../../src/declarations/workspaceFile.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { reachOf } from '../../../../src/master/fleet/reach.ts'
import { indexFacts } from '../../../../src/protocol/filter/factIndex.ts'
import { noSets } from '../../../../src/protocol/filter/filterSets.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const agents = [
  knownAgent('web-01', { facts: { role: 'web', az: 'a' } }),
  knownAgent('web-02', { facts: { role: 'web', az: 'b' } }),
  knownAgent('db-01', { facts: { role: 'db', az: 'a' } }),
]
const world = {
  fleet: { ...unknownFleet, agents },
  index: indexFacts(agents.map(({ facts }) => facts)),
  look: 'known' as const,
  sets: noSets,
  isPart: false,
  recent: ['role=db', 'no longer a filter ('],
}
const choices = (text: string) => filterChoices(text, world, inEnglish)

describe('filterChoices', () => {
  it('offers everyone by name, and only while nothing is typed', () => {
    expect(choices('').filter(({ kind }) => kind === 'everyone')).toHaveLength(1)
    expect(choices('role=web').some(({ kind }) => kind === 'everyone')).toBe(false)
  })

  it('never means everyone by what Enter takes from an empty box', () => {
    expect(choices('')[0]).toMatchObject({
      kind: 'recent',
      chosen: { filter: { text: 'role=db' } },
      detail: '1 of 3 agents match',
    })
    expect(filterChoices('  ', { ...world, recent: [] }, inEnglish)[0]?.kind).toBe('complete')
  })

  it('counts and names who matches', () => {
    expect(choices('role=web')[0]).toMatchObject({
      kind: 'use',
      chosen: { filter: { text: 'role=web' } },
      label: '2 of 3 agents match',
      detail: 'web-[01-02]',
    })
  })

  it('completes first what would hit nobody as it stands', () => {
    const [first] = choices('role=w')
    expect(first).toMatchObject({ kind: 'complete', text: 'role=web' })
  })

  it('says what is wrong, and where, and still completes', () => {
    const found = choices('role=web and ')
    expect(found.at(-1)).toMatchObject({ kind: 'wrong' })
    expect(found.map(({ label }) => label)).toContain('az')
  })
})

describe('A filter that matches nobody', () => {
  const nobody = (text: string) => choices(text).find(({ kind }) => kind === 'nobody')

  it('says which fact or value no agent has', () => {
    expect(nobody('role=mail')?.detail).toBe(
      'No agent matches, so nothing would run. Agents have for role: web, db.',
    )
    expect(nobody('rack=4')?.detail).toBe('No agent matches, so nothing would run. No agent has a fact rack.')
    expect(nobody('mailer')?.detail).toBe(
      'No agent matches, so nothing would run. No agent has a fact or class mailer.',
    )
    expect(nobody('role=db and az=b')?.detail).toBe(
      'No agent matches, so nothing would run. No agent matches all of it.',
    )
  })

  it('names the agents that it would match if they were reporting', () => {
    const gone = [...agents, knownAgent('mail-01', { facts: { role: 'mail' }, state: 'gone' })]
    const found = filterChoices(
      'role=mail',
      { ...world, fleet: { ...unknownFleet, agents: gone } },
      inEnglish,
    )
    expect(found.find(({ kind }) => kind === 'nobody')?.detail).toBe(
      'No agent that is reporting matches, so nothing would run. Not seen now: mail-01.',
    )
  })

  it.each([
    ['role=wbe', 'role=web'],
    ['rol=web', 'role=web'],
    ['ROLE=WEB and az=B', 'role=web and az=b'],
    ['role=web and az=c', undefined],
    ['role!=db and (az=A or role=wbe)', 'role!=db and (az=a or role=web)'],
    ['role=web,az=a', 'role=web and az=a'],
    ['role is db', 'role=db'],
  ])('such as %j was meant as %j', (text, meant) => {
    const found = choices(text).flatMap((choice) =>
      choice.kind === 'meant' ? [choice.chosen.filter.text] : [],
    )
    expect(found[0]).toBe(meant)
  })

  it('is offered to be explained for each agent, as one that matches some', () => {
    expect(choices('role=mail').at(-1)).toMatchObject({ kind: 'why', filter: { text: 'role=mail' } })
    expect(choices('role=db').at(-1)).toMatchObject({ kind: 'why', filter: { text: 'role=db' } })
    expect(choices('role').some(({ kind }) => kind === 'why')).toBe(false)
  })

  it('of an earlier run comes into the box instead of being used', () => {
    const found = filterChoices('', { ...world, recent: ['role=mail'] }, inEnglish)
    expect(found[0]).toMatchObject({ kind: 'retype', text: 'role=mail' })
  })
})

describe('Before any agent is known', () => {
  const without = { ...world, fleet: unknownFleet, index: indexFacts([]) }
  const kinds = (text: string, look: FilterContext['look']) =>
    filterChoices(text, { ...without, look }, inEnglish).map(({ kind, detail }) => [kind, detail])

  it('a filter waits for agents while they are looked for', () => {
    expect(kinds('role=web', 'looking')).toEqual([
      ['later', 'Press Enter to go on as soon as agents that match are found.'],
    ])
    expect(kinds('', 'looking').at(-1)?.[0]).toBe('later')
  })

  it('nothing goes on where they cannot be looked for, or where there are none', () => {
    expect(kinds('role=web', { failed: 'Cannot reach SQS.' })).toEqual([['nobody', 'Cannot reach SQS.']])
    expect(kinds('', 'known').at(-1)).toEqual([
      'nobody',
      'Check that ec2-cagent is running on your servers. The Doctor says what it sees.',
    ])
  })
})

describe('Facts that are not facts', () => {
  it('are searched within bounds, and never make an offer that matches nobody', () => {
    const odd: Record<string, string> = {}
    for (let n = 0; n < 20_000; n += 1) odd[`k${n}.${'x'.repeat(n % 50)}`] = 'web'
    const facts = { ...odd, '': 'web', 'a"b': 'web', '\u202e': '\u202ebew', list: Array(10_000).fill('web') }
    const hostile = [knownAgent('evil', { facts }), ...agents]
    const fleet = { ...unknownFleet, agents: hostile }
    const context = { ...world, fleet, index: indexFacts(hostile.map((agent) => agent.facts)) }
    const found = filterChoices('web', context, inEnglish).filter((choice) => 'chosen' in choice)
    expect(found.length).toBeLessThan(15)
    for (const choice of found) expect(reachOf(fleet, choice.chosen).agents).not.toEqual([])
  })
})

describe('A named set', () => {
  const { sets } = parseWorkspaceFile('sets:\n  canaries: [web-02, db-01]\n  web: role=web\n  bad: "@bad"\n')
  const named = agents.map((agent) => ({ ...agent, facts: { ...agent.facts, hostname: agent.hostname } }))
  const context = { ...world, sets, fleet: { ...unknownFleet, agents: named } }

  it('is offered by its name, and means in a filter what it is', () => {
    const offered = filterChoices('@', context, inEnglish).flatMap((choice) =>
      choice.kind === 'complete' ? [[choice.text, choice.detail]] : [],
    )
    expect(offered).toEqual([
      ['@canaries', 'the set hostname=web-02,db-01'],
      ['@web', 'the set role=web'],
    ])
    expect(filterChoices('@canaries and @web', context, inEnglish)[0]).toMatchObject({
      kind: 'use',
      chosen: { filter: { text: 'hostname=web-02,db-01 and role=web' } },
      label: '1 of 3 agents match',
      detail: 'hostname=web-02,db-01 and role=web · web-02',
    })
  })

  it('that cannot be used says why', () => {
    expect(filterChoices('@bad', context, inEnglish).at(-1)).toMatchObject({
      kind: 'wrong',
      label: 'These sets refer to each other in a circle: @bad → @bad.',
    })
    expect(filterChoices('@webs', context, inEnglish).at(-1)?.label).toBe(
      'There is no set “webs” in the workspace files. Did you mean @web?',
    )
  })
})
