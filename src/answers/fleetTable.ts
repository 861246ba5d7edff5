import { byNature } from '../hosts/naturalOrder.ts'
import type { Records } from './records.ts'
import { byValue, comparableValue } from './valueOrder.ts'

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
  const isEmpty = (row: FleetRow) => at >= 0 && (row.values[at] ?? '').trim() === ''
  const sign = direction === 'up' ? 1 : -1
  return [...rows].sort((one, other) => {
    const emptyLast = Number(isEmpty(one)) - Number(isEmpty(other))
    if (emptyLast !== 0) return emptyLast
    const order = at < 0 ? byNature(one.hostname, other.hostname) : byValue(one.values[at], other.values[at])
    return sign * order || byNature(one.hostname, other.hostname) || byNature(one.agentId, other.agentId)
  })
}

/** What the values of a column are like. */
export interface ColumnSummary {
  /** Values that are not empty. */
  readonly count: number
  readonly different: number
  /** As printed; absent when the column has other values than numbers, times and dates of one kind. */
  readonly range?: { readonly lowest: string; readonly median: string; readonly highest: string }
  /** Bins of equal width from the lowest to the highest, with the number of values in each; absent as `range`. */
  readonly histogram?: readonly number[]
}

/** @param bins of the histogram */
export function summarizeColumn(values: readonly (string | undefined)[], bins: number): ColumnSummary {
  const filled = values.filter((value): value is string => value !== undefined && value.trim() !== '')
  const different = new Set(filled).size
  const comparable = filled.map((value) => ({ value, ...comparableValue(value) }))
  const [first] = comparable
  const isRange = comparable.every(({ family, number }) => number !== undefined && family === first?.family)
  if (first === undefined || !isRange) return { count: filled.length, different }
  const sorted = comparable.toSorted((one, other) => (one.number as number) - (other.number as number))
  const lowest = sorted[0] as (typeof sorted)[number]
  const highest = sorted.at(-1) as typeof lowest
  const median = sorted[Math.floor((sorted.length - 1) / 2)] as typeof lowest
  const width = ((highest.number as number) - (lowest.number as number)) / bins
  const histogram = Array.from({ length: bins }, () => 0)
  for (const { number } of sorted) {
    const bin = width === 0 ? 0 : Math.floor(((number as number) - (lowest.number as number)) / width)
    histogram[Math.min(bin, bins - 1)] = (histogram[Math.min(bin, bins - 1)] as number) + 1
  }
  return {
    count: filled.length,
    different,
    range: { lowest: lowest.value, median: median.value, highest: highest.value },
    histogram,
  }
}
