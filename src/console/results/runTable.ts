import { type Column, columnTitle, readColumn } from '../../answers/column.ts'
import { rowsInBin, summarizeColumn } from '../../answers/columnSummary.ts'
import {
  type FleetRow,
  type FleetTable,
  fleetTable,
  parseRowChoice,
  rowChoices,
  sortedRows,
} from '../../answers/fleetTable.ts'
import type { FromPage } from '../../page/fromPage.ts'
import type { TableColumn, TableWindow } from '../../page/tableWindow.ts'
import type { Facts } from '../../protocol/facts.ts'
import { columnsOfRows, type RunColumns } from '../../report/runColumns.ts'
import { shownState } from '../../run/unexpected.ts'
import { Alarm, type Clock } from './pageClock.ts'
import type { ShownRun } from './shownRun.ts'
import { TableReader } from './tableReader.ts'

type Request = Extract<FromPage, { type: 'table' }>

/** The table grows this often while replies come, milliseconds. */
const growEveryMs = 400
/** The most bars of the histogram of a column. */
export const tableBins = 12
/** The most characters of a value on the page; the whole is in the output. */
const maxValueCharacters = 200
/** The most values of a column that rows can be chosen by on the page. */
const maxChoicesOfColumn = 12
/** The widest and narrowest column, characters. */
const widths = { least: 4, most: 40 }

export interface RunTableOptions {
  readonly run: ShownRun
  readonly clock: Clock
  /** What is known of an agent now. */
  factsOf?(agentId: string): Facts | undefined
  post(message: TableWindow): void
  /** An output could not be read; the table continues with the rest. */
  onWarning(error: Error): void
}

/** The values of all replies of a run as one table, as far as the page looks at it. Reads outputs only then. */
export class RunTable {
  readonly #options: RunTableOptions
  readonly #growing: Alarm
  readonly #reader: TableReader
  #request: Request | undefined
  #table: FleetTable | undefined
  #columns: readonly Column[] | undefined
  #reading = false
  /** What is read now is not what was asked for last. */
  #isStale = false

  constructor(options: RunTableOptions) {
    this.#options = options
    this.#reader = new TableReader(options.run, (agentId) => options.factsOf?.(agentId))
    this.#growing = new Alarm(options.clock, () => this.#grow())
  }

  /** Sends these rows, and again whenever they change. */
  show(request: Request): void {
    const before = this.#request
    this.#request = request
    const hasColumns = JSON.stringify(before?.columns) === JSON.stringify(request.columns)
    if (!hasColumns || before === undefined) this.#choose(request.columns)
    if (before?.rows !== request.rows || !hasColumns) this.#table = undefined
    if (this.#table !== undefined) this.#tell()
    if (before === undefined || this.#table === undefined) this.#grow()
  }

  /** Replies have changed. */
  changed(): void {
    if (this.#request !== undefined) this.#growing.setIn(growEveryMs)
  }

  close(): void {
    this.#request = undefined
    this.#growing.cancel()
  }

  /** The rows that the page shows, all of them, in its order: for the clipboard. */
  shownRows(): { columns: readonly string[]; rows: readonly FleetRow[] } {
    return { columns: this.#table?.columns.map(columnTitle) ?? [], rows: this.#shown() }
  }

  /** All rows, not only those of one bar: for an export. Undefined while the page shows no table. */
  columns(): RunColumns | undefined {
    if (this.#request === undefined || this.#table === undefined) return undefined
    const { columns, rows } = this.#table
    return columnsOfRows(columns.map(columnTitle), rows)
  }

  #choose(texts: readonly string[] | undefined): void {
    const columns = texts?.map(readColumn)
    try {
      this.#reader.choose(columns ?? [])
      this.#columns = columns
    } catch (error) {
      // A page that was restored may name what was checked by another version.
      this.#options.onWarning(error as Error)
      this.#columns = undefined
    }
  }

  #grow(): void {
    this.#isStale = this.#reading
    if (this.#reading) return
    this.#reading = true
    this.#reader
      .readAll(() => this.#request !== undefined && !this.#isStale)
      .then(() => {
        if (this.#request === undefined || this.#isStale) return
        const choice = parseRowChoice(this.#request.rows ?? '')
        this.#table = fleetTable(this.#reader.agents(), choice, this.#columns)
        this.#tell()
      })
      .catch(this.#options.onWarning)
      .finally(() => {
        this.#reading = false
        if (this.#isStale && this.#request !== undefined) this.#grow()
      })
  }

  #shown(): readonly FleetRow[] {
    const { sort, bin } = this.#request ?? {}
    if (this.#table === undefined) return []
    const rows = bin === undefined ? this.#table.rows : rowsInBin(this.#table, bin.column, tableBins, bin)
    return sortedRows({ ...this.#table, rows }, sort?.column, sort?.down === true ? 'down' : 'up')
  }

  #tell(): void {
    const { run, post } = this.#options
    if (this.#request === undefined || this.#table === undefined) return
    const { view, from, to, sort } = this.#request
    const table = this.#table
    const shown = this.#shown()
    const summary = sort === undefined ? undefined : summaryOf(table, sort.column)
    post({
      type: 'table',
      view,
      columns: table.columns.map((text, at) => columnOf(text, table.rows, at)),
      offered: table.offered,
      total: shown.length,
      of: table.rows.length,
      without: table.without.length,
      choices: (this.#request.rows === undefined ? rowChoices(table) : []).flatMap(({ column, values }) =>
        values
          .slice(0, maxChoicesOfColumn)
          .map(([value, agents]) => ({ rows: `${column}=${value}`, agents })),
      ),
      ...(summary === undefined ? {} : { summary }),
      from,
      rows: shown.slice(from, to).map(({ agentId, hostname, values }) => {
        const reply = run.state.replies.get(agentId)
        return {
          agent: agentId,
          host: hostname,
          state: reply === undefined ? 'expected' : shownState(reply),
          values: values.map((value) => (value ?? '').slice(0, maxValueCharacters)),
        }
      }),
    })
  }
}

function columnOf(text: string, rows: readonly FleetRow[], at: number): TableColumn {
  const title = columnTitle(text)
  const longest = rows.reduce((most, { values }) => Math.max(most, values[at]?.length ?? 0), title.length)
  const isNumeric =
    summarizeColumn(
      rows.slice(0, 100).map(({ values }) => values[at]),
      1,
    ).range !== undefined
  return { text, title, width: Math.max(widths.least, Math.min(widths.most, longest)), isNumeric }
}

function summaryOf({ columns, rows }: FleetTable, column: string): TableWindow['summary'] {
  const at = columns.indexOf(column)
  if (at < 0) return undefined
  const { range, bins = [] } = summarizeColumn(
    rows.map(({ values }) => values[at]),
    tableBins,
  )
  return range && { column, title: columnTitle(column), ...range, bins }
}
