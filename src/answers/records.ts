import { cellText, findTable } from './table.ts'

/** What an output says in columns: a table's rows, JSON objects, or one row of `key: value` lines. */
export interface Records {
  readonly kind: 'table' | 'json' | 'keys' | 'values'
  /** All different. Of JSON the paths: `disk.free`, `items[0].name`. */
  readonly columns: readonly string[]
  /** A value for each column; undefined where a record has none. */
  readonly rows: readonly (readonly (string | undefined)[])[]
}

/** Bounds of one output: larger ones are text. */
export const recordLimits = { characters: 1_048_576, rows: 10_000, columns: 200, depth: 20 }

/** The records in the lines of stdout; undefined where there are none for sure. */
export function findRecords(lines: readonly string[]): Records | undefined {
  const text = lines.join('\n').trim()
  if (text === '' || text.length > recordLimits.characters) return undefined
  return jsonRecords(text) ?? tableRecords(lines) ?? keyedRecord(lines)
}

function tableRecords(lines: readonly string[]): Records | undefined {
  const table = findTable(lines)
  if (table === undefined) return undefined
  const values = table.rows.map((parts) => table.columns.map((_, index) => cellText(parts[index])))
  // The end of a frame, or the mark before a unit that failed, is a column without name and values.
  const shown = table.columns.flatMap((name, index) =>
    name === '' && values.every((row) => row[index] === '') ? [] : [index],
  )
  const pick = (row: readonly string[]) => shown.map((index) => row[index] ?? '')
  return { kind: 'table', columns: pick(table.columns), rows: values.map(pick) }
}

/** One JSON value, or one object on each line. A list of objects gives a row for each. */
function jsonRecords(text: string): Records | undefined {
  if (!/^[[{]/.test(text)) return undefined
  const whole = parsed(text)
  const values = whole === undefined ? text.split('\n').map(parsed) : Array.isArray(whole) ? whole : [whole]
  if (values.length === 0 || values.length > recordLimits.rows || !values.every(isObject)) return undefined
  const records = values.map((value) => {
    const flat = new Map<string, string>()
    return flatten(value, '', flat, 0) ? flat : undefined
  })
  const columns = [...new Set(records.flatMap((record) => [...(record?.keys() ?? [])]))]
  if (records.includes(undefined) || columns.length === 0 || columns.length > recordLimits.columns)
    return undefined
  return { kind: 'json', columns, rows: records.map((record) => columns.map((name) => record?.get(name))) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Returns false when there is more than the limits allow. */
function flatten(value: unknown, path: string, into: Map<string, string>, depth: number): boolean {
  if (depth > recordLimits.depth || into.size > recordLimits.columns) return false
  if (Array.isArray(value))
    return value.every((item, index) => flatten(item, `${path}[${index}]`, into, depth + 1))
  if (isObject(value))
    return Object.entries(value).every(([key, item]) => {
      const step = /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(key) ? key : JSON.stringify(key)
      return flatten(item, path === '' ? step : `${path}.${step}`, into, depth + 1)
    })
  into.set(path, typeof value === 'string' ? value : String(value))
  return true
}

/**
 * `key: value` or `key=value` on each line, as in /proc/meminfo and /etc/os-release. Lines of another form, at most a
 * fifth, are left out; a key that comes twice makes it text.
 */
function keyedRecord(lines: readonly string[]): Records | undefined {
  const filled = lines.filter((line) => line.trim() !== '')
  if (filled.length < 2) return undefined
  for (const form of [keyEquals, keyColon]) {
    const pairs = filled.flatMap((line) => {
      const match = form.exec(line)
      return match === null ? [] : [[(match[1] as string).trim(), unquoted((match[2] ?? '').trim())] as const]
    })
    const columns = pairs.map(([key]) => key)
    if (pairs.length < 2 || pairs.length < filled.length * 0.8) continue
    if (new Set(columns).size < columns.length || columns.length > recordLimits.columns) continue
    return { kind: 'keys', columns, rows: [pairs.map(([, value]) => value)] }
  }
  return undefined
}

const keyEquals = /^\s*(?:export )?([\p{L}_][\p{L}\p{N}_.-]{0,60})\s*=(.*)$/u
const keyColon = /^\s*([\p{L}_][\p{L}\p{N}_.()/ -]{0,60}?)\s*:(?:\s+(.*)|$)/u

function unquoted(value: string | undefined): string {
  return /^(["']).*\1$/.test(value ?? '') ? (value as string).slice(1, -1) : (value ?? '')
}
