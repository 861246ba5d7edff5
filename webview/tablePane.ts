import type { FromPage, PageState } from '../src/page/fromPage.ts'
import type { TableColumn, TableRow, TableWindow } from '../src/page/tableWindow.ts'
import { formatAgents, formatCount, formatPart } from './format.ts'
import type { Grid } from './grid.ts'
import type { Metrics } from './metrics.ts'
import type { RunModel } from './runModel.ts'
import { Section } from './section.ts'
import { tableGrid } from './tableGrid.ts'
import { copyItems, rowItems } from './tableMenus.ts'
import { TableSummary } from './tableSummary.ts'
import { element, setAttributes, setText, show } from './ui/dom.ts'
import { menuButton } from './ui/menuButton.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** Rows that are asked for beyond those in sight, on each side. */
const margin = 60
/** Columns that are shown: more than this are in the output only. */
const maxColumns = 40

type Kept = NonNullable<PageState['table']>

export interface TableEvents {
  open(agentId: string): void
  /** A person has folded or unfolded it. */
  fold(): void
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
  #kept: Kept = {}
  #bin: { column: string; bin: number } | undefined
  #last: TableWindow | undefined
  #choices: TableWindow['choices'] = []
  #isAsked = false

  constructor(model: RunModel, metrics: Metrics, ask: (request: FromPage) => void, on: TableEvents) {
    this.#model = model
    this.#metrics = metrics
    this.#ask = ask
    this.#on = on
    this.#summary = new TableSummary((bin) => {
      const column = this.#last?.summary?.column
      this.#bin = bin === undefined || column === undefined ? undefined : { column, bin }
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
    this.section.side.append(
      button({
        label: t('Run another command on the agents in the table…'),
        icon: 'command',
        kind: 'icon',
        onPress: () => ask({ type: 'run-other', on: { kind: 'table' } }),
      }),
      menuButton({
        label: t('Rows'),
        icon: 'filter',
        kind: 'icon',
        items: () => [rowItems(this.#kept.rows, this.#choices, (rows) => this.#chooseRows(rows))],
      }),
      menuButton({
        label: t('Copy the table'),
        icon: 'copy',
        kind: 'icon',
        items: () => [copyItems(ask)],
      }),
    )
    this.section.content.append(this.#summary.element, this.#holder, this.#note)
    this.section.fold(true)
    show(this.section.element, false)
  }

  render(): void {
    const { hasTable } = this.#model.groups
    show(this.section.element, hasTable)
    if (!hasTable) return
    if (!this.section.isFolded && !this.#isAsked) this.#request()
  }

  /** Undefined while nothing was chosen. */
  get kept(): Kept | undefined {
    return Object.keys(this.#kept).length === 0 ? undefined : this.#kept
  }

  restore(kept: Kept | undefined): void {
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
    this.#summary.render(message.summary, this.#bin?.bin)
    show(this.#note, without > 0 || of === 0)
    setText(
      this.#note,
      of === 0 ? t('No output has such a row.') : t('{0} without such a row', formatAgents(without)),
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

  #chooseRows(rows: string | undefined): void {
    const { rows: _, ...others } = this.#kept
    this.#kept = { ...others, ...(rows === undefined ? {} : { rows }) }
    this.#bin = undefined
    this.#again()
  }

  #sortBy(at: number): void {
    const column = this.#columns[at - 1]
    if (column === undefined) this.#kept = withoutSort(this.#kept)
    else {
      const { sort } = this.#kept
      // Of numbers the largest are looked for.
      const down = sort?.column === column.name ? !sort.down : column.isNumeric
      this.#kept = { ...this.#kept, sort: { column: column.name, down } }
    }
    this.#bin = undefined
    this.#again()
  }

  #markSort(): void {
    const { sort } = this.#kept
    this.#heads.forEach((head, at) => {
      const name = this.#columns[at - 1]?.name
      const isSorted = at === 0 ? sort === undefined : sort?.column === name
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

function withoutSort({ rows }: Kept): Kept {
  return rows === undefined ? {} : { rows }
}

function sameColumns(one: readonly TableColumn[], other: readonly TableColumn[]): boolean {
  const shown = one.slice(0, maxColumns)
  return (
    shown.length === other.length &&
    shown.every(({ name, isNumeric, width }, at) => {
      const before = other[at]
      return name === before?.name && isNumeric === before.isNumeric && width === before.width
    })
  )
}
