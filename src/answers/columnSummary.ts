import type { FleetRow, FleetTable } from './fleetTable.ts'
import { comparableValue } from './valueOrder.ts'

/** What the values of a column are like. */
export interface ColumnSummary {
  /** Values that are not empty. */
  readonly count: number
  readonly different: number
  /** As printed; absent when the column has other values than numbers, times and dates of one kind. */
  readonly range?: { readonly lowest: string; readonly median: string; readonly highest: string }
  /** Of equal width from the lowest to the highest; absent as `range`, and when all values are equal. */
  readonly bins?: readonly Bin[]
}

export interface Bin {
  readonly count: number
  /** The lowest and highest value in it, as printed; empty when it has none. */
  readonly lowest: string
  readonly highest: string
}

/** @param bins how many */
export function summarizeColumn(values: readonly (string | undefined)[], bins: number): ColumnSummary {
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
  const found = Array.from({ length: bins }, () => ({ count: 0, lowest: '', highest: '' }))
  for (const { value, number } of sorted) {
    const bin = found[binOf(number, lowest.number, highest.number, bins)] as (typeof found)[number]
    bin.count += 1
    bin.lowest ||= value
    bin.highest = value
  }
  return { count: filled.length, different, range, bins: found }
}

/** The rows whose value in the column is in one of the `bins` that {@link summarizeColumn} made of all rows. */
export function rowsInBin(
  { columns, rows }: FleetTable,
  column: string,
  bins: number,
  bin: number,
): FleetRow[] {
  const at = columns.indexOf(column)
  const numbers = numbersOf(
    rows.flatMap((row) => ((row.values[at] ?? '').trim() === '' ? [] : [row.values[at] as string])),
  )
  if (numbers === undefined) return []
  const lowest = numbers.reduce((least, { number }) => Math.min(least, number), Number.POSITIVE_INFINITY)
  const highest = numbers.reduce((most, { number }) => Math.max(most, number), Number.NEGATIVE_INFINITY)
  return rows.filter((row) => {
    const { number } = comparableValue(row.values[at] ?? '')
    return number !== undefined && binOf(number, lowest, highest, bins) === bin
  })
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

function binOf(number: number, lowest: number, highest: number, bins: number): number {
  if (highest === lowest) return 0
  return Math.min(bins - 1, Math.floor(((number - lowest) / (highest - lowest)) * bins))
}
