import type { FleetRow, FleetTable } from './fleetTable.ts'
import { comparableValue } from './valueOrder.ts'

/** What the values of a column are like. */
export interface ColumnSummary {
  /** Values that are not empty. */
  readonly count: number
  readonly different: number
  /** As printed; absent when the column has other values than numbers, times and dates of one kind. */
  readonly range?: { readonly lowest: string; readonly median: string; readonly highest: string }
  /** Of equal width between round numbers; absent as `range`, and when all values are equal. */
  readonly bins?: readonly Bin[]
}

export interface Bin {
  readonly count: number
  /** The lowest and highest value in it, as printed; empty when it has none. */
  readonly lowest: string
  readonly highest: string
}

/** @param most the most bins */
export function summarizeColumn(values: readonly (string | undefined)[], most: number): ColumnSummary {
  const filled = values.filter((value): value is string => (value ?? '').trim() !== '')
  const different = new Set(filled).size
  const numbers = numbersOf(filled)
  if (numbers === undefined) return { count: filled.length, different }
  const sorted = numbers.toSorted((one, other) => one.number - other.number)
  const [lowest, median, highest] = [
    sorted[0],
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted.at(-1),
  ] as [PrintedNumber, PrintedNumber, PrintedNumber]
  const range = { lowest: lowest.value, median: median.value, highest: highest.value }
  if (lowest.number === highest.number) return { count: filled.length, different, range }
  const scale = scaleOf(lowest.number, highest.number, most)
  const found = Array.from({ length: scale.bins }, () => ({ count: 0, lowest: '', highest: '' }))
  for (const { value, number } of sorted) {
    const bin = found[binOf(number, scale)] as (typeof found)[number]
    bin.count += 1
    bin.lowest ||= value
    bin.highest = value
  }
  return { count: filled.length, different, range, bins: found }
}

/** The rows whose value in the column is in one of the bins that {@link summarizeColumn} made of all rows. */
export function rowsInBin(
  { columns, rows }: FleetTable,
  column: string,
  most: number,
  { from, to }: BinRange,
): FleetRow[] {
  const at = columns.indexOf(column)
  const numbers = numbersOf(
    rows.flatMap((row) => ((row.values[at] ?? '').trim() === '' ? [] : [row.values[at] as string])),
  )
  if (numbers === undefined) return []
  const lowest = numbers.reduce((least, { number }) => Math.min(least, number), Number.POSITIVE_INFINITY)
  const highest = numbers.reduce((most, { number }) => Math.max(most, number), Number.NEGATIVE_INFINITY)
  const scale = scaleOf(lowest, highest, most)
  return rows.filter((row) => {
    const { number } = comparableValue(row.values[at] ?? '')
    if (number === undefined) return false
    const bin = binOf(number, scale)
    return from <= bin && bin <= to
  })
}

/** Bins that are beside each other, both included. */
export interface BinRange {
  readonly from: number
  readonly to: number
}

interface PrintedNumber {
  readonly value: string
  readonly number: number
}

/** Undefined when some are no numbers, or of another family. */
function numbersOf(values: readonly string[]): PrintedNumber[] | undefined {
  const found: PrintedNumber[] = []
  let family: string | undefined
  for (const value of values) {
    const { family: own, number } = comparableValue(value)
    if (number === undefined || (family !== undefined && own !== family)) return undefined
    family = own
    found.push({ value, number })
  }
  return found.length === 0 ? undefined : found
}

interface Scale {
  /** Width of a bin. */
  readonly step: number
  /** Steps from 0 to the first bin. */
  readonly first: number
  readonly bins: number
}

/** Bins begin at round numbers: a person looks for what is over 90 %, not over 90.75 %. */
function scaleOf(lowest: number, highest: number, most: number): Scale {
  const power = 10 ** Math.floor(Math.log10(highest / most - lowest / most))
  const scales = [1, 2, 5, 10, 20, 50, 100].map((factor): Scale => {
    const step = factor * power
    const first = Math.floor(lowest / step)
    // What is at the upper end of the last bin belongs to it: 100 % is with those over 90 %.
    return { step, first, bins: Math.max(1, Math.ceil(highest / step) - first) }
  })
  // None where the numbers are beyond what can be told apart.
  return scales.find(({ bins }) => bins <= most) ?? { step: Number.POSITIVE_INFINITY, first: 0, bins: 1 }
}

function binOf(number: number, { step, first, bins }: Scale): number {
  return Math.max(0, Math.min(bins - 1, Math.floor(number / step) - first))
}
