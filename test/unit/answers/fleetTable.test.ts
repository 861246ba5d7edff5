import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rowsInBin, summarizeColumn } from '../../../src/answers/columnSummary.ts'
import { fleetTable, parseRowChoice, rowChoices, sortedRows } from '../../../src/answers/fleetTable.ts'
import { findRecords } from '../../../src/answers/records.ts'
import { byValue, comparableValue } from '../../../src/answers/valueOrder.ts'

describe('the table of a fleet', () => {
  const fleet = [
    agent('web-10', 'Filesystem Size Use% Mounted on\n/dev/vda1   30G   9% /\n/dev/vdb1    2T  91% /srv'),
    agent('web-2', 'Filesystem Size Use% Mounted on\n/dev/vda1   30G 100% /'),
    agent('web-1', 'df: command not found'),
  ]

  it('has a row for each row of each agent, by host name, whatever order they answered in', () => {
    const table = fleetTable(fleet, undefined)
    expect(table.columns).toEqual(['Filesystem', 'Size', 'Use%', 'Mounted on'])
    expect(table.rows.map(({ hostname, values }) => [hostname, ...values])).toEqual([
      ['web-2', '/dev/vda1', '30G', '100%', '/'],
      ['web-10', '/dev/vda1', '30G', '9%', '/'],
      ['web-10', '/dev/vdb1', '2T', '91%', '/srv'],
    ])
    expect(table.without).toEqual(['web-1'])
    expect(fleetTable(fleet.toReversed(), undefined)).toEqual(table)
  })

  it('has one row for each agent when a row is chosen by its key', () => {
    const table = fleetTable(fleet, parseRowChoice('Mounted on=/srv'))
    expect(table.rows.map(({ hostname }) => hostname)).toEqual(['web-10'])
    expect(table.without).toEqual(['web-1', 'web-2'])
  })

  it('is sorted by values, not by their letters; no value comes last in both directions', () => {
    const table = fleetTable(
      [agent('a', 'N  S\nx  9G\ny  10M\nz'), agent('b', 'N  S\nv  1.5T\nw  0')],
      undefined,
    )
    const order = (direction: 'up' | 'down') =>
      sortedRows(table, 'S', direction).map(({ values }) => values[0])
    expect(order('up')).toEqual(['w', 'y', 'x', 'v', 'z'])
    expect(order('down')).toEqual(['v', 'x', 'y', 'w', 'z'])
  })

  it('says of a column what its values are like', () => {
    expect(summarizeColumn(['9%', '100%', undefined, '', '50%', '51%'], 5)).toEqual({
      count: 4,
      different: 4,
      range: { lowest: '9%', median: '50%', highest: '100%' },
      bins: [
        { count: 1, lowest: '9%', highest: '9%' },
        { count: 0, lowest: '', highest: '' },
        { count: 2, lowest: '50%', highest: '51%' },
        { count: 0, lowest: '', highest: '' },
        { count: 1, lowest: '100%', highest: '100%' },
      ],
    })
    expect(summarizeColumn(['running', 'running', '5'], 4)).toEqual({ count: 3, different: 2 })
    expect(summarizeColumn(['7', '7'], 3)).toMatchObject({ range: { lowest: '7', highest: '7' } })
    expect(summarizeColumn([], 3)).toEqual({ count: 0, different: 0 })
  })

  it('has bins between round numbers, so that one of them is over 90 %', () => {
    const { bins } = summarizeColumn(['22%', '89%', '90%', '92%', '100%', '61%'], 12)
    expect(bins).toHaveLength(8)
    expect(bins?.at(-2)).toEqual({ count: 1, lowest: '89%', highest: '89%' })
    expect(bins?.at(-1)).toEqual({ count: 3, lowest: '90%', highest: '100%' })
  })

  it('has bins for all numbers, each value in one of them, in their order, whatever the numbers are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()), {
          maxLength: 40,
        }),
        fc.integer({ min: 1, max: 12 }),
        (numbers, most) => {
          const { bins, count } = summarizeColumn(numbers.map(plainDigits), most)
          if (bins === undefined) return
          expect(bins.length).toBeLessThanOrEqual(most)
          expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(count)
          const bounds = bins.flatMap(({ lowest, highest }) => (lowest === '' ? [] : [lowest, highest]))
          expect(bounds).toEqual(bounds.toSorted((one, other) => Number(one) - Number(other)))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('gives the rows of bins that are beside each other, which together are all rows with a number', () => {
    const table = fleetTable(fleet, undefined)
    const within = (from: number, to: number) =>
      rowsInBin(table, 'Use%', 5, { from, to }).map(({ values }) => values[2])
    expect([0, 1, 2, 3, 4].map((bin) => within(bin, bin))).toEqual([['9%'], [], [], [], ['100%', '91%']])
    expect(within(0, 4)).toEqual(['100%', '9%', '91%'])
    expect(within(3, 9)).toEqual(['100%', '91%'])
  })

  it('offers the columns by which one row of each agent can be chosen', () => {
    expect(rowChoices(fleetTable(fleet, undefined))).toContainEqual({
      column: 'Mounted on',
      values: [
        ['/', 2],
        ['/srv', 1],
      ],
    })
    const twice = [agent('a', 'NAME  STATE\nx  up\ny  up'), agent('b', 'NAME  STATE\nx  up\ny  down')]
    expect(rowChoices(fleetTable(twice, undefined)).map(({ column }) => column)).toEqual(['NAME'])
  })
})

describe('values', () => {
  it.each([
    ['1.5K', 'quantity', 1536],
    ['2 GiB', 'quantity', 2 * 1024 ** 3],
    ['640kB', 'quantity', 640_000],
    ['3.9G', 'quantity', 3.9 * 1024 ** 3],
    ['94%', 'quantity', 94],
    ['1,234,567', 'quantity', 1_234_567],
    ['-5', 'quantity', -5],
    ['250ms', 'duration', 250],
    ['3.5 ms', 'duration', 3.5],
    ['162 days,  1:05', 'duration', 162 * 86_400_000 + 65 * 60_000],
    ['1d2h3m', 'duration', 93_780_000],
    ['14 min', 'duration', 840_000],
    ['2 months', 'duration', 60 * 86_400_000],
    ['About an hour', 'duration', 3_600_000],
    ['10:37', 'duration', 38_220_000],
    ['2026-11-28T11:27:10.123Z', 'date', Date.UTC(2026, 10, 28, 11, 27, 10, 123)],
    ['28/Nov/2026:11:27:10 +0000', 'date', Date.UTC(2026, 10, 28, 11, 27, 10)],
  ])('%s are numbers in a base unit', (printed, family, number) => {
    expect(comparableValue(printed)).toEqual({ family, number })
  })

  it('of other forms are text', () => {
    for (const text of ['', 'web-01', '5 of 6', '10.0.0.1', '1.2.3', 'a1b2c3', '12 monkeys'])
      expect(comparableValue(text)).toEqual({ family: 'text' })
  })

  it('are in one order, which is the same from wherever one begins', () => {
    const printed = fc.constantFrom(
      '1',
      '01',
      '1K',
      '1024',
      '9%',
      '10',
      '10.0.0.9',
      '10.0.0.10',
      '1.10.0',
      '1.9.0',
      '5s',
      '1 min',
      '2026-11-28',
      'x',
      '',
      undefined,
    )
    fc.assert(
      fc.property(printed, printed, printed, (one, other, third) => {
        expect(Math.sign(byValue(one, other)) + Math.sign(byValue(other, one))).toBe(0)
        if (byValue(one, other) <= 0 && byValue(other, third) <= 0)
          expect(byValue(one, third)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 1000 },
    )
    expect(['1.10.0', '1.9.0'].sort(byValue)).toEqual(['1.9.0', '1.10.0'])
  })
})

function agent(hostname: string, output: string) {
  return { agentId: hostname, hostname, records: findRecords(output.split('\n')) }
}

/** As servers print numbers: without an exponent. */
function plainDigits(number: number): string {
  return /e/.test(String(number)) ? number.toFixed(20) : String(number)
}
