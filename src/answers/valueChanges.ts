import { isValue, lineTokens, type Token } from './lineTokens.ts'
import { findRecords, type Records } from './records.ts'
import { comparableValue } from './valueOrder.ts'

/** What is different in a later output of the same command. */
export type ValueChange =
  /** `name` says where: `Use% of /`, or the word before it. */
  | { readonly kind: 'value'; readonly name: string; readonly before: string; readonly after: string }
  /** A row of the table, named by its key. */
  | { readonly kind: 'row'; readonly name: string; readonly is: 'new' | 'gone' }

/** Longer outputs are not compared value by value. */
const maxLines = 500

/**
 * The values that differ between two outputs of a command: in the rows of a table, the fields of JSON, keys with values, or
 * in lines with the same words.
 * @param leading columns whose changes come first, in this order; those that the outputs do not have are ignored
 * @returns undefined when the outputs do not compare, as their words differ, too
 */
export function valueChanges(
  then: readonly string[],
  now: readonly string[],
  leading: readonly string[] = [],
): ValueChange[] | undefined {
  if (then.length > maxLines || now.length > maxLines) return undefined
  const [before, after] = [findRecords(then), findRecords(now)]
  const isComparable =
    before !== undefined && before.kind === after?.kind && isSameList(before.columns, after.columns)
  return isComparable ? rowChanges(before, after as Records, leading) : lineChanges(then, now)
}

function rowChanges(before: Records, after: Records, leading: readonly string[]): ValueChange[] | undefined {
  const { columns } = before
  const first = [...new Set(leading)].map((column) => columns.indexOf(column)).filter((at) => at >= 0)
  const others = [...columns.keys()].filter((at) => !first.includes(at))
  const [onlyBefore, onlyAfter] = [before.rows[0], after.rows[0]]
  if (before.rows.length === 1 && after.rows.length === 1) {
    const nameOf = (at: number) => columns[at] ?? ''
    return cellChanges([...first, ...others], onlyBefore ?? [], onlyAfter ?? [], nameOf)
  }
  const key = keyColumn(before, after)
  if (key === undefined) return undefined
  const keyOf = (row: Row) => row[key] ?? ''
  const earlier = new Map(before.rows.map((row) => [keyOf(row), row]))
  const later = new Set(after.rows.map(keyOf))
  const changesIn = (cells: readonly number[], row: Row) =>
    cellChanges(cells, earlier.get(keyOf(row)) ?? row, row, (at) => `${columns[at]} of ${keyOf(row)}`)
  return [
    ...first.flatMap((at) => after.rows.flatMap((row) => changesIn([at], row))),
    ...after.rows.flatMap((row): ValueChange[] =>
      earlier.has(keyOf(row)) ? changesIn(others, row) : [{ kind: 'row', name: keyOf(row), is: 'new' }],
    ),
    ...[...earlier.keys()].flatMap((name): ValueChange[] =>
      later.has(name) ? [] : [{ kind: 'row', name, is: 'gone' }],
    ),
  ]
}

type Row = Records['rows'][number]

function cellChanges(
  cells: readonly number[],
  then: Row,
  now: Row,
  nameOf: (at: number) => string,
): ValueChange[] {
  return cells.flatMap((at): ValueChange[] => {
    const [was, is] = [then[at] ?? '', now[at] ?? '']
    return was === is ? [] : [{ kind: 'value', name: nameOf(at), before: was, after: is }]
  })
}

/** The column that names the rows: no value in it comes twice. The last one of text, as `Mounted on`, else the first. */
function keyColumn(before: Records, after: Records): number | undefined {
  const tables = [before.rows, after.rows]
  const unique = before.columns.flatMap((_, at) => {
    const isKey = tables.every((rows) => new Set(rows.map((row) => row[at] ?? '')).size === rows.length)
    return isKey ? [at] : []
  })
  const isText = (at: number) =>
    tables.every((rows) => rows.every((row) => comparableValue(row[at] ?? '').number === undefined))
  return unique.findLast(isText) ?? unique[0]
}

/** Of lines with the same words in the same order. */
function lineChanges(then: readonly string[], now: readonly string[]): ValueChange[] | undefined {
  if (then.length !== now.length) return undefined
  const changes: ValueChange[] = []
  for (const [index, line] of then.entries()) {
    const other = now[index] ?? ''
    if (line === other) continue
    const [was, is] = [meant(line), meant(other)]
    if (was.length !== is.length) return undefined
    let word = ''
    for (const [at, token] of was.entries()) {
      const next = is[at] as Token
      if (isValue(token.kind) && isValue(next.kind)) {
        if (token.text !== next.text)
          changes.push({ kind: 'value', name: word, before: token.text, after: next.text })
        continue
      }
      if (token.text !== next.text) return undefined
      if (token.kind === 'word') word = token.text
    }
  }
  return changes
}

/** Blanks only align. */
function meant(line: string): Token[] {
  return lineTokens(line).filter(({ kind }) => kind !== 'blank')
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index])
}
