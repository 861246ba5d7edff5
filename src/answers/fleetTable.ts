import { byNature } from '../hosts/naturalOrder.ts'
import { type Column, columnText } from './column.ts'
import type { Records } from './records.ts'
import { byOrderKey, comparableValue, orderKey } from './valueOrder.ts'

/** What an agent's output says in columns. */
export interface AgentRecords {
  readonly agentId: string
  readonly hostname: string
  readonly records: Records | undefined
  /** Values of columns that are no part of the records, by their texts: facts, captures. */
  readonly others?: ReadonlyMap<string, string>
}

/** One table of a whole fleet: a row for each row of each agent. */
export interface FleetTable {
  /** The texts of the columns: see `readColumn`. */
  readonly columns: readonly string[]
  /** All columns that the records have, chosen or not. */
  readonly offered: readonly string[]
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
 * The table of a fleet. Without chosen columns these are those that most agents have, in the order of the first agent by
 * name that has them all; columns of others come after them. Agents come by name, whatever order they answered in.
 *
 * @param choice undefined for all rows
 * @param chosen where none of them is of the records, and no rows are chosen, each agent has one row
 */
export function fleetTable(
  agents: readonly AgentRecords[],
  choice: RowChoice | undefined,
  chosen?: readonly Column[],
): FleetTable {
  const byName = [...agents].sort(
    (one, other) => byNature(one.hostname, other.hostname) || byNature(one.agentId, other.agentId),
  )
  const all = commonColumns(byName).map((name): Column => ({ kind: 'value', name }))
  const columns = (chosen ?? all).map((column) => ({ column, text: columnText(column) }))
  const isOfRecords = choice !== undefined || columns.some(({ column }) => column.kind === 'value')
  // A fact alone makes no row where a row of the output is meant.
  const hasOwn = columns.some(({ column }) => column.kind === 'value')
  const counts = columns.map(({ column }) => !hasOwn || column.kind === 'value')
  const without: string[] = []
  const rows = byName.flatMap(({ agentId, hostname, records, others }) => {
    const index = new Map(records?.columns.map((name, at) => [name, at]))
    const own = !isOfRecords ? [[]] : records === undefined ? [] : chosenRows(records, choice)
    const made = own
      .map((row) => ({
        agentId,
        hostname,
        values: columns.map(({ column, text }) =>
          column.kind === 'value' ? row[index.get(column.name) ?? -1] : others?.get(text),
        ),
      }))
      .filter(({ values }) => values.some((value, at) => value !== undefined && counts[at] === true))
    if (made.length === 0) without.push(agentId)
    return made
  })
  return { columns: columns.map(({ text }) => text), offered: all.map(columnText), rows, without }
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
  const isSentence = agents.some(({ records }) => records?.kind === 'values')
  // Sentences with other words say something else: columns of a few of them would be empty for all others.
  const others = isSentence ? [] : [...counts.keys()].filter((name) => !common.includes(name)).sort(byNature)
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
  { columns, rows }: Pick<FleetTable, 'columns' | 'rows'>,
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
