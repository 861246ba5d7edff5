import { describe, expect, it } from 'vitest'
import type { FactValue } from '../../../../src/protocol/facts.ts'
import { completeFilter } from '../../../../src/protocol/filter/complete.ts'
import { explainFilter } from '../../../../src/protocol/filter/explain.ts'
import { indexFacts } from '../../../../src/protocol/filter/factIndex.ts'
import { matchesFilter } from '../../../../src/protocol/filter/match.ts'
import { parseFilter } from '../../../../src/protocol/filter/parse.ts'
import { FilterSyntaxError } from '../../../../src/protocol/filter/syntaxError.ts'
import { inProcessorTime } from '../../../support/processorTime.ts'

/** Most of this takes a few milliseconds; the most work that the limits allow takes about a hundred. */
const QUICK_MS = 250

const quickly = <T>(work: () => T): T => inProcessorTime(QUICK_MS, work)

function refusal(typed: string): string {
  return quickly(() => {
    try {
      parseFilter(typed)
    } catch (error) {
      if (error instanceof FilterSyntaxError) return error.message
      throw error
    }
    throw new Error('it was not refused')
  })
}

describe('a hostile filter is refused quickly, with the limit named', () => {
  it.each([
    ['10,000 nested parentheses', `${'('.repeat(10_000)}a${')'.repeat(10_000)}`, 'at most 16384'],
    ['8,000 nested parentheses', `${'('.repeat(8_000)}a${')'.repeat(8_000)}`, 'at most 64 levels'],
    ['only opening parentheses', '('.repeat(16_384), 'at most 64 levels'],
    ['a long chain of not', `${'not '.repeat(4_000)}a`, 'at most 64 levels'],
    ['a long chain of !', `${'!'.repeat(16_000)}a`, 'at most 64 levels'],
    ['not and parentheses in turn', '!('.repeat(8_000), 'at most 64 levels'],
    ['a text of a megabyte', `role=${'a'.repeat(1_000_000)}`, 'at most 16384 are allowed'],
    ['a quoted megabyte', `role="${'a'.repeat(1_000_000)}"`, 'at most 16384 are allowed'],
    ['a hundred megabytes of spaces', ' '.repeat(100_000_000), 'at most 16384 are allowed'],
    ['thousands of terms', `a${' or a'.repeat(3_000)}`, 'more than 512 terms'],
    ['thousands of values', `a=b${',b'.repeat(8_000)}`, 'more than 1000 values'],
    ['thousands of list members', `a in (b${',b'.repeat(8_000)})`, 'more than 1000 values'],
    ['thousands of segments', `a${'.b'.repeat(8_000)}`, 'more than 32 segments'],
    ['a long regular expression', `a =~ /${'(a|b)'.repeat(200)}/`, 'at most 512 are allowed'],
    ['nested repetitions', 'a =~ /((a{1,100}){1,100}){1,100}/', 'invalid repeat count'],
    ['repetitions side by side', 'a =~ /a{1000}a{1000}a{1000}/', 'too large'],
    ['nested groups', `a =~ /${'('.repeat(255)}${')'.repeat(255)}x(/`, 'missing closing )'],
    ['an open quote and thousands of escapes', `a="${'\\\\'.repeat(8_000)}`, 'not closed'],
    ['an open regular expression', `a =~ /${'\\/'.repeat(8_000)}`, 'not closed'],
    ['a text that grows when written out', `a="${'\u202e'.repeat(8_000)}"`, 'when written out'],
  ])('%s', (_, typed, limit) => {
    expect(refusal(typed)).toContain(limit)
    expect(refusal(typed).length).toBeLessThan(1_000)
  })

  it('also where completion reads it', () => {
    const index = indexFacts([{ role: 'web' }])
    for (const typed of [
      '('.repeat(16_000),
      'not '.repeat(4_000),
      'a'.repeat(1_000_000),
      `a=b${',b'.repeat(8_000)}`,
    ]) {
      quickly(() => completeFilter(typed, typed.length, index))
    }
  })

  it('with a pointer that stays short', () => {
    try {
      parseFilter(`role=${'a'.repeat(1_000_000)}`)
    } catch (error) {
      expect((error as FilterSyntaxError).pointer().length).toBeLessThan(400)
    }
    expect.assertions(1)
  })
})

describe('what the limits allow is read and decided quickly', () => {
  it.each([
    ['the deepest nesting', `${'('.repeat(64)}a=1${')'.repeat(64)}`],
    ['the most terms', `a=1${' or a=b*c*d*e'.repeat(511)}`],
    ['the most values', `a=b${',bbbbbbbbbbbb*'.repeat(999)}`],
    ['the longest regular expression', `a =~ /${'(a|b)*'.repeat(80)}c$/`],
    ['a classic catastrophe', 'a =~ /^(a+)+$/'],
    ['another one', 'a =~ /(a|aa)*b$/'],
    ['a third', 'a =~ /(.*a){20}[xy]$/'],
    ['a glob of stars', `a=${'a*'.repeat(200)}b`],
  ])('%s', (_, typed) => {
    const filter = quickly(() => parseFilter(typed))
    const facts = { a: `${'a'.repeat(30)}!` }
    quickly(() => matchesFilter(filter, facts))
    quickly(() => explainFilter(filter, facts))
  })

  it('a catastrophic regular expression on 64 KiB of text', () => {
    for (const source of ['^(a+)+$', '(a|aa)+[xy]', '(x+x+)+[yz]', '(.*a){12}[xy]$', '(a?){30}(a){30}[xy]']) {
      const filter = parseFilter(`a =~ /${source}/`)
      quickly(() => matchesFilter(filter, { a: 'a'.repeat(65_536) }))
      quickly(() => matchesFilter(filter, { a: 'x'.repeat(65_536) }))
    }
  })
})

describe('hostile facts are decided on quickly', () => {
  it('a text of ten megabytes matches no pattern', () => {
    const facts = { a: 'a'.repeat(10_000_000) }
    for (const typed of ['a =~ /a/', 'a=a*', 'a > 1', 'a in 10.0.0.0/8', 'a=b']) {
      expect(quickly(() => matchesFilter(parseFilter(typed), facts))).toBe(false)
    }
    quickly(() => explainFilter(parseFilter('a=b'), facts))
  })

  it('arrays nested a hundred thousand deep', () => {
    let deep: FactValue = 'x'
    for (let i = 0; i < 90_000; i++) deep = [deep]
    for (const typed of ['a=x', 'a.*.*=x', 'a.0.0=x', 'a']) {
      quickly(() => matchesFilter(parseFilter(typed), { a: deep }))
      quickly(() => explainFilter(parseFilter(typed), { a: deep }))
    }
  })

  it('a million elements, of which the first hundred thousand are seen', () => {
    const many: FactValue = new Array(1_000_000).fill({ b: 'x' })
    quickly(() => matchesFilter(parseFilter('a.*.b=y'), { a: many }))
    quickly(() =>
      matchesFilter(parseFilter('a.*.b=y'), { a: Object.fromEntries((many as []).slice(0, 1e5).entries()) }),
    )
    quickly(() => explainFilter(parseFilter('a.*.b=y'), { a: many }))
  })

  it('names that objects inherit', () => {
    const facts = JSON.parse('{"__proto__": {"role": "web"}, "a": {"__proto__": "x"}}')
    expect(matchesFilter(parseFilter('role=web'), facts)).toBe(false)
    expect(matchesFilter(parseFilter('__proto__.role=web'), facts)).toBe(true)
    expect(matchesFilter(parseFilter('a.__proto__=x'), facts)).toBe(true)
    for (const typed of [
      'constructor',
      'a.constructor',
      'toString',
      'a.*.length',
      'classes.length',
      '__proto__.toString',
    ]) {
      expect(matchesFilter(parseFilter(typed), { a: { b: 'x' }, classes: ['y'] })).toBe(false)
    }
  })
})
