import { describe, expect, it } from 'vitest'
import { filterChoices } from '../../../../src/console/send/filterChoices.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { indexFacts } from '../../../../src/protocol/filter/factIndex.ts'
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
      filter: { text: 'role=db' },
      detail: '1 of 3 agents match',
    })
    expect(filterChoices('  ', { ...world, recent: [] }, inEnglish)[0]?.kind).toBe('complete')
  })

  it('counts and names who matches', () => {
    expect(choices('role=web')[0]).toMatchObject({
      kind: 'use',
      filter: { text: 'role=web' },
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
