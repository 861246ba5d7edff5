import { columnText, readColumn } from './column.ts'

/**
 * How the answers of a command are looked at, as it is written in snippets: plain texts, so that it goes through files and
 * messages as it is. All parts may be missing.
 */
export interface AnswersView {
  /** As `readGroupBy` reads it. */
  readonly group?: string | undefined
  /** One row of each agent, by a key: `Mounted on=/`. */
  readonly rows?: string | undefined
  /** As `readColumn` reads them; without them all that the outputs have. */
  readonly columns?: string[] | undefined
  /** A column; the largest first with a `-` before it. */
  readonly sort?: string | undefined
}

/** `-Use%`: the largest first. A column whose name begins with `-` has `column:` before it. */
export function readSort(text: string): { readonly column: string; readonly down: boolean } {
  const down = text.startsWith('-')
  return { column: columnText(readColumn(down ? text.slice(1) : text)), down }
}

export function sortText({ column, down }: { readonly column: string; readonly down: boolean }): string {
  return `${down ? '-' : ''}${column.startsWith('-') ? `column:${column}` : column}`
}

/** Whether the view is one of the table of values, and not only of groups. */
export function isOfTable({ rows, columns, sort }: AnswersView): boolean {
  return rows !== undefined || columns !== undefined || sort !== undefined
}
