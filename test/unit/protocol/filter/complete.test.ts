import { describe, expect, it } from 'vitest'
import { completeFilter, MOST_SUGGESTIONS } from '../../../../src/protocol/filter/complete.ts'
import { indexFacts } from '../../../../src/protocol/filter/factIndex.ts'
import { matchesFilter } from '../../../../src/protocol/filter/match.ts'
import { parseFilter } from '../../../../src/protocol/filter/parse.ts'
import { say } from '../../../../src/text/localizable.ts'
import { realFacts } from './realFacts.ts'

const inventory = [...realFacts().values()].map((facts, i) => ({
  ...facts,
  role: i % 3 === 0 ? 'web' : 'db server',
  shard: i % 4,
  classes: i % 2 === 0 ? ['nginx', 'role::base'] : ['role::base', 'ssl.certs'],
}))
const index = indexFacts(inventory)

/** `|` is the cursor. */
function complete(marked: string) {
  const cursor = marked.indexOf('|')
  const text = marked.replace('|', '')
  const completion = completeFilter(text, cursor, index)
  const { start, end, suggestions } = completion
  return {
    ...completion,
    inserts: suggestions.map(({ insert }) => insert),
    kinds: new Set(suggestions.map(({ kind }) => kind)),
    applied: suggestions.map(({ insert }) => text.slice(0, start) + insert + text.slice(end)),
  }
}

describe('completeFilter', () => {
  it.each([
    ['os.fam|', 'os.family'],
    ['family|', 'os.family'],
    ['OS.FAM|', 'os.family'],
    ['kernel=Linux and os.fam|', 'kernel=Linux and os.family'],
    ['not os.fam|', 'not os.family'],
    ['(os.fam|', '(os.family'],
    ['os.fa|mily=Debian', 'os.family=Debian'],
    ['mountpoints."/".size_b|', 'mountpoints."/".size_bytes'],
    ['mountpoints./.size_b|'.replace('./.', '."/".'), 'mountpoints."/".size_bytes'],
    ['networking.interfaces.*.i|', 'networking.interfaces.*.ip'],
    ['ngi|', 'nginx'],
    ['ssl.c|', '"ssl.certs"'],
    ['os.family=Deb|', 'os.family=Debian'],
    ['os.family!=Deb|', 'os.family!=Debian'],
    ['os.family=Suse,Deb|', 'os.family=Suse,Debian'],
    ['role=|', 'role="db server"'],
    ['role="db s|', 'role="db server"'],
    ['role="d|b server" and kernel=Linux', 'role="db server" and kernel=Linux'],
    ['os.family in (Suse, Deb|', 'os.family in (Suse, Debian'],
    ['os.family in Deb|', 'os.family in (Debian)'],
    ['os.family |', 'os.family ='],
    ['os.family !|', 'os.family !='],
    ['os.family not |', 'os.family not in '],
    ['os.family=Debian a|', 'os.family=Debian and '],
    ['os.family=Debian o|', 'os.family=Debian or '],
    ['os.family a|', 'os.family and '],
    ['kernel=Linux and no|', 'kernel=Linux and not '],
  ])('makes of %s first of all %s', (typed, result) => {
    expect(complete(typed).applied[0]).toBe(result)
  })

  it('offers operators and connectives behind a path, and no order for facts without numbers', () => {
    expect(complete('os.family |').inserts).toEqual([
      '=',
      '!=',
      '=~ ',
      '!~ ',
      'in ',
      'not in ',
      'and ',
      'or ',
    ])
    expect(complete('os.release.major |').inserts).toContain('>= ')
    expect(complete('unheard.of |').inserts).toContain('>= ')
  })

  it('offers connectives behind a finished term, and ) only where one is open', () => {
    expect(complete('os.family=Debian |').inserts).toEqual(['and ', 'or '])
    expect(complete('role="db server"|').inserts).toEqual(['and ', 'or '])
    expect(complete('(os.family=Debian |').inserts).toEqual(['and ', 'or ', ')'])
  })

  it('offers everyone only for a blank text, as the last', () => {
    expect(complete('|').suggestions.at(-1)).toMatchObject({
      insert: '*',
      kind: 'keyword',
      detail: say('every agent: {0}', say('{0} agents', 29)),
    })
    expect(complete('not |').inserts).not.toContain('*')
    expect(complete('a and |').inserts).not.toContain('*')
  })

  it('offers values by the number of agents that have them', () => {
    expect(complete('os.family=|').suggestions.map(({ label, count }) => [label, count])).toEqual([
      ['RedHat', 16],
      ['Debian', 5],
      ['windows', 5],
      ['FreeBSD', 2],
      ['Suse', 1],
    ])
    expect(complete('shard=|').inserts).toEqual(['0', '1', '2', '3'])
  })

  it.each([
    'role=web kernel|',
    'a=b c|',
    'a=b=|',
    'name =~ /x|',
    'gone=|',
    'x="a\\q" and |',
    `${'a'.repeat(20_000)}|`,
  ])('has nothing to say where nothing is known or the text is already wrong: %s', (typed) => {
    expect(complete(typed).suggestions).toEqual([])
  })

  it('keeps the list short', () => {
    const { suggestions } = complete('|')
    expect(suggestions.filter(({ kind }) => kind !== 'keyword')).toHaveLength(MOST_SUGGESTIONS)
    expect(suggestions.length).toBeLessThanOrEqual(MOST_SUGGESTIONS + 3)
  })

  it('counts for each path and value just the agents that the filter then selects', () => {
    let values = 0
    for (const path of index.paths.values()) {
      if (path.hasMore) continue
      const { suggestions } = completeFilter(`${path.text}=`, path.text.length + 1, index)
      for (const { insert, count } of suggestions) {
        const filter = parseFilter(`${path.text}=${insert}`)
        expect([insert, inventory.filter((facts) => matchesFilter(filter, facts)).length]).toEqual([
          insert,
          count,
        ])
        values += 1
      }
    }
    expect(values).toBeGreaterThan(1_000)
  })

  it('never throws, and replaces a range around the cursor, wherever the cursor is', () => {
    const text =
      '(os.family in (Debian, "x") and !a."b c".*=y*,"z") or k =~ /^a(b)/i && v >= 1.2 || not x not in 10.0.0.0/8'
    for (let cursor = 0; cursor <= text.length; cursor++) {
      const { start, end } = completeFilter(text, cursor, index)
      expect(start).toBeLessThanOrEqual(cursor)
      expect(end).toBeGreaterThanOrEqual(cursor)
      expect(end).toBeLessThanOrEqual(text.length)
    }
  })
})
