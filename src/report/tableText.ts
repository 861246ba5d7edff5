import { printable } from '../terminal/printable.ts'

/** Columns, and rows with their host names. */
export interface HostTable {
  readonly columns: readonly string[]
  readonly rows: readonly { readonly hostname: string; readonly values: readonly (string | undefined)[] }[]
}

/** The table as Markdown, or as RFC 4180 has it for a spreadsheet. Names and values are text of servers: made harmless. */
export function tableText(table: HostTable, format: 'markdown' | 'csv'): string {
  const lines = [
    ['host', ...table.columns],
    ...table.rows.map(({ hostname, values }) => [hostname, ...values.map((value) => value ?? '')]),
  ]
  if (format === 'csv') return lines.map((cells) => `${cells.map(valueCell).join(',')}\r\n`).join('')
  const [head = [], ...rows] = lines.map((cells) => `| ${cells.map(markdownCell).join(' | ')} |\n`)
  return `${head}|${' --- |'.repeat(table.columns.length + 1)}\n${rows.join('')}`
}

/** A number with a sign is no formula. */
export function valueCell(text: string): string {
  return /^[+-]?\d[\d.]*%?$/.test(text) ? text : csvCell(printable(text))
}

function markdownCell(text: string): string {
  return printable(text).replace(/[\\`*_{}[\]<>|#]/g, '\\$&')
}

/**
 * Text that a spreadsheet would read as a formula gets a leading quote, because output comes from servers. Also after white
 * space, and in the wide forms of East Asian keyboards, which some spreadsheets accept.
 */
export function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
