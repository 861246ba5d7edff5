import { readGroupBy } from '../src/answers/groupBy.ts'
import type { HitLine } from '../src/page/searchMessages.ts'
import type { GroupRow, PreviewLine } from '../src/page/toPage.ts'
import { isFailure, isVerdict } from '../src/protocol/verdict.ts'
import { formatAgents, formatCount } from './format.ts'
import type { GridRow } from './grid.ts'
import { visibleNodes } from './lineSpans.ts'
import type { Metrics } from './metrics.ts'
import { exitText, stateCell } from './rowCells.ts'
import type { RunModel } from './runModel.ts'
import { element, setText, show } from './ui/dom.ts'
import { t } from './words.ts'

/** A group: how its replies ended, whose they are, and the lines of output that say most. */
export function groupCard(model: RunModel, most: () => number): GridRow<GroupRow> {
  const state = stateCell()
  const exit = element('span', { class: 'group-exit' })
  const label = element('span', { class: 'group-label' })
  const hosts = element('span', { class: 'group-hosts' })
  const count = element('span', { class: 'group-count' })
  const majority = element('span', { class: 'tag' }, t('majority'))
  const originals = element('span', { class: 'tag' })
  const hits = element('span', { class: 'hits' })
  const preview = element('div', { class: 'group-preview' })
  const who = [label, hosts, majority, originals, hits, count]
  const made = element(
    'div',
    { class: 'row group', role: 'row' },
    element(
      'div',
      { class: 'group-line' },
      element('span', { class: 'group-verdict', role: 'gridcell' }, state.element, exit),
      element('span', { class: 'group-who', role: 'gridcell' }, ...who),
    ),
    element('div', { class: 'group-output', role: 'gridcell' }, preview),
  )
  let shown = ''
  return {
    element: made,
    render: (group) => {
      state.render(group.state)
      setText(exit, exitWords(group))
      show(label, hasLabel(model.groups.by))
      label.replaceChildren(...visibleNodes(group.label ?? t('none')))
      label.classList.toggle('note', group.label === undefined)
      setText(hosts, group.hosts)
      hosts.title = group.hosts
      setText(count, formatAgents(group.count))
      show(majority, group.majority && model.groups.total > 1)
      show(originals, group.originals > 1)
      setText(originals, t('{0} different', formatCount(group.originals)))
      const matches = model.groupHits(group.id)
      show(hits, matches > 0)
      setText(hits, matches === 1 ? t('1 match') : t('{0} matches', formatCount(matches)))
      made.dataset.state = group.state
      const lines = cardLines(group, model, most())
      const key = JSON.stringify(lines)
      // A click needs the same nodes from its press to its release.
      if (key !== shown)
        preview.replaceChildren(
          ...lines.map((line) => element('div', { class: 'preview-line' }, ...lineNodes(line))),
        )
      shown = key
      preview.classList.toggle('more', group.more)
      preview.classList.toggle('note', group.preview.length === 0)
    },
  }
}

/** Pixels. @param most lines of output */
export function cardHeight(group: GroupRow, model: RunModel, { row, line }: Metrics, most: number): number {
  const lines = cardLines(group, model, most).length
  return row + 6 + (lines === 0 ? 0 : lines * line + 6)
}

function exitWords(group: GroupRow): string {
  const code = exitText(group)
  return code === '' || group.signal !== undefined ? code : t('exit {0}', code)
}

/** Whether what the replies of a group have in common is a text of its own. */
function hasLabel(text: string): boolean {
  const kind = readGroupBy(text)?.kind
  return kind === 'fact' || kind === 'capture' || kind === 'last-line'
}

/** During a search the line with the hit. A group without output says so: an empty card could have more to it. */
function cardLines(
  { id, state, preview, note, bytes }: GroupRow,
  model: RunModel,
  most: number,
): readonly (PreviewLine | HitLine)[] {
  const hit = model.groupHitLine(id)
  if (hit !== undefined) return [hit]
  if (preview.length > 0)
    return isVerdict(state) && isFailure(state) ? preview.slice(-most) : preview.slice(0, most)
  return [note ?? (bytes === 0 ? t('No output.') : '')].filter((line) => line !== '')
}

function lineNodes(line: PreviewLine | HitLine): Node[] {
  if (typeof line === 'string') return visibleNodes(line)
  if ('mark' in line) {
    const [start, length] = line.mark
    const mark = element('mark', {}, ...visibleNodes(line.text.slice(start, start + length)))
    return [
      ...visibleNodes(line.text.slice(0, start)),
      mark,
      ...visibleNodes(line.text.slice(start + length)),
    ]
  }
  if ('missing' in line) {
    const hint = t('The majority has this line, and this group has not')
    return [element('span', { class: 'missing', title: hint }, '−'), ...visibleNodes(line.missing)]
  }
  return line.flatMap((part) =>
    typeof part === 'string'
      ? visibleNodes(part)
      : [element('span', { class: 'spread' }, ...visibleNodes(part.spread))],
  )
}
