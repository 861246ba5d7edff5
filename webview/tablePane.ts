import type { BinRange } from '../src/answers/columnSummary.ts'
import type { FromPage } from '../src/page/fromPage.ts'
import type { TableColumn, TableRow, TableWindow } from '../src/page/tableWindow.ts'
import { formatAgents, formatCount, formatPart } from './format.ts'
import type { Grid } from './grid.ts'
import type { Metrics } from './metrics.ts'
import type { RunModel } from './runModel.ts'
import { Section } from './section.ts'
import { tableGrid } from './tableGrid.ts'
import { columnItems, rowItems, tableButtons } from './tableMenus.ts'
import { TableSummary } from './tableSummary.ts'
import { sortedBy, type TableView, withColumns, withoutSort, withRows } from './tableView.ts'
import { element, setAttributes, setText, show } from './ui/dom.ts'
import { t } from './words.ts'

/** Rows that are asked for beyond those in sight, on each side. */
const margin = 60
/** Columns that are shown: more than this are in the output only. */
const maxColumns = 40

export interface TableEvents {
  open(agentId: string): void
  /** A person has folded or unfolded it. */
  fold(): void
  /** Save how everything is shown. */
  saveView(): void
  /** Something else that is kept has changed. */
  change(): void
}

/** The values of all replies in one table: rows of tables, fields of JSON, keys with values. */
export class TablePane {
  readonly section: Section
  readonly #ask: (request: FromPage) => void
  readonly #model: RunModel
  readonly #metrics: Metrics
  readonly #on: TableEvents
  readonly #summary: TableSummary
  readonly #note = element('div', { class: 'table-note', hidden: true })
  readonly #holder = element('div', { class: 'table-holder' })
  #grid: Grid<number> | undefined
  #heads: readonly HTMLElement[] = []
  #columns: readonly TableColumn[] = []
  #rows = new Map<number, TableRow>()
  #view = 0
  #range = { from: 0, to: margin }
  #kept: TableView = {}
  #bin: (BinRange & { column: string }) | undefined
  #last: TableWindow | undefined
  #choices: TableWindow['choices'] = []
  #isAsked = false

  constructor(model: RunModel, metrics: Metrics, ask: (request: FromPage) => void, on: TableEvents) {
    this.#model = model
    this.#metrics = metrics
    this.#ask = ask
    this.#on = on
    this.#summary = new TableSummary((bars) => {
      const column = this.#last?.summary?.column
      this.#bin = bars === undefined || column === undefined ? undefined : { column, ...bars }
      this.#again()
    })
    this.section = new Section({
      name: 'table',
      title: t('Table of values'),
      onFold: () => {
        this.#folded()
        on.fold()
      },
    })
    const buttons = tableButtons(ask, {
      rows: () =>
        rowItems(this.#kept.rows, this.#choices, (rows) => this.#change(withRows(this.#kept, rows))),
      columns: () => this.#columnItems(),
    })
    this.section.side.append(...buttons)
    this.section.content.append(this.#summary.element, this.#holder, this.#note)
    this.section.fold(true)
    show(this.section.element, false)
  }

  render(): void {
    show(this.section.element, this.#model.answered > 0)
    if (!this.section.isFolded && !this.#isAsked) this.#request()
  }

  /** Undefined while the outputs are not known to be a table. */
  get grid(): Grid<number> | undefined {
    return this.#grid
  }

  /** Undefined while nothing was chosen. */
  get kept(): TableView | undefined {
    return Object.keys(this.#kept).length === 0 ? undefined : this.#kept
  }

  restore(kept: TableView | undefined): void {
    this.#kept = kept ?? {}
  }

  /** The host has forgotten what was asked: the page was hidden. */
  reopen(): void {
    this.#isAsked = false
  }

  take(message: TableWindow): void {
    if (message.view !== this.#view) return
    const { columns, rows, from, total, of, without, choices } = message
    this.#last = message
    if (this.#kept.rows === undefined) this.#choices = choices
    if (!sameColumns(columns, this.#columns)) this.#build(columns)
    for (const [index, row] of rows.entries()) this.#rows.set(from + index, row)
    this.#grid?.update(Array.from({ length: total }, (_, index) => index))
    this.section.count(total === of ? formatCount(total) : formatPart(total, of))
    this.#summary.render(message.summary, this.#bin)
    show(this.#note, without > 0 || of === 0)
    setText(
      this.#note,
      of === 0
        ? this.#kept.columns === undefined && this.#kept.rows === undefined
          ? t('The outputs are no table. Choose columns: a fact, or a value in the output.')
          : t('No output has such a row.')
        : t('{0} without such a row', formatAgents(without)),
    )
    this.#markSort()
  }

  #build(columns: readonly TableColumn[]): void {
    this.#columns = columns.slice(0, maxColumns)
    const { grid, heads } = tableGrid({
      columns: this.#columns,
      metrics: this.#metrics,
      row: (index) => this.#rows.get(index),
      onOpen: (agentId) => this.#on.open(agentId),
      onRange: (first, last) => this.#sees(first, last),
      onSort: (at) => this.#sortBy(at),
    })
    this.#grid = grid
    this.#heads = heads
    this.#holder.replaceChildren(grid.element)
    grid.mount()
  }

  /** A column that the person was asked for. */
  addColumn(text: string): void {
    const shown = this.#shownColumns
    if (!shown.includes(text)) this.#chooseColumns([...shown, text])
  }

  get #shownColumns(): readonly string[] {
    return this.#kept.columns ?? this.#last?.columns.map((column) => column.text) ?? []
  }

  #columnItems(): ReturnType<typeof columnItems> {
    return columnItems(this.#shownColumns, this.#kept.columns, this.#last?.offered ?? [], {
      choose: (columns) => this.#chooseColumns(columns),
      pick: (what) => this.#ask({ type: 'pick', what, use: 'column' }),
      save: () => this.#on.saveView(),
    })
  }

  #chooseColumns(columns: readonly string[] | undefined): void {
    this.fold(false)
    this.#change(withColumns(this.#kept, columns?.slice(0, maxColumns)))
  }

  #sortBy(at: number): void {
    const column = this.#columns[at - 1]
    this.#change(column === undefined ? withoutSort(this.#kept) : sortedBy(this.#kept, column))
  }

  #change(view: TableView): void {
    this.#kept = view
    this.#bin = undefined
    this.#again()
  }

  #markSort(): void {
    const { sort } = this.#kept
    this.#heads.forEach((head, at) => {
      const text = this.#columns[at - 1]?.text
      const isSorted = at === 0 ? sort === undefined : sort?.column === text
      setAttributes(head, {
        'aria-sort': isSorted ? (sort?.down === true ? 'descending' : 'ascending') : 'none',
      })
    })
  }

  #sees(first: number, last: number): void {
    if (this.#rows.has(first) && this.#rows.has(Math.min(last, (this.#last?.total ?? 1) - 1))) return
    this.#range = { from: Math.max(0, first - margin), to: last + margin }
    this.#request()
  }

  /** Asks again after a change of what is shown. */
  #again(): void {
    this.#view += 1
    this.#rows = new Map()
    this.#range = { from: 0, to: 2 * margin }
    this.#request()
    this.#on.change()
  }

  #request(): void {
    this.#isAsked = true
    this.#ask({
      type: 'table',
      view: this.#view,
      ...this.#kept,
      ...(this.#bin === undefined ? {} : { bin: this.#bin }),
      ...this.#range,
    })
  }

  /** Without a person. */
  fold(folded: boolean): void {
    if (folded === this.section.isFolded) return
    this.section.fold(folded)
    this.#folded()
  }

  #folded(): void {
    if (this.section.isFolded) {
      this.#isAsked = false
      this.#ask({ type: 'close-table' })
    } else this.#request()
  }
}

function sameColumns(one: readonly TableColumn[], other: readonly TableColumn[]): boolean {
  const shown = one.slice(0, maxColumns)
  return (
    shown.length === other.length &&
    shown.every(({ text, isNumeric, width }, at) => {
      const before = other[at]
      return text === before?.text && isNumeric === before.isNumeric && width === before.width
    })
  )
}
