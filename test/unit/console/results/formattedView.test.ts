import { describe, expect, it } from 'vitest'
import { layoutLimits } from '../../../../src/answers/layout.ts'
import { FormattedView } from '../../../../src/console/results/formattedView.ts'

const out = (text: string) => ({ stream: 1, text }) as const
const err = (text: string) => ({ stream: 2, text }) as const

describe('a formatted output', () => {
  it('is numbered anew, and leaves stderr in its place as it is', () => {
    const view = FormattedView.of([err('{"warning":1}'), out('{"a":1}'), err('done')]) as FormattedView
    expect(view.count).toBe(5)
    expect(view.window(0, 2)).toEqual([
      { n: 1, stream: 2, text: '{"warning":1}' },
      { n: 2, stream: 1, text: '{' },
    ])
    expect(view.window(2, 9).map(({ n, text }) => [n, text])).toEqual([
      [3, '  "a": 1'],
      [4, '}'],
      [5, 'done'],
    ])
    expect(view.width).toBe(13)
  })

  it('gives the text between two places as it is shown', () => {
    const view = FormattedView.of([out('{"a":1}')]) as FormattedView
    expect(view.text({ line: 0, column: 1 }, { line: 1, column: 5 })).toBe('\n  "a"')
    expect(view.text({ line: 1, column: 2 }, { line: 99, column: 99 })).toBe('"a": 1\n}')
    expect(view.text({ line: 1, column: 2 }, { line: 1, column: 5 })).toBe('"a"')
  })

  it('cuts long lines and says how much is left out', () => {
    const view = FormattedView.of([out(`["${'x'.repeat(6000)}"]`)]) as FormattedView
    expect(view.window(1, 2)[0]).toMatchObject({ cut: 1004 })
    expect(view.width).toBe(5000)
  })

  it('is none where nothing can be formatted, and says why', () => {
    expect(FormattedView.of([out('text')])).toBe('as-printed')
    expect(FormattedView.of([err('{"a":1}')])).toBe('as-printed')
    expect(FormattedView.of([out('['.repeat(200) + ']'.repeat(200))])).toBe('too-deep')
    expect(FormattedView.of([out('{"a":1}'), err('x'.repeat(layoutLimits.characters))])).toBe('too-large')
  })
})
