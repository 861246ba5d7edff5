import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { filterChoices } from '../../../../src/console/targets/filterChoices.ts'
import { fleetServers } from '../../../../src/localFleet/fleetServers.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { reachOf } from '../../../../src/master/fleet/reach.ts'
import { indexFacts } from '../../../../src/protocol/filter/factIndex.ts'
import { noSets } from '../../../../src/protocol/filter/filterSets.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const agents = fleetServers
  .filter(({ environment }) => environment === 'testing')
  .map(({ agentId, hostname, facts, classes }) =>
    knownAgent(hostname, { agentId, facts: { ...facts, hostname, classes } as never }),
  )
const world = {
  fleet: { ...unknownFleet, agents },
  look: 'known' as const,
  sets: noSets,
  index: indexFacts(agents.map(({ facts }) => facts)),
  ...{ isPart: false, recent: [] },
}

const choices = (text: string) => filterChoices(text, world, inEnglish)

/** The rows before the completions and explanations, as the table of the manual has them. */
const offered = (text: string) =>
  choices(text)
    .filter(({ kind }) => kind !== 'complete' && kind !== 'why' && kind !== 'nobody')
    .map(({ label, detail, kind }) => `\`${kind === 'note' ? `${label}: ${detail}` : label}\``)
    .join(', ')

const typed = [
  'web-01',
  'web*',
  '*web*',
  'web',
  'Role=web',
  'role=wbe',
  'role:web',
  'i-0000000c0ffee0001',
  'web-01 web-02',
  'web-01, WEB-02; "db-99"',
  'web-[01-03]',
  'family=debian',
]

describe('docs/filters.md', () => {
  it('shows what the box offers for the first things that people type', () => {
    const manual = readFileSync(new URL('../../../../docs/filters.md', import.meta.url), 'utf8')
    const [, table = ''] =
      /\| you type \| the box offers \|\n\| --- \| --- \|\n((?:\|.*\n)*)/.exec(manual) ?? []
    expect(table).toBe(typed.map((text) => `| \`${text}\` | ${offered(text)} |\n`).join(''))
  })
})

describe('The box for targets', () => {
  it.each(typed)('shows no tick for %j, and takes nothing that matches nobody', (text) => {
    expect(choices(text).filter(({ kind }) => kind === 'use')).toEqual([])
    for (const choice of choices(text)) {
      if (!('chosen' in choice)) continue
      expect(reachOf(world.fleet, choice.chosen).named.length).toBeGreaterThan(0)
    }
  })
})
