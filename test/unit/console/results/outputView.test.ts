import { describe, expect, it } from 'vitest'
import { createMatcher } from '../../../../src/console/results/matcher.ts'
import { cutText, OutputView } from '../../../../src/console/results/outputView.ts'

function viewOf(text: string): OutputView {
  const view = new OutputView()
  view.add({ stream: 1, bytes: Buffer.from(text) })
  return view
}

describe('OutputView', () => {
  it('gives any window of the lines, numbered from 1', () => {
    const view = viewOf('a\nb\nc\nd\n')
    expect(view.count).toBe(4)
    expect(view.window(1, 3)).toEqual([
      { n: 2, stream: 1, text: 'b' },
      { n: 3, stream: 1, text: 'c' },
    ])
    expect(view.window(3, 99)).toHaveLength(1)
  })

  it('cuts very long lines and says how much is left out', () => {
    const [line] = viewOf(`\x1b[31m${'x'.repeat(20_000)}`).window(0, 1)
    expect(line?.cut).toBe(15_000)
    expect(line?.text).toBe(`\x1b[31m${'x'.repeat(5000)}`)
  })

  it('leaves out the middle of what no scroll bar can show, and says so', () => {
    const view = viewOf(Array.from({ length: 450_000 }, (_, index) => `line ${index + 1}\n`).join(''))
    expect(view.count).toBe(400_001)
    expect(view.window(199_999, 200_003).map(({ n }) => n)).toEqual([200_000, 0, 250_001, 250_002])
    expect(view.window(200_000, 200_001)[0]?.text).toContain('50,000 lines are omitted')
    expect(view.window(400_000, 400_001)[0]).toMatchObject({ n: 450_000, text: 'line 450000' })
  })

  it('marks matches and finds the next and the one before', () => {
    const view = viewOf('no\n\x1b[32mfind\x1b[0m me, find me\nno\nfind\n')
    view.search(createMatcher({ text: 'find', matchCase: false, regex: false }))
    expect(view.matches).toBe(3)
    expect(view.window(1, 2)[0]?.marks).toEqual([
      [0, 4],
      [9, 4],
    ])
    expect(view.find(0, 1)).toEqual({ line: 1, ordinal: 1 })
    expect(view.find(2, 1)).toEqual({ line: 3, ordinal: 3 })
    expect(view.find(4, 1)).toBeUndefined()
    expect(view.find(3, -1)).toEqual({ line: 1, ordinal: 1 })
    expect(view.find(Number.MAX_SAFE_INTEGER, -1)).toEqual({ line: 3, ordinal: 3 })
  })

  it('counts matches again in lines that have changed', () => {
    const view = viewOf('loading a\r')
    view.search(createMatcher({ text: 'a', matchCase: true, regex: false }))
    expect(view.matches).toBe(2)
    view.takeChangedFrom()
    view.add({ stream: 1, bytes: Buffer.from('done\n') })
    view.takeChangedFrom()
    expect(view.matches).toBe(0)
  })
})

describe('cutText', () => {
  it('does not cut within a sequence or a character', () => {
    expect(cutText('ab\x1b[31mcd', 3)).toBe('ab\x1b[31mc')
    expect(cutText('ab🦀', 3)).toBe('ab')
    expect(cutText('\x1b[1mab', 2)).toBe('\x1b[1mab')
  })

  it('gives the text between two places, with what the page cuts and omits', () => {
    const view = viewOf('first\n\x1b[31msecond\x1b[0m line\nthird\n')
    expect(view.text({ line: 0, column: 2 }, { line: 2, column: 3 })).toBe('rst\nsecond line\nthi')
    expect(view.text({ line: 1, column: 3 }, { line: 1, column: 6 })).toBe('ond')
    expect(view.text({ line: 1, column: 0 }, { line: 99, column: 9999 })).toBe('second line\nthird')
    const long = viewOf(`${'x'.repeat(20_000)}\n`)
    expect(long.text({ line: 0, column: 0 }, { line: 0, column: Number.MAX_SAFE_INTEGER })).toHaveLength(
      20_000,
    )
    const many = viewOf(Array.from({ length: 450_000 }, (_, index) => `line ${index + 1}\n`).join(''))
    const text = many.text({ line: 199_999, column: 5 }, { line: 200_001, column: 8 })
    expect(text.split('\n')).toHaveLength(50_002)
    expect(text.slice(0, 6)).toBe('200000')
    expect(text.slice(-8)).toBe('line 250')
  })
})
