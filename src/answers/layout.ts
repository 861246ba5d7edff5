import { findTable, type Table, tableLimits } from './table.ts'

/**
 * What is laid out: of more, the page would be slow to show it. Characters that come out are bounded, too, since an indent
 * costs the sender nothing: two characters at a depth of 100 would be 200.
 */
export const layoutLimits = { characters: 1_000_000, shownCharacters: 8_000_000, depth: 100 }

export type Layout =
  | { readonly kind: 'laid-out'; readonly lines: readonly string[] }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'too-deep' }
  /** Neither JSON nor a table whose columns could be aligned. */
  | { readonly kind: 'as-printed' }

/**
 * The lines of an output for reading: JSON indented, also one value per line, or the columns of a table aligned. Only white
 * space changes, and of JSON only that outside of strings: numbers, keys that occur twice and escapes stay as they are
 * written.
 */
export function layOut(lines: readonly string[]): Layout {
  let characters = 0
  for (const line of lines) characters += line.length + 1
  if (characters > layoutLimits.characters) return { kind: 'too-large' }
  const values = jsonValues(lines)
  if (values !== undefined) return indented(values)
  if (lines.length > tableLimits.rows) return { kind: 'as-printed' }
  const table = findTable(lines)
  const rows = table && alignedRows(table)
  if (table === undefined || rows === undefined) return { kind: 'as-printed' }
  return { kind: 'laid-out', lines: [...table.before, ...rows, ...table.after] }
}

/** The objects and lists that the lines consist of: one over all lines, or one per line; undefined for anything else. */
function jsonValues(lines: readonly string[]): readonly string[] | undefined {
  const text = lines.join('\n')
  if (isObjectOrList(text)) return [text]
  const values = lines.filter((line) => /[^ \t\r]/.test(line))
  return values.length > 1 && values.every(isObjectOrList) ? values : undefined
}

function isObjectOrList(text: string): boolean {
  if (!/^[ \t\r\n]*[{[]/.test(text)) return false
  try {
    // Only to learn whether it is JSON: what it returns has lost digits and keys.
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Of valid JSON: a string, white space, a bracket or separator, or a number or word. */
const jsonToken = /"[^"\\]*(?:\\.[^"\\]*)*"|[ \t\r\n]+|[{}[\],:]|[^"{}[\],: \t\r\n]+/g

function indented(values: readonly string[]): Layout {
  const lines: string[] = []
  let room = layoutLimits.shownCharacters
  for (const value of values) {
    let [line, depth, isEmpty] = ['', 0, false]
    const newLine = () => {
      room -= line.length + 1
      lines.push(line)
      line = '  '.repeat(depth)
    }
    for (const [token] of value.matchAll(jsonToken)) {
      if (/^[ \t\r\n]/.test(token)) continue
      const closes = token === '}' || token === ']'
      if (closes) depth -= 1
      if (closes ? !isEmpty : isEmpty) newLine()
      line += token === ':' ? ': ' : token
      if (token === ',') newLine()
      isEmpty = token === '{' || token === '['
      if (isEmpty) depth += 1
      if (depth > layoutLimits.depth) return { kind: 'too-deep' }
      if (room < 0) return { kind: 'too-large' }
    }
    newLine()
  }
  return room < 0 ? { kind: 'too-large' } : { kind: 'laid-out', lines }
}

/** Undefined where rulers or frames already hold the columns in their places. */
function alignedRows({ header, rows }: Table): readonly string[] | undefined {
  const all = [...(header === undefined ? [] : [header]), ...rows]
  if (all.some((parts) => parts.some((part) => part.startsWith('\n')))) return undefined
  const cells = all.map((parts) => parts.map((part) => part.trim()))
  const widths: number[] = []
  for (const row of cells) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    })
  }
  // One wide cell makes every row as wide.
  const width = widths.reduce((sum, each) => sum + each + 2, 0)
  if (width * cells.length > layoutLimits.shownCharacters) return undefined
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
