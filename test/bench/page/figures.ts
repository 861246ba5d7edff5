/** One figure, and what it must not exceed. Those without a limit only inform. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: 'ms' | 'frames' | 'times' | 'KiB' | 'MiB'
  readonly limit?: number
}

export function isMet({ value, limit }: Figure): boolean {
  return limit === undefined || value <= limit
}

/** A table in Markdown, as it stands in docs/performance.md. */
export function printFigures(
  parts: readonly (readonly [where: string, figures: readonly Figure[]])[],
): string {
  const rows = parts.flatMap(([where, figures]) =>
    figures.map((figure) => {
      const { name, value, unit, limit } = figure
      const target =
        limit === undefined ? ['', ''] : [`${shown(limit)} ${unit}`, isMet(figure) ? 'met' : 'NOT MET']
      return [where, name, `${shown(value)} ${unit}`, ...target]
    }),
  )
  const all = [['where', 'what', 'measured', 'at most', ''], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  const [head, ...body] = all.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  )
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body].join('\n')
}

function shown(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })
}
