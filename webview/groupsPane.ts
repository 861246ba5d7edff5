import { captureTitle } from '../src/answers/column.ts'
import { readGroupBy } from '../src/answers/groupBy.ts'
import { type Level, levels } from '../src/answers/level.ts'
import type { GroupRow } from '../src/page/toPage.ts'
import { formatCount, formatPart } from './format.ts'
import { Grid } from './grid.ts'
import { cardHeight, groupCard } from './groupCard.ts'
import { groupMenu } from './menuContexts.ts'
import type { Metrics } from './metrics.ts'
import type { RunModel } from './runModel.ts'
import { Section } from './section.ts'
import { element, setAttributes, setText, show } from './ui/dom.ts'
import { type MenuItem, menuButton } from './ui/menuButton.ts'
import { t } from './words.ts'

/** One row for each group of replies that agree: outliers first, the majority last. */
export class GroupsPane {
  readonly section: Section
  readonly grid: Grid<GroupRow>
  readonly #model: RunModel
  readonly #metrics: Metrics
  /** The most lines of output on a card. */
  #lines = 3
  readonly #rest = element('div', { class: 'groups-rest', hidden: true })

  constructor(
    model: RunModel,
    metrics: Metrics,
    on: {
      open(group: GroupRow): void
      move(group: GroupRow): void
      fold(): void
      /** Undefined: by the level that says most. */
      groupBy(by: string | undefined): void
      /** By a fact or a capture that the person is asked for. */
      pick(what: 'fact' | 'capture'): void
      /** Save how everything is shown. */
      saveView(): void
    },
  ) {
    this.#model = model
    this.#metrics = metrics
    this.grid = new Grid<GroupRow>({
      id: 'groups',
      label: titles.identical,
      columns: 3,
      overscan: 6,
      key: ({ id }) => String(id),
      height: (group) => this.#height(group),
      makeRow: () => groupCard(model, () => this.#lines),
      menu: ({ id }) => groupMenu(id),
      onOpen: on.open,
      onMove: on.move,
    })
    this.section = new Section({ name: 'groups', title: titles.identical, onFold: on.fold })
    this.section.side.append(
      menuButton({
        label: t('Group by'),
        icon: 'group',
        kind: 'icon',
        items: () => [
          this.#levelItems(on.groupBy),
          this.#otherItems(on),
          [{ label: t('Save view to snippet'), onPick: on.saveView }],
        ],
      }),
    )
    this.section.content.append(this.grid.element, this.#rest)
  }

  render(): void {
    const groups = this.#model.shownGroups()
    this.grid.update(groups)
    const { total, rows, by, isChosen } = this.#model.groups
    const title = titleOf(by)
    this.section.title(title)
    this.section.note(isChosen ? '' : t('automatic'))
    setAttributes(this.grid.element, { 'aria-label': title })
    this.section.count(groups.length === total ? formatCount(total) : formatPart(groups.length, total))
    const left = total - rows.length
    show(this.#rest, left > 0)
    setText(
      this.#rest,
      left === 1
        ? t('Nearly every reply is different; 1 more group not shown.')
        : t('Nearly every reply is different; {0} more groups not shown.', formatCount(left)),
    )
    show(this.section.element, total > 0)
  }

  /** Gives the cards as many lines as there is room for. @param room for all of them, pixels */
  fit(room: number): void {
    const fewest = 3
    const most = Math.max(fewest, ...this.#model.shownGroups().map(({ preview }) => preview.length))
    this.#lines = most
    while (this.#lines > fewest && this.wantedHeight > room) this.#lines -= 1
  }

  /** Height of all rows together, pixels. */
  get wantedHeight(): number {
    const { total, rows } = this.#model.groups
    const sum = this.#model.shownGroups().reduce((height, group) => height + this.#height(group), 0)
    return sum + (total > rows.length ? this.#metrics.row : 0)
  }

  #height(group: GroupRow | undefined): number {
    return group === undefined
      ? this.#metrics.row
      : cardHeight(group, this.#model, this.#metrics, this.#lines)
  }

  #levelItems(choose: (by: string | undefined) => void): MenuItem[] {
    const item = (label: string, by: string | undefined) => ({
      label,
      ...(by === this.#chosen ? mark : {}),
      onPick: () => choose(by),
    })
    return [item(t('What says most'), undefined), ...levels.map((level) => item(titles[level], level))]
  }

  #otherItems(on: { groupBy(by: string): void; pick(what: 'fact' | 'capture'): void }): MenuItem[] {
    const chosen = this.#chosen
    const isOf = (kind: string) => (chosen?.startsWith(kind) === true ? mark : {})
    return [
      { label: t('Exit code'), ...isOf('exit code'), onPick: () => on.groupBy('exit code') },
      { label: t('Last line'), ...isOf('last line'), onPick: () => on.groupBy('last line') },
      { label: t('Fact…'), ...isOf('fact:'), onPick: () => on.pick('fact') },
      { label: t('Value in the output…'), ...isOf('capture:'), onPick: () => on.pick('capture') },
    ]
  }

  get #chosen(): string | undefined {
    const { by, isChosen } = this.#model.groups
    return isChosen ? by : undefined
  }
}

const mark = { detail: '✓' }

function titleOf(text: string): string {
  const by = readGroupBy(text)
  switch (by?.kind) {
    case 'level':
      return titles[by.level]
    case 'exit':
      return t('Groups by exit code')
    case 'last-line':
      return t('Groups by the last line')
    case 'fact':
      return t('Groups by {0}', by.path)
    default:
      return t('Groups by {0}', by === undefined ? text : captureTitle(by.expression))
  }
}

const titles: Readonly<Record<Level, string>> = {
  identical: t('Groups of identical replies'),
  pattern: t('Groups of replies with the same words'),
  shape: t('Groups of replies with the same kinds of lines'),
}
