import { describe, expect, it } from 'vitest'
import { mergedSets } from '../../../src/declarations/filterSets.ts'
import { parseWorkspaceFile } from '../../../src/declarations/workspaceFile.ts'
import { parseFilter } from '../../../src/protocol/filter/parse.ts'
import { readFilterWithSets } from '../../../src/protocol/filter/writtenFilter.ts'
import { localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'

const file = (sets: string, more = '') => parseWorkspaceFile(`sets:\n${sets}\n${more}`)
const problems = (sets: string, more = '') =>
  file(sets, more).problems.map(({ message }) => localize(message, inEnglish))
const read = (filter: string, sets: string) => readFilterWithSets(filter, file(sets).sets).text

const canaries = '  canaries: [web-01, "db-[01-02]", i-0123456789abcdef0]\n  web: role=web or role=proxy'

describe('A named set', () => {
  it('is written out in a filter that uses it, as agents read it', () => {
    expect(read('@web', canaries)).toBe('role=web or role=proxy')
    expect(read('@web and not az=a', canaries)).toBe('(role=web or role=proxy) and az!=a')
    expect(read('not @web', canaries)).toBe('not (role=web or role=proxy)')
    expect(read('@canaries', canaries)).toBe(
      'hostname=web-01,db-01,db-02 or ec2.instance_id=i-0123456789abcdef0',
    )
    for (const used of ['@web and @canaries', '(@web) or @web']) {
      const written = read(used, canaries)
      expect(() => parseFilter(written)).not.toThrow()
    }
  })

  it('is no part of the language of agents', () => {
    expect(() => parseFilter('@web')).toThrow()
    expect(() => parseFilter('role=web and @web')).toThrow()
  })

  it('leaves a filter with an @ elsewhere as it was typed', () => {
    expect(read('owner=a@b.example  and user@host', canaries)).toBe('owner=a@b.example  and user@host')
    expect(read('owner="@web"', canaries)).toBe('owner="@web"')
  })

  it('may be made of others', () => {
    expect(read('@b', '  a: role=web\n  b: "@a and az=a"')).toBe('role=web and az=a')
  })

  it('that nobody has defined is refused, with the one that was probably meant', () => {
    expect(() => read('role=web and @canarys', canaries)).toThrow(
      'There is no set “canarys” in the workspace files. Did you mean @canaries?',
    )
    expect(() => read('@', canaries)).toThrow('There is no set “” in the workspace files.')
  })

  it.each([
    ['a: "*"', 'A set cannot be *: to target every agent, write * as the whole filter.'],
    ['a: ["*"]', '“*” would be every agent. Write * as the whole filter instead.'],
    ['a: []', 'The list of this set is empty.'],
    ['a: role=', 'Expected a value at character 6, but the filter ends there.'],
    ['a: "@other"', 'There is no set “other” in the workspace files.'],
    ['"a b": role=web', 'The name of a set has 1 to 64 letters, digits, _ and -, and begins with no -.'],
    ['a: { role: web }', 'This must be a filter, or a list of host names.'],
    [
      `a: ["web-[1-"]`,
      '“web-[1-” is not a host name: web-[1-: a quote or bracket is not closed, or is not allowed here.',
    ],
  ])('says what is wrong with %s', (set, problem) => {
    expect(problems(`  ${set}`)).toEqual([problem])
  })

  it('in a circle says which, and leaves the others usable', () => {
    const circle = '  a: "@b"\n  b: "@c or role=web"\n  c: "@a"\n  good: role=db'
    expect(problems(circle)).toEqual(
      Array(3).fill('These sets refer to each other in a circle: @a → @b → @c → @a.'),
    )
    expect(read('@good', circle)).toBe('role=db')
  })

  it('needs quotes in YAML where it comes first, and says so', () => {
    expect(problems('  a: role=web', 'snippets:\n  S:\n    command: ls\n    filter: @a\n')).toEqual([
      'A value that begins with @ needs quotes, as in "@name".',
    ])
  })

  it('is bounded, however often sets are used in sets', () => {
    const doubling = Array.from({ length: 60 }, (_, n) => `  s${n + 1}: "@s${n} or @s${n}"`).join('\n')
    expect(problems(`  s0: role=web\n${doubling}`).length).toBeGreaterThan(30)
    const chain = Array.from({ length: 3_000 }, (_, n) => `  s${n + 1}: "@s${n}"`)
      .reverse()
      .join('\n')
    expect(new Set(problems(`  s0: role=web\n${chain}`))).toEqual(
      new Set(['Sets are nested more than 20 levels deep.']),
    )
    const names = `  a: [${Array.from({ length: 2_000 }, (_, n) => `host-number-${n}`).join(', ')}]`
    expect(problems(names)[0]).toMatch(/^The filter is \d+ characters long; at most 16384 are allowed/)
  })
})

describe('The filter of a snippet', () => {
  const snippet = 'snippets:\n  Deploy: { command: ls, filter: "@web and az=a" }\n'

  it('has the sets of its file written out', () => {
    const { snippets } = file(canaries, snippet)
    expect(snippets[0]?.filter?.text).toBe('(role=web or role=proxy) and az=a')
    expect(snippets[0]?.declaration.filter).toBe('@web and az=a')
  })

  it('with an unknown set makes it unusable, and says why', () => {
    const { snippets, unusable } = file('  webs: role=web', snippet)
    expect(snippets).toEqual([])
    expect(unusable.map(({ messages: [message] }) => message && localize(message, inEnglish))).toEqual([
      'There is no set “web” in the workspace files. Did you mean @webs?',
    ])
  })
})

describe('The sets of several files', () => {
  it('are together, and a name with two meanings has none', () => {
    const sets = mergedSets([
      file('  a: role=web\n  b: az=a').sets,
      file('  a: role=web\n  b: az=b\n  c: az=c').sets,
    ])
    expect(sets.names).toEqual(['a', 'b', 'c'])
    expect(readFilterWithSets('@a and @c', sets).text).toBe('role=web and az=c')
    expect(() => readFilterWithSets('@b', sets)).toThrow(
      'Several workspace files have a set “b”. Rename all but one.',
    )
  })
})
