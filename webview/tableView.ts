import type { PageState } from '../src/page/fromPage.ts'
import type { TableColumn } from '../src/page/tableWindow.ts'

/** What a person has chosen of the table. */
export type TableView = NonNullable<PageState['table']>

export function withoutSort({ sort: _, ...others }: TableView): TableView {
  return others
}

/** Of numbers the largest are looked for, so they come first; the same column again turns the order round. */
export function sortedBy(view: TableView, { text, isNumeric }: TableColumn): TableView {
  const { sort } = view
  return { ...view, sort: { column: text, down: sort?.column === text ? !sort.down : isNumeric } }
}

/** @param rows undefined for all */
export function withRows({ rows: _, ...others }: TableView, rows: string | undefined): TableView {
  return { ...others, ...(rows === undefined ? {} : { rows }) }
}

/** @param columns undefined for all that the outputs have */
export function withColumns(
  { columns: _, ...others }: TableView,
  columns: readonly string[] | undefined,
): TableView {
  if (columns === undefined) return others
  const isSorted = others.sort !== undefined && columns.includes(others.sort.column)
  return { ...(isSorted ? others : withoutSort(others)), columns: [...columns] }
}
