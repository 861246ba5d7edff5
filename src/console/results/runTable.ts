import { setImmediate as turn } from 'node:timers/promises'
import {
  type AgentRecords,
  type FleetRow,
  type FleetTable,
  fleetTable,
  parseRowChoice,
  rowChoices,
  rowsInBin,
  sortedRows,
  summarizeColumn,
} from '../../answers/fleetTable.ts'
import { findRecords, type Records, recordLimits } from '../../answers/records.ts'
import type { FromPage } from '../../page/fromPage.ts'
import type { TableColumn, TableWindow } from '../../page/tableWindow.ts'
import { isVerdict } from '../../protocol/verdict.ts'
import { shownState } from '../../run/unexpected.ts'
import { plainLines } from '../../terminal/plainLines.ts'
import { Alarm, type Clock } from './pageClock.ts'
import type { ShownRun } from './shownRun.ts'

type Request = Extract<FromPage, { type: 'table' }>

/** The page is answered between two slices of reading, which take about this long, milliseconds. */
const sliceMs = 8
/** The table grows this often while replies come, milliseconds. */
const growEveryMs = 400
/** Bars of the histogram of a column. */
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
  post(message: TableWindow): void
  /** An output could not be read; the table continues with the rest. */
  onWarning(error: Error): void
}

/** The values of all replies of a run as one table, as far as the page looks at it. Reads outputs only then. */
export class RunTable {
  readonly #options: RunTableOptions
  readonly #growing: Alarm
  /** By agent, with the digest of the output that they were read from. */
  readonly #records = new Map<string, { readonly digest: string; readonly records: Records | undefined }>()
  #request: Request | undefined
  #table: FleetTable | undefined
  #reading = false

  constructor(options: RunTableOptions) {
    this.#options = options
    this.#growing = new Alarm(options.clock, () => this.#grow())
  }

  /** Sends these rows, and again whenever they change. */
  show(request: Request): void {
    const before = this.#request
    this.#request = request
    if (before?.rows !== request.rows) this.#table = undefined
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
    return { columns: this.#table?.columns ?? [], rows: this.#shown() }
  }

  #grow(): void {
    if (this.#reading) return
    this.#reading = true
    this.#read()
      .then(() => {
        if (this.#request === undefined) return
        this.#table = fleetTable(this.#agents(), parseRowChoice(this.#request.rows ?? ''))
        this.#tell()
      })
      .catch(this.#options.onWarning)
      .finally(() => {
        this.#reading = false
      })
  }

  async #read(): Promise<void> {
    const { run } = this.#options
    let startedAt = performance.now()
    for (const { agentId, digest, output, stdoutBytes } of run.state.replies.values()) {
      if (this.#request === undefined) return
      if (digest === undefined || output !== 'complete' || this.#records.get(agentId)?.digest === digest)
        continue
      const isSmall = stdoutBytes <= recordLimits.characters
      const chunks = isSmall ? await run.output(agentId) : []
      const lines = plainLines(chunks.filter(({ stream }) => stream === 1))
      this.#records.set(agentId, { digest, records: isSmall ? findRecords(lines) : undefined })
      if (performance.now() - startedAt < sliceMs) continue
      await turn()
      startedAt = performance.now()
    }
  }

  #agents(): AgentRecords[] {
    return [...this.#options.run.state.replies.values()].flatMap(({ agentId, hostname, state }) =>
      isVerdict(state) ? [{ agentId, hostname, records: this.#records.get(agentId)?.records }] : [],
    )
  }

  #shown(): readonly FleetRow[] {
    const { sort, bin } = this.#request ?? {}
    if (this.#table === undefined) return []
    const rows = bin === undefined ? this.#table.rows : rowsInBin(this.#table, bin.column, tableBins, bin.bin)
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
      columns: table.columns.map((name, at) => columnOf(name, table.rows, at)),
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

function columnOf(name: string, rows: readonly FleetRow[], at: number): TableColumn {
  const longest = rows.reduce((most, { values }) => Math.max(most, values[at]?.length ?? 0), name.length)
  const isNumeric =
    summarizeColumn(
      rows.slice(0, 100).map(({ values }) => values[at]),
      1,
    ).range !== undefined
  return { name, width: Math.max(widths.least, Math.min(widths.most, longest)), isNumeric }
}

function summaryOf({ columns, rows }: FleetTable, column: string): TableWindow['summary'] {
  const at = columns.indexOf(column)
  if (at < 0) return undefined
  const { range, bins = [] } = summarizeColumn(
    rows.map(({ values }) => values[at]),
    tableBins,
  )
  return range && { column, ...range, bins }
}
