import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable, printableLines } from '../../../src/terminal/printable.ts'
import { anyText } from '../../support/anyText.ts'
import { inProcessorTime } from '../../support/processorTime.ts'

const lines = (text: string, colours = true) =>
  printableLines([{ stream: 1, bytes: Buffer.from(text) }], colours)

describe('printableLines', () => {
  it('never gives a terminal anything but text, tabs and colours', () => {
    const hostile = fc.oneof(
      anyText(),
      fc
        .array(
          fc.constantFrom(
            '\x1b',
            '[',
            ']',
            '0;',
            '8',
            'm',
            'J',
            '\x07',
            '\x9b',
            'P',
            '\\',
            '\r',
            'x',
            '\u202e',
            '?1049h',
          ),
        )
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(hostile, fc.boolean(), (text, colours) => {
        for (const line of lines(text, colours)) {
          const rest = colours ? line.replace(/\x1b\[[0-9;]*m/g, '') : line
          expect(rest).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('keeps colours, and ends them with their line', () => {
    expect(lines('\x1b[31mred\x1b[0m plain\n\x1b[1mbold')).toEqual([
      '\x1b[31mred\x1b[0m plain\x1b[0m',
      '\x1b[1mbold\x1b[0m',
    ])
    expect(lines('\x1b[31mred', false)).toEqual(['red'])
  })

  it.each([
    ['a window title', '\x1b]0;owned\x07text', ['text']],
    ['a cursor that moves', 'one\x1b[2J\x1b[1;1Htwo', ['onetwo']],
    ['text that is hidden', '\x1b[8msecret', ['secret']],
    ['a sequence that never ends', `\x1b]0;${'x'.repeat(9000)}\nrm -rf /`, ['rm -rf /']],
    ['a progress bar', '10%\r50%\r100%\ndone\r\n', ['100%', 'done']],
  ])('leaves out %s, not the text around it', (_, text, printed) => {
    expect(
      lines(text, false)
        .map((line) => line.replace(/^.*x{9000}$/, ''))
        .filter((line) => line !== ''),
    ).toEqual(printed)
  })

  it('shows by their codes what deceives the eye, and keeps what scripts and emoji need', () => {
    expect(lines('a\u202eb\u2028c\u00add\u{e0041}')).toEqual(['a<U+202E>b<U+2028>c<U+00AD>d<U+E0041>'])
    expect(lines('\x1b[31mno\u200bne\x1b[0m')).toEqual(['\x1b[31mno<U+200B>ne\x1b[0m\x1b[0m'])
    expect(lines('\u0646\u200c\u0645 \u{1f469}\u200d\u{1f4bb}')).toEqual([
      '\u0646\u200c\u0645 \u{1f469}\u200d\u{1f4bb}',
    ])
  })

  it('is quick with a line of ten megabytes', () => {
    expect(inProcessorTime(5_000, () => lines('x'.repeat(10_000_000)))).toHaveLength(1)
  })
})

describe('printable', () => {
  it('makes one line of a name or a reason', () => {
    expect(printable('web\x1b[31m01\nand more\x07')).toBe('web01 and more<U+0007>')
    expect(printable('')).toBe('')
  })
})
