/** Where the values of a column come from. */
export type Column =
  /** A column of a table, a path of JSON, a key: what `findRecords` finds. */
  | { readonly kind: 'value'; readonly name: string }
  /** A fact of the agent; dotted as in filters. */
  | { readonly kind: 'fact'; readonly path: string }
  /** What a regular expression finds first in the output: see `compileCapture`. */
  | { readonly kind: 'capture'; readonly expression: string }
  /** A path in output that is JSON, or has JSON in its lines: `disks[0].free`. */
  | { readonly kind: 'json'; readonly path: string }
  /** `key=value` or `key: value` anywhere in the output. */
  | { readonly kind: 'key'; readonly name: string }

/**
 * As it is written in snippets: `Use%`, `fact:az`, `capture:up (\d+) days`, `json:disks[0].free`, `key:state`. A column of
 * a table whose name begins like one of these has `column:` before it. Whether an expression is one is not checked here.
 */
export function readColumn(text: string): Column {
  const [, prefix, rest = ''] = /^(fact|capture|json|key|column):(.*)$/s.exec(text) ?? []
  switch (prefix) {
    case 'fact':
      return { kind: 'fact', path: rest.trim() }
    case 'capture':
      return { kind: 'capture', expression: rest }
    case 'json':
      return { kind: 'json', path: rest.trim() }
    case 'key':
      return { kind: 'key', name: rest.trim() }
    case 'column':
      return { kind: 'value', name: rest }
    default:
      return { kind: 'value', name: text }
  }
}

/** The same as text, which also identifies the column in a table. */
export function columnText(column: Column): string {
  switch (column.kind) {
    case 'value':
      return /^(?:fact|capture|json|key|column):/.test(column.name) ? `column:${column.name}` : column.name
    case 'fact':
      return `fact:${column.path}`
    case 'capture':
      return `capture:${column.expression}`
    case 'json':
      return `json:${column.path}`
    case 'key':
      return `key:${column.name}`
  }
}

/** What stands above the column. */
export function columnTitle(text: string): string {
  const column = readColumn(text)
  switch (column.kind) {
    case 'value':
    case 'key':
      return column.name
    case 'fact':
    case 'json':
      return column.path
    case 'capture':
      return captureTitle(column.expression)
  }
}

/** The name of the group if it has one, as in `up (?P<days>\d+) days`; else the expression. */
export function captureTitle(expression: string): string {
  return /\(\?P?<([A-Za-z_]\w*)>/.exec(expression)?.[1] ?? expression
}
