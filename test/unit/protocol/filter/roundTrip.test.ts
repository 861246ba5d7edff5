import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFilter } from '../../../../src/protocol/filter/parse.ts'
import { printFilter } from '../../../../src/protocol/filter/print.ts'
import { FilterSyntaxError } from '../../../../src/protocol/filter/syntaxError.ts'
import { filter, text } from './arbitraryFilter.ts'

describe('print and parse', () => {
  it('are inverse: what is printed parses to the very same filter', () => {
    fc.assert(
      fc.property(filter, (original) => {
        expect(parseFilter(printFilter(original))).toEqual(original)
      }),
      { numRuns: 3_000 },
    )
  })

  it('print one line that shows every character that it holds', () => {
    fc.assert(
      fc.property(filter, (original) => {
        expect(printFilter(original)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u)
      }),
      { numRuns: 1_000 },
    )
  })

  it('settle after one round for whatever text parses', () => {
    fc.assert(
      fc.property(typedText, (typed) => {
        const first = attempt(typed)
        fc.pre(first !== undefined)
        expect(parseFilter(printFilter(first))).toEqual(first)
        expect(printFilter(parseFilter(printFilter(first)))).toBe(printFilter(first))
      }),
      { numRuns: 500 },
    )
  })

  it('refuse any other text with a place inside it, a sentence, and a pointer of two lines', () => {
    fc.assert(
      fc.property(fc.oneof(typedText, text, fc.string({ unit: 'binary', maxLength: 200 })), (typed) => {
        const error = failure(typed)
        if (!error) return
        expect(error).toBeInstanceOf(FilterSyntaxError)
        const fault = error as FilterSyntaxError
        expect(fault.position).toBeGreaterThanOrEqual(0)
        expect(fault.length).toBeGreaterThanOrEqual(0)
        expect(fault.position + fault.length).toBeLessThanOrEqual(typed.length)
        expect(fault.expected).not.toBe('')
        expect(fault.message).toMatch(/[.)]$/)
        expect(fault.pointer(typed)).toMatch(/^[^\n]*\n *\^+$/)
      }),
      { numRuns: 3_000 },
    )
  })
})

/** Texts that are often nearly a filter. */
const typedText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'role',
        'os.release.major',
        'a."b c"',
        'x.*.y',
        'and',
        'or',
        'not',
        '!',
        '(',
        ')',
        '&&',
        '||',
        ' ',
      ),
      fc.constantFrom(
        '=',
        '!=',
        '==',
        '=~',
        '!~',
        '<',
        '>=',
        'in',
        'not in',
        ',',
        '9',
        'web-*',
        '"q"',
        "'s'",
        '/^a/i',
      ),
      fc.constantFrom(
        '= web',
        '>= 9',
        'in (a, b)',
        'in 10.0.0.0/8',
        'and kernel',
        'or not x',
        ' and a=b',
        '*',
        ' ',
        ' ',
      ),
      text,
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(' '))

function attempt(typed: string) {
  try {
    return parseFilter(typed)
  } catch {
    return undefined
  }
}

function failure(typed: string): unknown {
  try {
    parseFilter(typed)
    return undefined
  } catch (error) {
    return error
  }
}
