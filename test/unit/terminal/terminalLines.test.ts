import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withoutSgr } from '../../../src/terminal/sgr.ts'
import { TerminalLines } from '../../../src/terminal/terminalLines.ts'

function linesOf(...writes: readonly (string | [stream: 1 | 2, text: string])[]): string[] {
  const lines = new TerminalLines()
  for (const write of writes) {
    const [stream, text] = typeof write === 'string' ? ([1, write] as const) : write
    lines.add({ stream, bytes: Buffer.from(text) })
  }
  return Array.from({ length: lines.count }, (_, index) => lines.line(index)?.text ?? '')
}

describe('TerminalLines', () => {
  it('splits output into lines, the last one also without its end', () => {
    expect(linesOf('one\ntwo\n\nfour')).toEqual(['one', 'two', '', 'four'])
    expect(linesOf('one\r\ntwo\r\n')).toEqual(['one', 'two'])
    expect(linesOf('')).toEqual([])
  })

  it('keeps stdout and stderr lines apart, in the order in which they began', () => {
    const lines = new TerminalLines()
    const say = (stream: 1 | 2, text: string) => lines.add({ stream, bytes: Buffer.from(text) })
    say(1, 'downloading …')
    say(2, 'warning: slow\n')
    say(1, ' done\n')
    expect([lines.line(0), lines.line(1)]).toMatchObject([
      { stream: 1, text: 'downloading … done' },
      { stream: 2, text: 'warning: slow' },
    ])
  })

  it('shows of a progress bar what a terminal shows at last', () => {
    expect(linesOf(' 10 %\r 55 %\r100 %\nfinished\n')).toEqual(['100 %', 'finished'])
    expect(linesOf('working 1\r\x1b[Kworking 2\r\x1b[K', 'done\n')).toEqual(['done'])
    expect(linesOf('text\r')).toEqual(['text'])
    expect(linesOf('half\x1b[2K')).toEqual([''])
    expect(linesOf('half\x1b[1Gwhole\n')).toEqual(['whole'])
  })

  it('takes characters back that are overstruck', () => {
    expect(linesOf('N\bNA\bAME\bE\n')).toEqual(['NAME'])
  })

  it('carries colours over line ends and starts every line from plain', () => {
    expect(linesOf('\x1b[31mred\nstill red\x1b[0m plain\n')).toEqual([
      '\x1b[31mred',
      '\x1b[31mstill red\x1b[0m plain',
    ])
  })

  it('leaves out titles, links, device controls and cursor movements', () => {
    expect(linesOf('\x1b]0;root@host\x07prompt\n')).toEqual(['prompt'])
    expect(linesOf('\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\\n')).toEqual(['link'])
    expect(linesOf('\x1bP1$r0m\x1b\\a\x1b[2J\x1b[10;5Hb\x1b(Bc\x1b7d\n')).toEqual(['abcd'])
    expect(linesOf('\x1b]52;c;cm0gLXJmIC8=\x07copied?\n')).toEqual(['copied?'])
  })

  it('treats the 8-bit forms like the 7-bit ones', () => {
    expect(linesOf('\u009b31mred\u009b0m \u009d0;title\u0007x\n')).toEqual(['\x1b[31mred\x1b[0m x'])
  })

  it('shows control characters that mean nothing as pictures', () => {
    expect(linesOf('a\x00b\x07c\x7fd\n')).toEqual(['a\u2400b\u2407c\u2421d'])
  })

  it('does not let a sequence that never ends swallow what follows', () => {
    expect(linesOf('\x1b]0;never closed\nnext line\n')).toEqual(['', 'next line'])
    const hostile = linesOf(`\x1b]${'x'.repeat(20_000)}`, 'still here\n')
    expect(hostile.join('')).toContain('still here')
  })

  it('gives the same lines however the bytes are cut', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom(
          '\n',
          '\r',
          '\r\n',
          '\b',
          '\t',
          '\x1b[1;31m',
          '\x1b[0m',
          '\x1b[K',
          '\x1b[38;2;1;2;3m',
        ),
        fc.constantFrom(
          '\x1b]0;title\x07',
          '\x1b]8;;u\x1b\\',
          '\x1b[?25l',
          '\x1b(B',
          'ünïcode 🦀',
          '\x00',
          '\u202e',
        ),
        fc.string({ maxLength: 8 }),
      ),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(64), { maxLength: 40 }), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''))
        const whole = new TerminalLines()
        whole.add({ stream: 1, bytes })
        const cut = new TerminalLines()
        let from = 0
        for (const length of [...cuts, bytes.length]) {
          cut.add({ stream: 1, bytes: bytes.subarray(from, from + length) })
          from = Math.min(bytes.length, from + length)
        }
        const texts = (lines: TerminalLines) =>
          Array.from({ length: lines.count }, (_, index) => lines.line(index)?.text)
        expect(texts(cut)).toEqual(texts(whole))
      }),
      { numRuns: 400 },
    )
  })

  it('leaves no control sequence but SGR, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const lines = new TerminalLines()
        lines.add({ stream: 1, bytes })
        for (let index = 0; index < lines.count; index += 1) {
          expect(withoutSgr(lines.line(index)?.text ?? '')).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('gives away the lines that are finished, and goes on as if they were still there', () => {
    const piece = fc.tuple(
      fc.constantFrom<1 | 2>(1, 2),
      fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\b', '\x1b[31m', '\x1b[K', 'é') }),
    )
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.boolean()), (pieces, taken) => {
        const [whole, given] = [new TerminalLines(), new TerminalLines()]
        const finished: (1 | 2 | string)[][] = []
        pieces.forEach(([stream, text], index) => {
          const chunk = { stream, bytes: Buffer.from(text) }
          whole.add(chunk)
          given.add(chunk)
          if (taken[index]) finished.push(...given.takeFinished().map((line) => [line.stream, line.text]))
        })
        const rest = Array.from({ length: given.count }, (_, index) => given.line(index))
        const all = [...finished, ...rest.map((line) => [line?.stream ?? 1, line?.text ?? ''])]
        const expected = Array.from({ length: whole.count }, (_, index) => whole.line(index)).map((line) => [
          line?.stream ?? 1,
          line?.text ?? '',
        ])
        for (const stream of [1, 2]) {
          const ofStream = (lines: (1 | 2 | string)[][]) => lines.filter(([each]) => each === stream)
          expect(ofStream(all)).toEqual(ofStream(expected))
        }
        given.takeFinished()
        expect(given.count).toBeLessThanOrEqual(2)
      }),
    )
  })

  it('tells from where on lines have changed', () => {
    const lines = new TerminalLines()
    const say = (text: string) => lines.add({ stream: 1, bytes: Buffer.from(text) })
    say('one\ntwo\nthr')
    expect(lines.takeChangedFrom()).toBe(0)
    say('ee')
    expect(lines.takeChangedFrom()).toBe(2)
    expect(lines.takeChangedFrom()).toBe(3)
    say('\nfour\n')
    expect(lines.takeChangedFrom()).toBe(3)
  })

  it('takes a line of 100 MB and 100,000 lines in seconds', { timeout: 30_000 }, () => {
    const long = new TerminalLines()
    const piece = Buffer.alloc(1024 * 1024, 'x')
    for (let count = 0; count < 100; count += 1) long.add({ stream: 1, bytes: piece })
    expect([long.count, long.width]).toEqual([1, 100 * 1024 * 1024])
    const many = new TerminalLines()
    many.add({ stream: 1, bytes: Buffer.from('line\n'.repeat(100_000)) })
    expect(many.count).toBe(100_000)
  })
})
