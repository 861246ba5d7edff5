import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Facts } from '../../../../src/protocol/facts.ts'
import { explainFilter } from '../../../../src/protocol/filter/explain.ts'
import { matchesFilter } from '../../../../src/protocol/filter/match.ts'
import { parseFilter } from '../../../../src/protocol/filter/parse.ts'
import { conditionOver, filter, term } from './arbitraryFilter.ts'
import { realFacts } from './realFacts.ts'

const systems = realFacts()
const debian = systems.get('debian-12') ?? {}

function explained(typed: string, facts: Facts = debian) {
  return explainFilter(parseFilter(typed), facts)
}

describe('explainFilter', () => {
  it.each([
    ['*', 'It matches: * means every agent.'],
    ['os.family=Debian', 'It matches: os.family is Debian, which matches Debian.'],
    ['os.family=RedHat,Suse', 'It does not match: os.family is Debian, which does not match RedHat or Suse.'],
    ['os.family!=Debian', 'It does not match: os.family is Debian, which matches Debian.'],
    ['os.release.major >= 13', 'It does not match: os.release.major is 12, which is not >= 13.'],
    ['kernel =~ /^lin/', 'It does not match: kernel is Linux, which does not match /^lin/.'],
    ['networking.ip in 10.0.0.0/8', 'It matches: networking.ip is 10.0.2.15, which matches 10.0.0.0/8.'],
    ['role=web', 'It does not match: there is no fact role.'],
    ['nginx', 'It does not match: there is no fact or class nginx.'],
    ['is_virtual', 'It matches: is_virtual is true.'],
    ['fips_enabled', 'It does not match: fips_enabled is false.'],
    ['os', 'It matches: os is a map.'],
    [
      'os.family=Debian and os.release.major > 12 and kernel=Linux',
      'It does not match: os.release.major is 12, which is not > 12.',
    ],
    [
      'a=1 or b=1 or c=1 or d=1',
      'It does not match: there is no fact a; there is no fact b; there is no fact c; and 1 more.',
    ],
    ['not (kernel=Linux and os.family=Suse)', 'It matches: os.family is Debian, which does not match Suse.'],
    [
      'os.distro.description=x',
      'It does not match: os.distro.description is "Debian GNU/Linux 12 (bookworm)", which does not match x.',
    ],
  ])('%s: %s', (typed, summary) => {
    expect(explained(typed).summary).toBe(summary)
  })

  it('keeps a long or misleading value short and visible', () => {
    const facts = { motd: `\u202e${'x'.repeat(500)}`, list: [1, 2, 3, 4, 5], classes: ['nginx'] }
    expect(explained('motd=a', facts).summary).toMatch(
      /^It does not match: motd is "\\u202ex{58}…", which does not match a\.$/,
    )
    expect(explained('list=9', facts).summary).toContain('list is [1, 2, 3, … (5 values)], which')
    expect(explained('nginx', facts).summary).toBe('It matches: there is a class nginx.')
  })

  it('gives the tree, each term with what the agent has', () => {
    expect(
      explained('kernel=Linux and not (role=web or os.release.major < 9) and os.name!=Debian').condition,
    ).toEqual({
      kind: 'and',
      held: false,
      parts: [
        expect.objectContaining({
          kind: 'term',
          held: true,
          text: 'kernel=Linux',
          actual: ['Linux'],
          missing: false,
        }),
        {
          kind: 'not',
          held: true,
          part: {
            kind: 'or',
            held: false,
            parts: [
              expect.objectContaining({
                held: false,
                text: 'role=web',
                path: 'role',
                actual: [],
                missing: true,
              }),
              expect.objectContaining({ held: false, text: 'os.release.major < 9', actual: ['12'] }),
            ],
          },
        },
        expect.objectContaining({ kind: 'term', held: false, text: 'os.name!=Debian', actual: ['Debian'] }),
      ],
    })
  })

  it.each([
    ['role!=web', ['role']],
    ['role=web', ['role']],
    ['kernel=Linux and not stage=production', ['stage']],
    ['kernel=windows and role!=web', []],
    ['kernel=Linux or role=web', []],
    ['role and role!=web', []],
    ['not nginx', []],
    ['role=web or stage=test', ['role', 'stage']],
    ['role=web or role=db', ['role']],
  ])('names the missing facts on which the answer to %s rests: %j', (typed, missing) => {
    expect(explained(typed).missing).toEqual(missing)
  })

  it('always agrees with matchesFilter, down to every part', () => {
    fc.assert(
      fc.property(filter, fc.constantFrom(...systems.values()), (it, facts) => {
        const explanation = explainFilter(it, facts)
        expect(explanation.matches).toBe(matchesFilter(it, facts))
        expect(explanation.condition?.held ?? true).toBe(explanation.matches)
        expect(explanation.summary).toMatch(/^It (?:matches|does not match): [^\n]+\.$/)
      }),
    )
  })

  it('names no missing fact where no value of it could change the answer', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const small = fc
      .tuple(name, fc.constantFrom('1', '2'), term)
      .filter(([, , shape]) => shape.kind !== 'present')
      .map(([fact, text]) => ({
        kind: 'equals' as const,
        path: [{ kind: 'name' as const, name: fact }] as const,
        values: [{ kind: 'exact' as const, text }] as const,
      }))
    const facts = fc.dictionary(name, fc.constantFrom('1', '2'), { noNullPrototype: true })
    fc.assert(
      fc.property(conditionOver(small), facts, facts, (condition, known, more) => {
        const explanation = explainFilter(condition, known)
        if (explanation.missing.length > 0) return
        expect(matchesFilter(condition, { ...more, ...known })).toBe(explanation.matches)
      }),
      { numRuns: 2_000 },
    )
  })
})
