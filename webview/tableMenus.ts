import type { FromPage } from '../src/page/fromPage.ts'
import type { TableWindow } from '../src/page/tableWindow.ts'
import { formatAgents } from './format.ts'
import type { MenuItem } from './ui/menuButton.ts'
import { t } from './words.ts'

const mark = (is: boolean) => (is ? ' ✓' : '')

/** All rows, or one of each host by a key. */
export function rowItems(
  chosen: string | undefined,
  choices: TableWindow['choices'],
  choose: (rows: string | undefined) => void,
): MenuItem[] {
  return [
    { label: t('All rows') + mark(chosen === undefined), onPick: () => choose(undefined) },
    ...choices.map(({ rows, agents }) => ({
      label: rows + mark(chosen === rows),
      detail: formatAgents(agents),
      onPick: () => choose(rows),
    })),
  ]
}

export function copyItems(ask: (request: FromPage) => void): MenuItem[] {
  return [
    { label: t('As Markdown'), onPick: () => ask({ type: 'copy-table', format: 'markdown' }) },
    { label: t('As CSV'), onPick: () => ask({ type: 'copy-table', format: 'csv' }) },
  ]
}
