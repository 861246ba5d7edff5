import { describe, expect, it } from 'vitest'
import { agentTroubles, groupAgents, isTroubled } from '../../../../src/console/environments/agentGroups.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { knownAgent } from '../../../support/knownAgent.ts'
import { inProcessorTime } from '../../../support/processorTime.ts'

const agents = [
  knownAgent('db1', { facts: { role: 'db', os: { major: 12 } } }),
  knownAgent('lone'),
  knownAgent('web2', { facts: { role: 'web', os: { major: 9 }, classes: ['base'] } }),
  knownAgent('web10', { facts: { role: 'web', os: { major: 12 }, classes: ['nginx', 'base'] } }),
]

const shape = (path: string) =>
  groupAgents(agents, path)?.map(({ value, agents: members }) => [
    value,
    members.map(({ hostname }) => hostname),
  ])

describe('groupAgents', () => {
  it('groups by a fact, keeps the order of the agents, and puts those without it last', () => {
    expect(shape('role')).toEqual([
      ['db', ['db1']],
      ['web', ['web2', 'web10']],
      [undefined, ['lone']],
    ])
  })

  it('groups by nested facts and numbers', () => {
    expect(shape('os.major')?.map(([value]) => value)).toEqual(['9', '12', undefined])
  })

  it('puts an agent into the group of each element of a list', () => {
    expect(shape('classes')).toEqual([
      ['base', ['web2', 'web10']],
      ['nginx', ['web10']],
      [undefined, ['db1', 'lone']],
    ])
  })

  it('makes no groups of a fact that nobody has', () => {
    expect(groupAgents(agents, 'az')).toBeUndefined()
  })

  it('groups 10,000 agents within a moment', () => {
    const many = Array.from({ length: 10_000 }, (_, index) =>
      knownAgent(`h${index}`, { facts: { role: `r${index % 40}` } }),
    )
    expect(inProcessorTime(1_000, () => groupAgents(many, 'role'))).toHaveLength(40)
  })
})

describe('agentTroubles', () => {
  const now = 1_090_000

  it('says nothing of an agent that is well', () => {
    expect(agentTroubles(knownAgent('a'), now, inEnglish)).toEqual([])
    expect(isTroubled(knownAgent('a', { clockSkewMs: 900 }))).toBe(false)
  })

  it('says for how long an agent was silent, how wrong its clock is, and what it complains of', () => {
    const ill = knownAgent('a', { state: 'stale', clockSkewMs: -61_000, problems: ['facter hangs.'] })
    expect(isTroubled(ill)).toBe(true)
    expect(agentTroubles(ill, now, inEnglish)).toEqual([
      'Not seen for 90 s.',
      'facter hangs.',
      'Its clock is 61 s behind.',
    ])
  })

  it('says what is doubtful about who an agent is', () => {
    const troublesOf = (changes: Parameters<typeof knownAgent>[1]) => {
      const agent = knownAgent('a', changes)
      expect(isTroubled(agent)).toBe(true)
      return agentTroubles(agent, now, inEnglish)
    }
    expect(troublesOf({ identity: 'conflicting', contestedBy: 'AROAX:i-1', nameProblem: 'doubled' })).toEqual(
      [
        'Conflicting identity: AROAX:i-1 spoke in its name, and was rejected.',
        'Another agent has the same host name.',
      ],
    )
    expect(troublesOf({ identity: 'conflicting' })).toEqual([
      'Conflicting identity: its sender speaks for another agent, too.',
    ])
    expect(troublesOf({ nameProblem: 'look-alike' })).toEqual([
      'Another agent has a host name that looks like this one.',
    ])
    for (const identity of ['proven', 'unproven'] as const)
      expect(isTroubled(knownAgent('a', { identity }))).toBe(false)
  })

  it('tells an agent that has said that it stops from one that is gone without a word', () => {
    const troublesOf = (changes: Parameters<typeof knownAgent>[1]) =>
      agentTroubles(knownAgent('a', { state: 'gone', ...changes }), now, inEnglish)
    expect(troublesOf({})).toEqual(['Gone: not seen for 90 s.'])
    expect(troublesOf({ hasLeft: true })).toEqual(['Stopped 90 s ago.'])
  })
})
