import type { RolloutHeader } from '../src/page/runHeader.ts'
import type { AgentRow } from '../src/page/toPage.ts'
import { formatBytes, formatCount, formatDuration, formatPart } from './format.ts'
import { Grid, type GridRow } from './grid.ts'
import { headHeight } from './gridHead.ts'
import { visibleNodes } from './lineSpans.ts'
import { rowMenu } from './menuContexts.ts'
import type { Metrics } from './metrics.ts'
import { exitText, oddities, stateCell } from './rowCells.ts'
import type { Sort } from './rowOrder.ts'
import type { RunModel } from './runModel.ts'
import { agentTimes, wholeSeconds } from './runTimes.ts'
import { Section } from './section.ts'
import { element, setAttributes, setText, show } from './ui/dom.ts'
import { icon } from './ui/icons.ts'
import { t } from './words.ts'

/** Columns in their order, each with its sort key, or undefined if it cannot be sorted. */
const columns: readonly (readonly [
  title: string,
  className: string,
  by: Sort['by'] | undefined,
  hint: string,
])[] = [
  [t('State'), 'cell-state', 'state', t('Problems first')],
  [t('Host'), 'cell-host', 'host', t('By name')],
  [t('Step'), 'cell-step', 'step', t('Step of the rollout')],
  [t('Exit'), 'cell-exit', 'exit', t('Exit code or signal')],
  [t('Waited'), 'cell-waited', 'waited', t('Time on the way, and in the queue of the agent')],
  [t('Ran'), 'cell-took', 'duration', t('How long the command ran')],
  [t('Total'), 'cell-total', 'total', t('From sending to the result: waited and ran')],
  [t('Output'), 'cell-bytes', 'bytes', t('Bytes of output')],
  [t('Last line'), 'cell-line', undefined, t('Last line of the output')],
]

/** All agents in a virtual list that can be sorted by its columns. */
export class AgentsPane {
  readonly section: Section
  readonly grid: Grid<AgentRow>
  readonly #model: RunModel
  readonly #metrics: Metrics
  readonly #heads: readonly HTMLElement[]
  readonly #nobody = element('div', { class: 'nobody', hidden: true })

  constructor(
    model: RunModel,
    metrics: Metrics,
    on: {
      open(agent: AgentRow): void
      move(agent: AgentRow): void
      range(first: number, last: number): void
      fold(): void
      sort(): void
    },
  ) {
    this.#model = model
    this.#metrics = metrics
    this.#heads = columns.map(([title, className, , hint]) =>
      element(
        'span',
        { class: `head-cell ${className}`, role: 'columnheader', title: hint },
        element('span', {}, title),
        icon('up'),
      ),
    )
    this.grid = new Grid<AgentRow>({
      id: 'agents',
      label: t('Agents'),
      columns: columns.length,
      overscan: 16,
      even: true,
      key: ({ id }) => id,
      height: () => metrics.row,
      makeRow: () => this.#makeRow(),
      menu: ({ id }) => rowMenu('agent', id),
      onOpen: on.open,
      onMove: on.move,
      onRange: on.range,
      header: {
        cells: this.#heads,
        onPress: (column) => {
          const by = columns[column]?.[2]
          if (by === undefined) return
          const { sort } = model
          model.sortBy({ by, down: sort.by === by ? !sort.down : downFirst.includes(by) })
          on.sort()
        },
      },
    })
    this.section = new Section({ name: 'agents', title: t('Agents'), onFold: on.fold })
    this.section.content.append(this.grid.element, this.#nobody)
    // Times of agents that have not finished pass.
    window.setInterval(() => {
      if (model.run !== undefined && model.run.phase !== 'over') this.grid.refresh()
    }, 1000)
  }

  render(): void {
    const shown = this.#model.shown()
    const { total, sort, run } = this.#model
    const hasSteps = run?.rollout !== undefined && (run.rollout.canary || run.rollout.batches > 0)
    this.section.element.classList.toggle('has-steps', hasSteps)
    this.grid.update(shown)
    this.section.count(shown.length === total ? formatCount(total) : formatPart(shown.length, total))
    show(this.#nobody, shown.length === 0)
    setText(
      this.#nobody,
      total === 0 ? t('No agent is expected.') : t('No agent matches the current filters.'),
    )
    columns.forEach(([, , by], column) => {
      const sorted = by === sort.by ? (sort.down ? 'descending' : 'ascending') : undefined
      const head = this.#heads[column]
      if (head !== undefined)
        setAttributes(head, { 'aria-sort': by === undefined ? undefined : (sorted ?? 'none') })
    })
  }

  /** Height of all rows together and what is around them, pixels. */
  get wantedHeight(): number {
    const shown = this.#model.shown().length
    return shown === 0 ? nobodyHeight : headHeight + shown * this.#metrics.row
  }

  #makeRow(): GridRow<AgentRow> {
    const state = stateCell()
    const [host, odd, hits] = [
      element('span', { class: 'host' }),
      element('span', { class: 'tag' }),
      element('span', { class: 'hits' }),
    ]
    const [step, exit, waited, took, total, bytes, line] = [
      cell('step'),
      cell('exit'),
      cell('waited'),
      cell('took'),
      cell('total'),
      cell('bytes'),
      cell('line'),
    ] as const
    const made = element(
      'div',
      { class: 'row agent', role: 'row' },
      element('span', { class: 'cell cell-state', role: 'gridcell' }, state.element),
      element('span', { class: 'cell cell-host', role: 'gridcell' }, host, odd, hits),
      ...[step, exit, waited, took, total, bytes, line],
    )
    let shown: AgentRow | undefined
    let shownMatches = 0
    let shownLine: string | undefined
    return {
      element: made,
      render: (agent) => {
        const times = agentTimes(agent, this.#model.now())
        const timeText = (ms: number | undefined) =>
          ms === undefined ? '' : times.isLive ? wholeSeconds(ms) : formatDuration(ms)
        setText(waited, timeText(times.waitedMs))
        setText(took, timeText(times.ranMs))
        setText(total, timeText(times.totalMs))
        const matches = this.#model.hits.get(agent.id) ?? 0
        const text = agent.note ?? this.#model.preview(agent.id)
        // Changed rows are new objects; most rows have not changed since the last frame.
        if (agent === shown && matches === shownMatches && text === shownLine) return
        shown = agent
        shownMatches = matches
        state.render(agent.state)
        setText(host, agent.host)
        host.title = agent.id === agent.host ? agent.host : `${agent.host}\n${agent.id}`
        const odds = oddities(agent)
        show(odd, odds.length > 0)
        setText(odd, odds.join(', '))
        show(hits, matches > 0)
        setText(hits, formatCount(matches))
        setText(exit, exitText(agent))
        exit.classList.toggle('bad', (agent.exitCode ?? 0) !== 0 || agent.signal !== undefined)
        setText(step, stepWords(agent, this.#model.run?.rollout))
        made.classList.toggle('live', times.isLive)
        setText(bytes, agent.bytes === 0 ? '' : formatBytes(agent.bytes))
        made.dataset.state = agent.state
        line.classList.toggle('note', agent.note !== undefined)
        if (text === shownLine) return
        shownLine = text
        line.replaceChildren(...visibleNodes(text))
      },
    }
  }
}

/** These sort descending first: people look for the largest. */
const downFirst: readonly Sort['by'][] = ['exit', 'waited', 'duration', 'total', 'bytes']

/** Pixels, as in the styles. */
const nobodyHeight = 64

function cell(name: string): HTMLElement {
  return element('span', { class: `cell cell-${name}`, role: 'gridcell' })
}

/** `canary`, `batch 2`; empty for an agent of a window, and of no step. */
function stepWords({ step }: AgentRow, rollout: RolloutHeader | undefined): string {
  if (step === undefined || rollout === undefined) return ''
  if (rollout.canary && step === 0) return t('canary')
  return t('batch {0}', step + (rollout.canary ? 0 : 1))
}
