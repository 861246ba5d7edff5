import type { TableColumn, TableRow } from '../src/page/tableWindow.ts'
import { Grid, type GridRow } from './grid.ts'
import { visibleNodes } from './lineSpans.ts'
import { rowMenu } from './menuContexts.ts'
import type { Metrics } from './metrics.ts'
import { stateCell } from './rowCells.ts'
import { element, setText } from './ui/dom.ts'
import { icon } from './ui/icons.ts'
import { t } from './words.ts'

export interface TableGridOptions {
  readonly columns: readonly TableColumn[]
  readonly metrics: Metrics
  /** Undefined while the row is not there yet. */
  row(index: number): TableRow | undefined
  onOpen(agentId: string): void
  onRange(first: number, last: number): void
  /** 0 is the host, 1 the first column. */
  onSort(column: number): void
}

/** A grid of the rows of a table; its items are their indexes. The first column is the host. */
export function tableGrid(options: TableGridOptions): { grid: Grid<number>; heads: readonly HTMLElement[] } {
  const { columns, metrics } = options
  const heads = [undefined, ...columns].map((column) =>
    element(
      'span',
      {
        class: column?.isNumeric === true ? 'head-cell table-number' : 'head-cell',
        role: 'columnheader',
      },
      element('span', {}, ...(column === undefined ? [t('Host')] : visibleNodes(column.title))),
      icon('up'),
    ),
  )
  const grid = new Grid<number>({
    id: 'table',
    label: t('Table of values'),
    columns: heads.length,
    overscan: 16,
    even: true,
    key: String,
    height: () => metrics.row,
    makeRow: () => makeRow(options),
    menu: (index) => {
      const row = options.row(index)
      return row && rowMenu('table', row.agent)
    },
    onOpen: (index) => {
      const row = options.row(index)
      if (row !== undefined) options.onOpen(row.agent)
    },
    onRange: options.onRange,
    header: { cells: heads, onPress: options.onSort },
  })
  grid.element.classList.add('table-grid')
  const widths = columns.map(({ width }, at) =>
    at === columns.length - 1 ? `minmax(${width + 2}ch, 1fr)` : `${width + 2}ch`,
  )
  grid.element.style.setProperty('--table-columns', `minmax(22ch, 32ch) ${widths.join(' ')}`)
  grid.element.style.setProperty(
    '--table-width',
    `${columns.reduce((sum, { width }) => sum + width + 4, 30)}ch`,
  )
  return { grid, heads }
}

function makeRow({ columns, row }: TableGridOptions): GridRow<number> {
  const state = stateCell()
  const host = element('span', { class: 'host' })
  const cells = columns.map(({ isNumeric }) =>
    element('span', {
      class: isNumeric ? 'cell table-cell table-number' : 'cell table-cell',
      role: 'gridcell',
    }),
  )
  const made = element(
    'div',
    { class: 'row table-row', role: 'row' },
    element('span', { class: 'cell cell-host', role: 'gridcell' }, state.element, host),
    ...cells,
  )
  return {
    element: made,
    render: (index) => {
      const shown = row(index)
      setText(host, shown?.host ?? '…')
      if (shown !== undefined) state.render(shown.state)
      cells.forEach((cell, at) => {
        cell.replaceChildren(...visibleNodes(shown?.values[at] ?? ''))
      })
    },
  }
}
