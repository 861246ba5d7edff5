import { columnTitle } from '../src/answers/column.ts'
import type { FromPage } from '../src/page/fromPage.ts'
import type { TableWindow } from '../src/page/tableWindow.ts'
import { formatAgents } from './format.ts'
import { type MenuItem, menuButton } from './ui/menuButton.ts'
import { button } from './ui/toolkit.ts'
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

/** Columns that are shown (marked) and that the outputs have besides, and where others may come from. */
export function columnItems(
  shown: readonly string[],
  chosen: readonly string[] | undefined,
  offered: readonly string[],
  on: {
    choose(columns: readonly string[] | undefined): void
    pick(what: PickedSource): void
    save(): void
  },
): MenuItem[][] {
  const others = shown.filter((text) => !offered.includes(text))
  const item = (text: string) => {
    const isShown = shown.includes(text)
    const next = isShown ? shown.filter((other) => other !== text) : [...shown, text]
    return {
      label: columnTitle(text) + mark(isShown),
      ...(offered.includes(text) ? {} : { detail: t('remove') }),
      onPick: () => on.choose(next.length === 0 ? undefined : next),
    }
  }
  return [
    [
      {
        label: t('All columns') + mark(chosen === undefined),
        onPick: () => on.choose(undefined),
      },
      ...offered.slice(0, maxOffered).map(item),
    ],
    others.map(item),
    [
      { label: t('Fact…'), onPick: () => on.pick('fact') },
      { label: t('Value in the output…'), onPick: () => on.pick('capture') },
      { label: t('Key…'), onPick: () => on.pick('key') },
      { label: t('JSON path…'), onPick: () => on.pick('json') },
    ],
    [{ label: t('Save view to snippet'), onPick: on.save }],
  ]
}

export type PickedSource = Extract<FromPage, { type: 'pick' }>['what']

/** More columns make no menu. */
const maxOffered = 24

/** What stands in the heading of the table. */
export function tableButtons(
  ask: (request: FromPage) => void,
  items: { rows(): MenuItem[]; columns(): MenuItem[][] },
): HTMLElement[] {
  return [
    button({
      label: t('Run another command on the agents in the table…'),
      icon: 'command',
      kind: 'icon',
      onPress: () => ask({ type: 'run-other', on: { kind: 'table' } }),
    }),
    menuButton({ label: t('Rows'), icon: 'filter', kind: 'icon', items: () => [items.rows()] }),
    menuButton({ label: t('Columns'), icon: 'columns', kind: 'icon', items: items.columns }),
    menuButton({
      label: t('Copy the table'),
      icon: 'copy',
      kind: 'icon',
      items: () => [copyItems(ask)],
    }),
  ]
}

function copyItems(ask: (request: FromPage) => void): MenuItem[] {
  return [
    { label: t('As Markdown'), onPick: () => ask({ type: 'copy-table', format: 'markdown' }) },
    { label: t('As CSV'), onPick: () => ask({ type: 'copy-table', format: 'csv' }) },
  ]
}
