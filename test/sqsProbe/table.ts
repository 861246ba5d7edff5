import { printed } from './printing.ts'
import type { Recorded } from './recorded.ts'

/** A Markdown table of recorded runs beside one another. */
export function tableOf(runs: readonly Recorded[]): string {
  const names = [...new Set(runs.flatMap(({ rows }) => rows.map(({ name }) => name)))]
  const head = ['row', 'assumed', ...runs.map(({ of }) => of), 'what depends on it']
  const lines = names.map((name) => {
    const each = runs.map(({ rows }) => rows.find((row) => row.name === name))
    const { assumed = '', matters = '' } = each.find((row) => row !== undefined) ?? {}
    const cells = each.map((row) =>
      row === undefined ? '–' : `${row.verdict === 'same' ? '' : `**${row.verdict}**: `}${row.seen}`,
    )
    return [`\`${name}\``, assumed, ...cells, matters.replace(/\b[\w/]+\/\w+(\.\w+)?/g, '`$&`')]
  })
  return [head, head.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.map(inCell).join(' | ')} |`)
    .join('\n')
}

function inCell(text: string): string {
  return printed(text).replaceAll('|', '\\|')
}
