import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareToBound, compareVersions, isOrderable } from '../../../../src/protocol/filter/order.ts'

describe('compareVersions', () => {
  it('orders versions as their makers mean them', () => {
    const ascending = [
      '1.0~beta1',
      '1.0-alpha',
      '1.0-rc1',
      '1.0-rc2',
      '1.0-rc10',
      '1.0',
      '1.0-RELEASE',
      '1.0-RELEASE-p1',
      '1.0-1',
      '1.0.2k',
      '1.0.2l',
      '1.0.3',
      '1.9',
      '1.10',
      '5.10.0-rc1',
      '5.10.0',
      '5.10.0-32-amd64',
      '5.10.0-100-amd64',
      '5.15.0',
      '10',
      '2024-05-01',
      '2024-05-01T10',
      '2024-11-01',
      '20241101',
      '1:0.1',
    ]
    for (const [i, lower] of ascending.entries()) {
      for (const higher of ascending.slice(i + 1)) {
        expect([lower, higher, compareVersions(lower, higher)]).toEqual([lower, higher, -1])
        expect([higher, lower, compareVersions(higher, lower)]).toEqual([higher, lower, 1])
      }
    }
  })

  it('takes missing numbers for 0, and neither a v nor case nor leading zeros for a difference', () => {
    for (const [a, b] of [
      ['9', '9.0.0'],
      ['v1.2', '1.2'],
      ['1.02', '1.2'],
      ['1.0-RC1', '1-rc1'],
    ] as const) {
      expect(compareVersions(a, b)).toBe(0)
    }
  })

  it('is a total order', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      '2',
      '10',
      'a',
      'k',
      'rc',
      'beta',
      '~',
      '.',
      '-',
      '+',
      ':',
      '_',
      'el',
    )
    const version = fc.array(piece, { maxLength: 6 }).map((pieces) => `1${pieces.join('')}`)
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0)
        expect(compareVersions(a, b) + compareVersions(b, a)).toBe(0)
        const sorted = [a, b, c].sort(compareVersions)
        expect(compareVersions(sorted[0] ?? '', sorted[2] ?? '')).toBeLessThanOrEqual(0)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('compareToBound', () => {
  it('compares a number as a number and a text as a version', () => {
    expect(compareToBound(9.1, '9.9')).toBe(-1)
    expect(compareToBound('9.10', '9.9')).toBe(1)
    expect(compareToBound(107374182400, '107374182400')).toBe(0)
    expect(compareToBound('107374182401', '107374182400')).toBe(1)
    expect(compareToBound(5, '5.10.0')).toBe(-1)
    expect(compareToBound(1.5e9, '1e9')).toBe(1)
  })

  it('compares what is negative or a percentage as a number', () => {
    expect(compareToBound('-5', '-10')).toBe(1)
    expect(compareToBound('-5', '3')).toBe(-1)
    expect(compareToBound(-5, '3')).toBe(-1)
    expect(compareToBound('9.5%', '27.82')).toBe(-1)
    expect(compareToBound('9.5%', '9.40%')).toBe(1)
    expect(compareToBound(90, '80%')).toBe(1)
  })

  it('leaves what has no order', () => {
    for (const fact of [
      true,
      null,
      [],
      {},
      '',
      'web',
      '461.12 MiB',
      'x1',
      '12/01/2006',
      `1${'.1'.repeat(200)}`,
    ]) {
      expect(compareToBound(fact, '1')).toBeUndefined()
    }
  })
})

describe('isOrderable', () => {
  it('is said of numbers, percentages and versions', () => {
    for (const text of ['0', '-1', '+3.5', '1e9', '80%', '5.10.0-rc1', 'v2', '2024-05-01']) {
      expect(isOrderable(text)).toBe(true)
    }
    for (const text of ['', 'web', '-', '%', '-x', '1 2', '--1', `1${'.1'.repeat(200)}`]) {
      expect(isOrderable(text)).toBe(false)
    }
  })
})
