import { captureTitle } from '../src/answers/column.ts'
import { readGroupBy } from '../src/answers/groupBy.ts'
import { type Level, levels } from '../src/answers/level.ts'
import type { GroupRow, PreviewLine } from '../src/page/toPage.ts'
import { formatAgents, formatCount, formatPart } from './format.ts'
import { Grid, type GridRow } from './grid.ts'
import { visibleNodes } from './lineSpans.ts'
import type { Metrics } from './metrics.ts'
import { exitText, stateCell } from './rowCells.ts'
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
      makeRow: () => this.#makeRow(),
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

  /** Height of all rows together, pixels. */
  get wantedHeight(): number {
    const { total, rows } = this.#model.groups
    const sum = this.#model.shownGroups().reduce((height, group) => height + this.#height(group), 0)
    return sum + (total > rows.length ? this.#metrics.row : 0)
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

  #height(group: GroupRow | undefined): number {
    const { row, line } = this.#metrics
    const lines = group === undefined ? 0 : previewLines(group).length
    return row + 6 + (lines === 0 ? 0 : lines * line + 6)
  }

  #makeRow(): GridRow<GroupRow> {
    const state = stateCell()
    const exit = element('span', { class: 'group-exit' })
    const label = element('span', { class: 'group-label' })
    const hosts = element('span', { class: 'group-hosts' })
    const count = element('span', { class: 'group-count' })
    const majority = element('span', { class: 'tag' }, t('majority'))
    const originals = element('span', { class: 'tag' })
    const hits = element('span', { class: 'hits' })
    const preview = element('div', { class: 'group-preview' })
    const made = element(
      'div',
      { class: 'row group', role: 'row' },
      element(
        'div',
        { class: 'group-line' },
        element('span', { class: 'group-verdict', role: 'gridcell' }, state.element, exit),
        element(
          'span',
          { class: 'group-who', role: 'gridcell' },
          label,
          hosts,
          majority,
          originals,
          hits,
          count,
        ),
      ),
      element('div', { class: 'group-output', role: 'gridcell' }, preview),
    )
    let shown: readonly PreviewLine[] | undefined
    return {
      element: made,
      render: (group) => {
        state.render(group.state)
        const code = exitText(group)
        setText(
          exit,
          code === '' || code === '0' ? '' : group.signal === undefined ? t('exit {0}', code) : code,
        )
        const hasLabels = hasLabel(this.#model.groups.by)
        show(label, hasLabels)
        label.replaceChildren(...visibleNodes(group.label ?? t('none')))
        label.classList.toggle('note', group.label === undefined)
        setText(hosts, group.hosts)
        hosts.title = group.hosts
        setText(count, formatAgents(group.count))
        show(majority, group.majority)
        show(originals, group.originals > 1)
        setText(originals, t('{0} different', formatCount(group.originals)))
        const matches = this.#model.groupHits(group.id)
        show(hits, matches > 0)
        setText(hits, matches === 1 ? t('1 match') : t('{0} matches', formatCount(matches)))
        made.dataset.state = group.state
        const lines = previewLines(group)
        // A click needs the same nodes from its press to its release.
        if (JSON.stringify(lines) !== JSON.stringify(shown))
          preview.replaceChildren(
            ...lines.map((line) => element('div', { class: 'preview-line' }, ...lineNodes(line))),
          )
        shown = lines
        preview.classList.toggle('more', group.more)
        preview.classList.toggle('note', group.preview.length === 0)
      },
    }
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

/** Whether what the replies of a group have in common is a text of its own. */
function hasLabel(text: string): boolean {
  const kind = readGroupBy(text)?.kind
  return kind === 'fact' || kind === 'capture' || kind === 'last-line'
}

const titles: Readonly<Record<Level, string>> = {
  identical: t('Groups of identical replies'),
  pattern: t('Groups of replies with the same words'),
  shape: t('Groups of replies with the same kinds of lines'),
}

/** A group without output says so: an empty card could have more to it. */
function previewLines({ preview, note, bytes }: GroupRow): readonly PreviewLine[] {
  if (preview.length > 0) return preview
  return [note ?? (bytes === 0 ? t('No output.') : '')].filter((line) => line !== '')
}

function lineNodes(line: PreviewLine): Node[] {
  if (typeof line === 'string') return [...visibleNodes(line)]
  return line.flatMap((part) =>
    typeof part === 'string'
      ? [...visibleNodes(part)]
      : [element('span', { class: 'spread' }, ...visibleNodes(part.spread))],
  )
}
