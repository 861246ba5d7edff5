import { describe, expect, it } from 'vitest'
import { parseWorkspaceFile } from '../../../src/declarations/workspaceFile.ts'
import { localize, say } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { inProcessorTime } from '../../support/processorTime.ts'

/** Each alias stands for ten of the one before: a thousand million words. */
const laughs = [
  'a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]',
  ...'bcdefghi'.split('').map((name, index) => {
    const before = 'abcdefgh'[index]
    return `${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`
  }),
  'snippets: *i',
].join('\n')

/** A list in a list in a list, by aliases alone. */
function levels(count: number): string {
  const lists = Array.from({ length: count }, (_, level) => `&a${level + 1} [*a${level}]`)
  return `[&a0 [x], ${lists.join(', ')}]`
}

describe('a poisoned workspace file', () => {
  it.each([
    ['a thousand million words by aliases', laughs],
    ['itself inside itself', 'snippets: &s\n  a: *s\n'],
    ['a hundred thousand brackets', `snippets: ${'['.repeat(100_000)}`],
    ['a hundred thousand levels of maps', `snippets: ${'{a: '.repeat(100_000)}`],
    ['ten thousand closed levels', `snippets: ${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    [
      'ten thousand indented levels',
      Array.from({ length: 10_000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
    ],
    ['a tag that asks for code', 'snippets: !!js/function "function () { return process.exit() }"'],
    ['NUL and its friends', 'snippets:\n  "a\u0000b\u001b]0;owned\u0007": { command: "x" }\n'],
    ['a million colons', ':'.repeat(1_000_000)],
    ['a merge of merges', `a: &a { x: 1 }\nsnippets: { ${'<<: *a, '.repeat(10_000)} }`],
    [
      'a thousand million keys by merges',
      `a: &a { ${Array.from({ length: 1_000 }, (_, n) => `k${n}: x`).join(', ')} }\n${'bcdefg'
        .split('')
        .map(
          (name, index) => `${name}: &${name} { <<: [${Array(10).fill(`*${'abcdef'[index]}`).join(', ')}] }`,
        )
        .join('\n')}\nsnippets: { x: *g }`,
    ],
    [
      'ten thousand aliases of nothing',
      `snippets:\n${Array.from({ length: 10_000 }, (_, n) => `  x${n}: *y\n`).join('')}`,
    ],
    ['ten thousand broken entries', `snippets:\n${'  x: [\n'.repeat(10_000)}`],
    ['a line of a million blanks', `snippets:\n  x: [\n  y${' '.repeat(1_000_000)}z\n`],
    [
      'as many unknown keys as are read',
      `snippets:\n  x:\n${Array.from({ length: 49_000 }, (_, n) => `    k${n}: 1\n`).join('')}`,
    ],
    ['as many unknown sections as are read', Array.from({ length: 49_000 }, (_, n) => `k${n}: 1\n`).join('')],
    [
      'as many wrong entries as are read',
      `snippets:\n${Array.from({ length: 24_000 }, (_, n) => `  k: *n${n}\n`).join('')}`,
    ],
    [
      'three thousand levels of merges',
      `a0: &a0 {command: x}\n${Array.from({ length: 3_000 }, (_, n) => `a${n + 1}: &a${n + 1}\n  <<: *a${n}\n`).join('')}snippets: {x: *a3000}`,
    ],
    [
      'three thousand levels of aliases',
      `a0: &a0 [x]\n${Array.from({ length: 3_000 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}]\n`).join('')}snippets: {x: {command: *a3000}}`,
    ],
    ['half a surrogate', 'snippets: { "\ud800": { command: x } }'],
  ])('that holds %s is dealt with in no time, and declares nothing that runs by itself', (_, text) => {
    const file = inProcessorTime(2_000, () => parseWorkspaceFile(text))
    expect(file.environments).toEqual([])
    expect(JSON.stringify(file.snippets.map(({ name }) => name)).length).toBeLessThan(1_000)
  })

  it.each([
    [
      'a megabyte',
      `snippets:\n  x: { command: ${'x'.repeat(1_048_576)} }`,
      /: 1048\d{3} characters, more than/,
    ],
    [
      'a key of megabytes',
      `${'k'.repeat(3_000_000)}: x`,
      /: 3000003 characters, more than the limit of 1048576/,
    ],
    [
      'values',
      `snippets: [${'x,'.repeat(100_000)}]`,
      /: more than 100000 commas, colons, brackets and lines/,
    ],
  ])('of too much %s is not read at all, and says how much it may have', (_, text, why) => {
    const { problems } = parseWorkspaceFile(text)
    expect(problems.map(({ message }) => localize(message, inEnglish))).toEqual([expect.stringMatching(why)])
    expect(localize(problems[0]?.message ?? say(''), inEnglish)).toContain(
      'Split it into several *.fleet.yaml',
    )
  })

  it.each([
    ['by its text', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['by aliases', levels(64)],
  ])('is read except for the entry that is too deep %s', (_, deep) => {
    const { problems, snippets } = parseWorkspaceFile(
      `snippets:\n  deep:\n    command: ${deep}\n  good: { command: x }\n`,
    )
    const sentences = problems.map(({ message }) => localize(message, inEnglish))
    expect(sentences).toContain('This is nested more than 64 levels deep.')
    expect(snippets.map(({ name }) => name)).toEqual(['good'])
  })

  it('is read except for keys of kilobytes, which no sentence repeats', () => {
    const key = 'k'.repeat(1_025)
    const { problems, snippets } = parseWorkspaceFile(
      `snippets:\n  ? ${key}\n  : { command: x }\n  good: { command: x }\n`,
    )
    expect(problems.map(({ message }) => localize(message, inEnglish))).toEqual([
      'This key has 1025 characters, more than the limit of 1024.',
    ])
    expect(snippets.map(({ name }) => name)).toEqual(['good'])
  })

  it('brings no prototypes with it', () => {
    const text =
      'snippets:\n  __proto__: { command: x }\n  constructor: { command: y }\nenvironments:\n  __proto__: { region: eu-west-1 }\n'
    const { snippets } = parseWorkspaceFile(text)
    expect(({} as { command?: string }).command).toBeUndefined()
    expect(({} as { region?: string }).region).toBeUndefined()
    expect(snippets.map(({ declaration }) => declaration.command)).toContain('y')
  })

  it('is told what is wrong with it, where it stands', () => {
    const { problems } = parseWorkspaceFile('snippets:\n  evil: { command: x, onOpen: true, file: y }\n')
    expect(problems.length).toBeGreaterThan(0)
    for (const { at } of problems) expect(at.start).toBeGreaterThan(0)
  })
})
