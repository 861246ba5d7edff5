import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { globMatches } from '../../../../src/protocol/filter/glob.ts'

describe('globMatches', () => {
  it('says what the equal regular expression says', () => {
    const letters = fc
      .array(fc.constantFrom('a', 'b', '.', '😀', '\n'), { maxLength: 8 })
      .map((it) => it.join(''))
    const globs = fc
      .array(fc.constantFrom('a', 'b', '.', '😀', '*', '?'), { maxLength: 6 })
      .map((it) => it.join(''))
    fc.assert(
      fc.property(globs, letters, (glob, text) => {
        const source = glob.replace(/\./g, '\\.').replace(/\*/g, '[^]*').replace(/\?/g, '[^]')
        expect(globMatches(glob, text)).toBe(new RegExp(`^${source}$`, 'u').test(text))
      }),
      { numRuns: 3_000 },
    )
  })
})
