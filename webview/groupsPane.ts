import type { GroupRow } from '../src/page/toPage.ts'
import { formatAgents, formatCount, formatPart } from './format.ts'
import { Grid, type GridRow } from './grid.ts'
import { visibleNodes } from './lineSpans.ts'
import type { Metrics } from './metrics.ts'
import { exitText, stateCell } from './rowCells.ts'
import type { RunModel } from './runModel.ts'
import { Section } from './section.ts'
import { element, setText, show } from './ui/dom.ts'
import { t } from './words.ts'

/** One row for each group of identical replies: outliers first, the majority last. */
export class GroupsPane {
  readonly section: Section
  readonly grid: Grid<GroupRow>
  readonly #model: RunModel
  readonly #metrics: Metrics
  readonly #rest = element('div', { class: 'groups-rest', hidden: true })

  constructor(
    model: RunModel,
    metrics: Metrics,
    on: { open(group: GroupRow): void; move(group: GroupRow): void; fold(): void },
  ) {
    this.#model = model
    this.#metrics = metrics
    this.grid = new Grid<GroupRow>({
      id: 'groups',
      label: t('Groups of identical replies'),
      columns: 3,
      overscan: 6,
      key: ({ id }) => String(id),
      height: (group) => this.#height(group),
      makeRow: () => this.#makeRow(),
      onOpen: on.open,
      onMove: on.move,
    })
    this.section = new Section({ name: 'groups', title: t('Groups of identical replies'), onFold: on.fold })
    this.section.content.append(this.grid.element, this.#rest)
  }

  render(): void {
    const groups = this.#model.shownGroups()
    this.grid.update(groups)
    const { total, rows } = this.#model.groups
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

  #height(group: GroupRow | undefined): number {
    const { row, line } = this.#metrics
    const lines = group === undefined ? 0 : previewLines(group).length
    return row + 6 + (lines === 0 ? 0 : lines * line + 6)
  }

  #makeRow(): GridRow<GroupRow> {
    const state = stateCell()
    const exit = element('span', { class: 'group-exit' })
    const hosts = element('span', { class: 'group-hosts' })
    const count = element('span', { class: 'group-count' })
    const majority = element('span', { class: 'tag' }, t('majority'))
    const hits = element('span', { class: 'hits' })
    const preview = element('div', { class: 'group-preview' })
    const made = element(
      'div',
      { class: 'row group', role: 'row' },
      element(
        'div',
        { class: 'group-line' },
        element('span', { class: 'group-verdict', role: 'gridcell' }, state.element, exit),
        element('span', { class: 'group-who', role: 'gridcell' }, hosts, majority, hits, count),
      ),
      element('div', { class: 'group-output', role: 'gridcell' }, preview),
    )
    return {
      element: made,
      render: (group) => {
        state.render(group.state)
        const code = exitText(group)
        setText(
          exit,
          code === '' || code === '0' ? '' : group.signal === undefined ? t('exit {0}', code) : code,
        )
        setText(hosts, group.hosts)
        hosts.title = group.hosts
        setText(count, formatAgents(group.count))
        show(majority, group.majority)
        const matches = this.#model.groupHits(group.id)
        show(hits, matches > 0)
        setText(hits, matches === 1 ? t('1 match') : t('{0} matches', formatCount(matches)))
        made.dataset.state = group.state
        preview.replaceChildren(
          ...previewLines(group).map((line) =>
            element('div', { class: 'preview-line' }, ...visibleNodes(line)),
          ),
        )
        preview.classList.toggle('more', group.more)
        preview.classList.toggle('note', group.note !== undefined && group.preview.length === 0)
      },
    }
  }
}

function previewLines({ preview, note }: GroupRow): readonly string[] {
  return preview.length > 0 || note === undefined ? preview : [note]
}
