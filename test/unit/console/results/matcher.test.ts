import { describe, expect, it } from 'vitest'
import { createMatcher, InvalidQuery } from '../../../../src/console/results/matcher.ts'
import { inProcessorTime } from '../../../support/processorTime.ts'

const query = { text: 'a.c', matchCase: false, regex: false }

describe('createMatcher', () => {
  it('finds text as it is written, in any case unless asked', () => {
    expect(createMatcher(query)('A.c abc a.C')).toEqual([
      [0, 3],
      [8, 3],
    ])
    expect(createMatcher({ ...query, matchCase: true })('A.c a.c')).toEqual([[4, 3]])
    expect(createMatcher({ ...query, text: '$(x)[0]{1}/\\^|?*+-' })('see $(x)[0]{1}/\\^|?*+- here')).toEqual([
      [4, 18],
    ])
  })

  it('finds expressions', () => {
    expect(createMatcher({ ...query, regex: true })('abc a.c A2C')).toHaveLength(3)
    expect(createMatcher({ text: 'x*', matchCase: true, regex: true })('axxa')).toEqual([[1, 2]])
  })

  it('says what is wrong with an expression', () => {
    expect(() => createMatcher({ ...query, text: 'a(', regex: true })).toThrow(InvalidQuery)
  })

  it('cannot be made to hang by what a server wrote', () => {
    const matches = createMatcher({ text: '(a+)+$', matchCase: true, regex: true })
    inProcessorTime(2_000, () => matches(`${'a'.repeat(2000)}b`))
  })
})
