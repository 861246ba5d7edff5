import { byNature } from '../hosts/naturalOrder.ts'
import type { Records } from './records.ts'
import { byOrderKey, comparableValue, orderKey } from './valueOrder.ts'

/** What an agent's output says in columns. */
export interface AgentRecords {
  readonly agentId: string
  readonly hostname: string
  readonly records: Records | undefined
}

/** One table of a whole fleet: a row for each row of each agent. */
export interface FleetTable {
  readonly columns: readonly string[]
  readonly rows: readonly FleetRow[]
  /** Agents whose output has no such table, or no row in it. */
  readonly without: readonly string[]
}

export interface FleetRow {
  readonly agentId: string
  readonly hostname: string
  readonly values: readonly (string | undefined)[]
}

/** `Mounted on=/`: of each agent's rows those with this value in this column. */
export interface RowChoice {
  readonly column: string
  readonly value: string
}

/**
 * The table of a fleet. Its columns are those that most agents have, in the order of the first agent by name that has them
 * all; columns of others come after them. Agents come by name, whatever order they answered in.
 *
 * @param choice undefined for all rows
 */
export function fleetTable(agents: readonly AgentRecords[], choice: RowChoice | undefined): FleetTable {
  const byName = [...agents].sort(
    (one, other) => byNature(one.hostname, other.hostname) || byNature(one.agentId, other.agentId),
  )
  const columns = commonColumns(byName)
  const without: string[] = []
  const rows = byName.flatMap(({ agentId, hostname, records }) => {
    const chosen = records === undefined ? [] : chosenRows(records, choice)
    if (records === undefined || chosen.length === 0) {
      without.push(agentId)
      return []
    }
    const index = new Map(records.columns.map((name, at) => [name, at]))
    return chosen.map((row) => ({
      agentId,
      hostname,
      values: columns.map((name) => row[index.get(name) ?? -1]),
    }))
  })
  return { columns, rows, without }
}

function chosenRows(records: Records, choice: RowChoice | undefined): Records['rows'] {
  if (choice === undefined) return records.rows
  const at = records.columns.indexOf(choice.column)
  return at < 0 ? [] : records.rows.filter((row) => row[at] === choice.value)
}

function commonColumns(agents: readonly AgentRecords[]): string[] {
  const lists = agents.flatMap(({ records }) => (records === undefined ? [] : [records.columns]))
  const counts = new Map<string, number>()
  for (const list of lists) for (const name of list) counts.set(name, (counts.get(name) ?? 0) + 1)
  const common = [...counts].filter(([, count]) => count * 2 > lists.length).map(([name]) => name)
  const order = lists.find((list) => common.every((name) => list.includes(name))) ?? common
  const others = [...counts.keys()].filter((name) => !common.includes(name)).sort(byNature)
  return [...order.filter((name) => common.includes(name)), ...others].slice(0, maxColumns)
}

/** More columns than this do not help anybody: JSON with a key for each item would have thousands. */
const maxColumns = 200

/** `Mounted on=/` as a choice; undefined when it has no `=`. Column names may have one in them if the value has none. */
export function parseRowChoice(text: string): RowChoice | undefined {
  const at = text.lastIndexOf('=')
  return at < 1 ? undefined : { column: text.slice(0, at).trim(), value: text.slice(at + 1).trim() }
}

/** Rows in the order of one column, or of the host name (`undefined`). Rows without a value are last in both directions. */
export function sortedRows(
  { columns, rows }: FleetTable,
  column: string | undefined,
  direction: 'up' | 'down',
): FleetRow[] {
  const at = column === undefined ? -1 : columns.indexOf(column)
  const sign = direction === 'up' ? 1 : -1
  const keyed = rows.map((row, index) => ({ row, index, key: at < 0 ? undefined : orderKey(row.values[at]) }))
  return keyed
    .sort(({ row: one, index: i, key }, { row: other, index: j, key: otherKey }) => {
      if (key === undefined || otherKey === undefined)
        return sign * byNature(one.hostname, other.hostname) || i - j
      if (key.isEmpty !== otherKey.isEmpty) return Number(key.isEmpty) - Number(otherKey.isEmpty)
      return sign * byOrderKey(key, otherKey) || i - j
    })
    .map(({ row }) => row)
}

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

/**
 * Columns by which one row of each agent can be chosen, with their values and on how many agents they are: no agent has a
 * value twice, and not each agent has others. Numbers choose no row. The column with the fewest values comes first.
 */
export function rowChoices({
  columns,
  rows,
}: FleetTable): { column: string; values: [value: string, agents: number][] }[] {
  return columns
    .flatMap((column, at) => {
      const counts = new Map<string, number>()
      const seen = new Set<string>()
      for (const { agentId, values } of rows) {
        const value = values[at] ?? ''
        const own = `${agentId}\n${value}`
        if (value === '' || seen.has(own)) return []
        seen.add(own)
        counts.set(value, (counts.get(value) ?? 0) + 1)
      }
      const values = [...counts].sort((one, other) => other[1] - one[1] || byNature(one[0], other[0]))
      const isText = values.every(([value]) => comparableValue(value).number === undefined)
      return counts.size < 2 || counts.size > maxChoices || !isText ? [] : [{ column, values }]
    })
    .sort((one, other) => one.values.length - other.values.length)
}

/** A column with more values is no key that people choose by. */
const maxChoices = 50
