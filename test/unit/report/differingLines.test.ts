import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differingLines } from '../../../src/report/differingLines.ts'

const differ = (lines: readonly string[], other: readonly string[]) => differingLines(lines, other, String)

describe('the lines in which two outputs differ', () => {
  it('are those that one has and the other has not, in their order', () => {
    expect(differ(['a', 'b', 'c'], ['c', 'a', 'd'])).toEqual({ own: ['b'], missing: ['d'] })
    expect(differ(['b', 'a'], ['a', 'b'])).toEqual({ own: [], missing: [] })
  })

  it('are as many as there are more of them', () => {
    expect(differ(['a', 'a', 'a'], ['a'])).toEqual({ own: ['a', 'a'], missing: [] })
  })

  it('turn the one output into the other, whatever they are', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 20 })
    fc.assert(
      fc.property(lines, lines, (one, other) => {
        const { own, missing } = differ(one, other)
        const left: string[] = [...one]
        for (const line of own) left.splice(left.indexOf(line), 1)
        expect([...left, ...missing].toSorted()).toEqual(other.toSorted())
      }),
    )
  })

  it('are found in linear time', () => {
    const lines = Array.from({ length: 200_000 }, (_, index) => `line ${index}`)
    expect(differ(lines, lines.toReversed()).own).toEqual([])
  })
})
