import { describe, expect, it } from 'vitest'
import { parseWorkspaceFile } from '../../../src/declarations/workspaceFile.ts'
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
    ['half a surrogate', 'snippets: { "\ud800": { command: x } }'],
  ])('that holds %s is dealt with in no time, and declares nothing that runs by itself', (_, text) => {
    const file = inProcessorTime(2_000, () => parseWorkspaceFile(text))
    expect(file.environments).toEqual([])
    expect(JSON.stringify(file.snippets.map(({ name }) => name)).length).toBeLessThan(1_000)
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
