import { describe, expect, it } from 'vitest'
import { type GroupBy, groupByText, readGroupBy } from '../../../src/answers/groupBy.ts'
import { leadingPane } from '../../../src/answers/leadingPane.ts'
import { captureLimits, compileCapture } from '../../../src/answers/linearExpression.ts'

describe('what replies are grouped by', () => {
  it.each<[string, GroupBy]>([
    ['identical', { kind: 'level', level: 'identical' }],
    ['pattern', { kind: 'level', level: 'pattern' }],
    ['shape', { kind: 'level', level: 'shape' }],
    ['exit code', { kind: 'exit' }],
    ['last line', { kind: 'last-line' }],
    ['fact:ec2.az', { kind: 'fact', path: 'ec2.az' }],
    [String.raw`capture:up (\d+) days`, { kind: 'capture', expression: String.raw`up (\d+) days` }],
  ])('is %s as text', (text, by) => {
    expect(readGroupBy(text)).toEqual(by)
    expect(groupByText(by)).toBe(text)
  })

  it('is nothing else', () => {
    for (const text of ['', 'patern', 'fact:', 'fact: ', 'capture:', 'Exit code'])
      expect(readGroupBy(text)).toBeUndefined()
  })
})

describe('a capture', () => {
  it('is the first group of what matches in a line', () => {
    const days = compileCapture(String.raw`up (?P<days>\d+) days, (\d+)`)
    expect(days.in('11:27 up 162 days, 1:05')).toBe('162')
    expect(days.in('11:27 up 3 min')).toBeUndefined()
    expect(compileCapture('(a)?b').in('b')).toBeUndefined()
  })

  it('needs a valid expression with parentheses, and says so', () => {
    expect(() => compileCapture(String.raw`\d+`)).toThrow(/^Put the part that is the value in parentheses/)
    expect(() => compileCapture('(')).toThrow(/^Not a regular expression: /)
    expect(() => compileCapture('(a+)\\1')).toThrow(/^Not a regular expression: /)
    expect(() => compileCapture(`(${'a'.repeat(captureLimits.expression)})`)).toThrow(/longer than 1000/)
  })

  it('looks at the beginning of a line only, so that no server can hold up the page', () => {
    expect(compileCapture('(x)').in(`${'a'.repeat(captureLimits.line)}x`)).toBeUndefined()
    expect(compileCapture('(x)').in(`${'a'.repeat(captureLimits.line - 1)}x`)).toBe('x')
  })
})

describe('what has the page', () => {
  it.each([
    [{ answers: 240, groups: 24, hasTable: true }, 'groups'],
    [{ answers: 240, groups: 25, hasTable: true }, 'table'],
    [{ answers: 240, groups: 240, hasTable: false }, 'groups'],
    [{ answers: 6, groups: 6, hasTable: true }, 'table'],
    [{ answers: 5, groups: 5, hasTable: true }, 'groups'],
  ] as const)('with %j is %s', (page, leads) => {
    expect(leadingPane(page)).toBe(leads)
  })
})
