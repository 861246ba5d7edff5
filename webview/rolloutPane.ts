import type { FromPage } from '../src/page/fromPage.ts'
import type { RailStop, RolloutHeader, RunHeader } from '../src/page/runHeader.ts'
import { formatAgents, formatCount, formatPart } from './format.ts'
import { visibleNodes } from './lineSpans.ts'
import type { RunModel } from './runModel.ts'
import { wholeSeconds } from './runTimes.ts'
import { element, setText, show } from './ui/dom.ts'
import { icon } from './ui/icons.ts'
import { type MenuItem, menuButton } from './ui/menuButton.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** How a rollout goes on, as a rail from the canary to its end, and the buttons that steer it. */
export class RolloutPane {
  readonly element: HTMLElement
  readonly #model: RunModel
  readonly #ask: (request: FromPage) => void
  readonly #stops = element('ol', { class: 'rail', 'aria-label': t('Rollout') })
  readonly #words = element('span', { class: 'rollout-words' })
  readonly #pause: HTMLElement
  readonly #resume: HTMLElement
  readonly #stop: HTMLElement
  readonly #rest: HTMLElement
  #shown: RunHeader | undefined

  constructor(model: RunModel, ask: (request: FromPage) => void) {
    this.#model = model
    this.#ask = ask
    this.#pause = button({
      label: t('Pause rollout'),
      icon: 'pause',
      hint: t('No further agent starts until you continue; running agents go on'),
      onPress: () => ask({ type: 'pause' }),
    })
    this.#resume = button({
      label: t('Continue rollout…'),
      icon: 'resume',
      kind: 'primary',
      hint: t('Show the rest of the rollout, and continue it after you confirm'),
      onPress: () => ask({ type: 'resume' }),
    })
    this.#stop = button({
      label: t('Stop rollout'),
      icon: 'stop',
      hint: t('Running agents finish; the other agents do not start'),
      onPress: () => ask({ type: 'stop' }),
    })
    this.#rest = menuButton({
      label: t('Continue with the rest'),
      icon: 'resume',
      items: () => this.#restItems(),
    })
    this.element = element(
      'section',
      { class: 'rollout', 'aria-label': t('Rollout'), hidden: true },
      this.#stops,
      this.#words,
      element(
        'span',
        { class: 'rollout-actions', role: 'group', 'aria-label': t('Rollout') },
        ...[this.#pause, this.#resume, this.#stop, this.#rest],
      ),
    )
  }

  render(): void {
    const { run } = this.#model
    show(this.element, run?.rollout !== undefined)
    if (run?.rollout === undefined) return
    if (run !== this.#shown) this.#renderStops(run, run.rollout)
    this.#shown = run
    this.tick()
  }

  /** Updates the countdown of a pause. */
  tick(): void {
    const { run } = this.#model
    if (run?.rollout === undefined) return
    const words = rolloutWords(run, run.rollout, this.#model.now())
    this.#words.classList.toggle('stopped', run.stopReason !== undefined)
    if (words !== this.#words.dataset.text) {
      this.#words.dataset.text = words
      this.#words.replaceChildren(...visibleNodes(words))
    }
  }

  #renderStops(run: RunHeader, rollout: RolloutHeader): void {
    this.#stops.replaceChildren(
      ...rollout.stops.map((stop) => stopElement(stop, rollout)),
      element(
        'li',
        { class: 'stop stop-end', 'data-state': endState(run) },
        icon(endState(run)),
        element('span', {}, endWords(run)),
      ),
    )
    const isSteered = run.live && run.elsewhere !== true && run.phase !== 'over' && rollout.left > 0
    show(this.#pause, isSteered && run.phase === 'running')
    show(this.#resume, isSteered && run.phase === 'paused')
    show(this.#stop, isSteered)
    show(this.#rest, run.phase === 'over' && (this.#model.counts['not-started'] ?? 0) > 0)
  }

  #restItems(): MenuItem[][] {
    const { counts, total } = this.#model
    const notStarted = counts['not-started'] ?? 0
    const others = total - notStarted - (counts.succeeded ?? 0) - (counts.unexpected ?? 0)
    const rest = (label: string, agents: number, kind: 'not-started' | 'rest'): MenuItem => ({
      ...{ label, detail: formatCount(agents) },
      onPick: () => this.#ask({ type: 'run-again', on: { kind } }),
    })
    return [
      [
        rest(t('On agents not started'), notStarted, 'not-started'),
        ...(others > 0
          ? [rest(t('On these and all that did not succeed'), notStarted + others, 'rest')]
          : []),
      ],
    ]
  }
}

function stopElement(stop: RailStop, rollout: RolloutHeader): HTMLElement {
  const { state, agents, ended, failed } = stop
  const shown = state === 'done' ? (failed > 0 ? 'failed' : 'succeeded') : stateOf[state]
  const counts = element('span', { class: 'stop-count' })
  const isPartly = state === 'running' || (state === 'stopped' && ended > 0)
  setText(counts, `(${isPartly ? formatPart(ended, agents) : formatCount(agents)})`)
  return element(
    'li',
    {
      ...{ class: `stop stop-${state}`, 'data-state': shown, title: stopTitle(stop) },
      ...(state === 'running' ? { 'aria-current': 'step' } : {}),
    },
    icon(shown),
    element('span', { class: 'stop-name' }, stopName(stop, rollout)),
    counts,
    ...(failed > 0 ? [element('span', { class: 'stop-failed' }, t('{0} failed', formatCount(failed)))] : []),
  )
}

/** States of agents whose colours and icons the parts of the rail have. */
const stateOf = { waiting: 'expected', running: 'running', stopped: 'not-started' } as const

function stopName({ kind, first, last }: RailStop, { window }: RolloutHeader): string {
  if (kind === 'canary') return t('canary')
  if (kind === 'window') return t('at most {0} at once', formatCount(window ?? 0))
  return first === last ? t('batch {0}', first) : t('batches {0}–{1}', first, last)
}

function stopTitle({ state, agents, ended, failed }: RailStop): string {
  if (state === 'waiting') return t('{0}: not sent yet', formatAgents(agents))
  if (state === 'stopped' && ended === 0) return t('{0}: will not start', formatAgents(agents))
  return t('{0}: {1} ended, {2} failed', formatAgents(agents), formatCount(ended), formatCount(failed))
}

function endState(run: RunHeader): 'succeeded' | 'not-started' | 'expected' {
  if (run.stopReason !== undefined) return 'not-started'
  return run.phase === 'over' ? 'succeeded' : 'expected'
}

function endWords(run: RunHeader): string {
  if (run.stopReason !== undefined) return t('stopped')
  return t('done')
}

/** What holds the rollout up, or ended it, in a sentence. */
export function rolloutWords(run: RunHeader, rollout: RolloutHeader, now: number): string {
  const { phase, stopReason, pauseReason } = run
  const { nextAt, underWay, left } = rollout
  const running = underWay === 0 ? '' : ` · ${t('{0} still running', formatAgents(underWay))}`
  if (stopReason !== undefined) return `${t('Stopped: {0}', stopReason)}${running}`
  if (phase === 'over') return ''
  if (phase === 'paused')
    return `${pauseReason === undefined ? t('Paused: no further agent starts') : t('Paused: {0}', pauseReason)}${running}`
  if (nextAt !== undefined) return t('The next step starts in {0}', wholeSeconds(Math.max(0, nextAt - now)))
  return left === 0 ? '' : t('{0} to start', formatAgents(left))
}
