/** One line of the table: a measure of ours, what it is held against, and whether the target is met. */
export interface Row {
  readonly what: string
  readonly ours: string
  readonly beside: string
  readonly ratio?: number
  /** The least and the largest ratio within one round, where there were several. */
  readonly range?: readonly [number, number]
  /** The largest ratio that is good enough; rows without one only inform. */
  readonly target?: number
}

export function printTable(rows: readonly Row[]): string {
  const cells = rows.map(({ what, ours, beside, ratio, range, target }) => [
    what,
    ours,
    beside,
    ratio === undefined ? '' : `${ratio.toFixed(2)}${range === undefined ? '' : ` (${printRange(range)})`}`,
    target === undefined ? '' : `≤ ${target}`,
    ratio === undefined || target === undefined ? '' : ratio <= target ? 'met' : 'NOT MET',
  ])
  const all = [['what', 'ours', 'beside', 'ratio', 'target', ''], ...cells]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  const [head = [], ...body] = all
  return [line(head), rule, ...body.map(line)].join('\n')
}

export function ms(value: number): string {
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`
}

export function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

function printRange([least, largest]: readonly [number, number]): string {
  return `${least.toFixed(2)}–${largest.toFixed(2)}`
}
