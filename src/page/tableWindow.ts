import type { AgentState } from '../protocol/verdict.ts'

/** Rows of the table of all replies. */
export interface TableWindow {
  readonly type: 'table'
  /** The page's number for what it has asked for: answers to an earlier one are stale. */
  readonly view: number
  readonly columns: readonly TableColumn[]
  /** Texts of the columns that the outputs have, shown or not. */
  readonly offered: readonly string[]
  /** Rows that are shown, and all of them. */
  readonly total: number
  readonly of: number
  /** Agents with a verdict that have no row. */
  readonly without: number
  /** What one row of each agent can be chosen by: `Mounted on=/`. */
  readonly choices: readonly { readonly rows: string; readonly agents: number }[]
  /** Of the column that it is sorted by, of all rows; absent when its values are no numbers. */
  readonly summary?: {
    readonly column: string
    readonly title: string
    readonly lowest: string
    readonly median: string
    readonly highest: string
    readonly bins: readonly { readonly count: number; readonly lowest: string; readonly highest: string }[]
  }
  /** Index of the first of `rows`. */
  readonly from: number
  readonly rows: readonly TableRow[]
}

export interface TableColumn {
  /** Identifies it: see `readColumn`. */
  readonly text: string
  readonly title: string
  /** Characters. */
  readonly width: number
  readonly isNumeric: boolean
}

export interface TableRow {
  readonly agent: string
  readonly host: string
  readonly state: AgentState
  readonly values: readonly string[]
}
