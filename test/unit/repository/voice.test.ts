import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { stateNames, verdicts } from '../../../src/protocol/verdict.ts'

const voice = readFileSync('docs/voice.md', 'utf8')

/** Where the voice of docs/voice.md is kept. */
const roots = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs', 'media', 'package.nls.json'],
  ...['agent', 'examples', 'scripts', 'src', 'webview'],
]

/** Where a word of the table is the right one. Taken out before words are looked for. */
const allowed: { readonly text: RegExp; readonly because: string }[] = [
  { text: /\bfits? (?:in|into|the width|on)\b/gi, because: 'what has a size fits into what has room' },
]

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...roots], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(ts|mjs|css|md|json)$/.test(file) && file !== 'docs/voice.md' && existsSync(file))

const words = tableOf('Words').flatMap(([, not = '']) =>
  [...not.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word),
)

describe('the voice of the sources and documents', () => {
  it.each(files)('is kept in %s', (file) => {
    expect(oldWordsIn(readFileSync(file, 'utf8'), file)).toEqual([])
  })

  it('is told by the table of docs/voice.md', () => {
    expect(words).toContain('whoever')
    expect(words.length).toBeGreaterThan(20)
  })

  it('is looked for in comments and strings, also where a line ends in the middle of a phrase', () => {
    expect(oldWordsIn('// how so\n// many there are\n', 'x.ts')).toEqual(['1: so many'])
    expect(oldWordsIn('/**\n * So\n * many\n */\n', 'x.ts')).toEqual(['2: so many'])
    expect(oldWordsIn("const a = 1\nf('Heard of lately')\n", 'x.ts')).toEqual(['2: heard of', '2: lately'])
    expect(oldWordsIn('this.#fits(body)\n', 'x.ts')).toEqual([])
    expect(oldWordsIn('Each\nfits.', 'x.md')).toEqual(['2: fits'])
    expect(oldWordsIn('It fits into a message.', 'x.md')).toEqual([])
  })
})

describe('the verdicts of docs/voice.md', () => {
  it('have the names that people read everywhere', () => {
    expect(tableOf('Verdicts').map(([name]) => name)).toEqual(
      verdicts.map((verdict) => stateNames[verdict].text),
    )
  })
})

/** Rows of the table under a heading, without its head. */
function tableOf(heading: string): string[][] {
  const section = voice.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| '))
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  )
}

/** @returns line and phrase of each finding */
function oldWordsIn(text: string, file: string): string[] {
  const prose = /\.(ts|mjs|css)$/.test(file) ? onlyProse(text) : text
  const plain = allowed.reduce((left, { text: right }) => left.replace(right, blank), prose)
  return words
    .flatMap((word) => {
      const phrase = new RegExp(`\\b${word.split(' ').join('[\\s*/]+')}\\b`, 'gi')
      return [...plain.matchAll(phrase)].map(({ index }) => ({
        line: plain.slice(0, index).split('\n').length,
        word,
      }))
    })
    .sort((a, b) => a.line - b.line)
    .map(({ line, word }) => `${line}: ${word}`)
}

/** Comments and strings where they stand, and everything else blank. */
function onlyProse(source: string): string {
  let prose = ''
  let end = 0
  for (const match of source.matchAll(commentOrString)) {
    prose += blank(source.slice(end, match.index)) + match[0]
    end = match.index + match[0].length
  }
  return prose + blank(source.slice(end))
}

const commentOrString =
  /\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}
