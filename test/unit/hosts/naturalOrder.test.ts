import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byNature, inNaturalOrder, naturalKey } from '../../../src/hosts/naturalOrder.ts'
import { inProcessorTime } from '../../support/processorTime.ts'

describe('The natural order', () => {
  it('counts as people do, at every place of a name', () => {
    expect(['web10', 'web2', 'web1'].sort(byNature)).toEqual(['web1', 'web2', 'web10'])
    expect(['r2-n1', 'r1-n10', 'r1-n9', 'r10-n1'].sort(byNature)).toEqual([
      'r1-n9',
      'r1-n10',
      'r2-n1',
      'r10-n1',
    ])
  })

  it('puts numbers of any length into their order, padded or not', () => {
    const padded = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 60n }), fc.nat(20))
    fc.assert(
      fc.property(padded, padded, ([a, zerosOfA], [b, zerosOfB]) => {
        const nameOf = (number: bigint, zeros: number) => `web${'0'.repeat(zeros)}${number}`
        if (a === b) return
        expect(byNature(nameOf(a, zerosOfA), nameOf(b, zerosOfB))).toBe(a < b ? -1 : 1)
      }),
    )
  })

  it('looks at neither case nor accents, unless names are the same without', () => {
    expect(['Zug', 'b', 'A', 'a', 'Zürich'].sort(byNature)).toEqual(['A', 'a', 'b', 'Zug', 'Zürich'])
  })

  it('is the same order each time: names are equal only when they are the same', () => {
    const name = fc.string({ unit: fc.constantFrom(...'aAbé019-.'), maxLength: 6 })
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const sorted = [...names].sort(byNature)
        expect([...names].reverse().sort(byNature)).toEqual(sorted)
        expect(inNaturalOrder(names, (each) => each)).toEqual(sorted)
      }),
    )
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(byNature(a, b) === 0).toBe(a === b)
      }),
    )
  })

  it('is that of the keys, for who keeps them', () => {
    const name = fc.string({ unit: fc.constantFrom(...'ab019-.'), maxLength: 6 })
    fc.assert(
      fc.property(name, name, (a, b) => {
        if (naturalKey(a) < naturalKey(b)) expect(byNature(a, b)).toBe(-1)
      }),
    )
  })

  it('costs little for 10,000 names', () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `ip-10-0-${(index * 7919) % 10_000}.internal`)
    inProcessorTime(200, () => inNaturalOrder(names, (name) => name))
  })
})
