import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { visibleLine, visibleText } from '../../../src/text/visibleText.ts'
import { anyText } from '../../support/anyText.ts'

describe('Visible text', () => {
  it.each([
    [
      'what turns the reading direction',
      'echo \u202egp.exe\u2066x\u2069',
      'echo <U+202E>gp.exe<U+2066>x<U+2069>',
    ],
    ['what has no width', 'rm\u200b \u2060-rf\ufeff', 'rm<U+200B> <U+2060>-rf<U+FEFF>'],
    [
      'joiners, fillers and selectors',
      'a\u200d\u3164\u115f\ufe0f\u034f',
      'a<U+200D><U+3164><U+115F><U+FE0F><U+034F>',
    ],
    ['tags, which hide whole sentences', 'hi\u{e0072}\u{e006d}', 'hi<U+E0072><U+E006D>'],
    ['what only looks like a space', 'rm\u00a0-rf\u3000/\u2800', 'rm<U+00A0>-rf<U+3000>/<U+2800>'],
    [
      'control characters and line ends of other kinds',
      'a\rb\x1b[8mc\u2028d\x85',
      'a<U+000D>b<U+001B>[8mc<U+2028>d<U+0085>',
    ],
    ['half and unassigned characters', '\ud800x\u0378', '<U+D800>x<U+0378>'],
    ['letters that reorder what stands between them', 'rm א /srv ב', 'rm <U+05D0> /srv <U+05D1>'],
  ])('shows %s by its code', (_, text, shown) => {
    expect(visibleText(text)).toBe(shown)
  })

  it('counts what would push the rest out of sight', () => {
    expect(visibleText(`ls${'\u2800'.repeat(60)}; rm`)).toBe('ls<U+2800 × 60>; rm')
    expect(visibleText(`ls${' '.repeat(300)}; rm`)).toBe('ls<U+0020 × 300>; rm')
    expect(visibleText(`ls${'\t'.repeat(17)}; rm`)).toBe('ls<U+0009 × 17>; rm')
    expect(visibleText(`a${' '.repeat(16)}b`)).toBe(`a${' '.repeat(16)}b`)
    expect(visibleText(`ls${' \t'.repeat(60)}; rm`)).toBe('ls<U+0020 U+0009 × 120>; rm')
    expect(visibleText(`ls${'\n'.repeat(60)}rm`)).toBe('ls<U+000A × 60>\nrm')
    expect(visibleText(`ls\n${' \n'.repeat(30)}  rm`)).toBe('ls<U+000A U+0020 × 61>\n  rm')
    expect(visibleText(`a${'\n'.repeat(16)}b`)).toBe(`a${'\n'.repeat(16)}b`)
  })

  it('in one line takes linear time', () => {
    expect(visibleLine(`a${' \t'.repeat(100_000)}b`)).toBe('a<U+0020 U+0009 × 200000>b')
  })

  it('leaves what can be read as it is', () => {
    const text = 'for f in *.log; do\n\techo "grüße 日本語 é 🚀"; done\n'
    expect(visibleText(text)).toBe(text)
  })

  it('never holds anything that cannot be seen, or reorders the rest', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(visibleText(text)).not.toMatch(
          /(?![\n\t ])[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\u0590-\u08ff\ufb1d-\ufdff]/u,
        )
      }),
      { numRuns: 1000 },
    )
  })
})
