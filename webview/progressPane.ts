import { type AgentState, verdicts } from '../src/protocol/verdict.ts'
import { formatCount } from './format.ts'
import { TimesHistogram } from './histogram.ts'
import type { RunModel } from './runModel.ts'
import { element, setAttributes, setText, show, spoken } from './ui/dom.ts'
import { icon } from './ui/icons.ts'
import { verdictMeanings, verdictWords } from './verdictWords.ts'
import { t } from './words.ts'

/** The progress of the run: a bar with a part for each verdict, and a chip for each that filters the lists. */
export class ProgressPane {
  readonly element: HTMLElement
  readonly #model: RunModel
  readonly #summary = element('div', { class: 'progress-summary' })
  readonly #bar = element('div', {
    class: 'progress-bar',
    role: 'progressbar',
    'aria-label': t('Agents that answered'),
  })
  readonly #segments = new Map<AgentState, HTMLElement>()
  readonly #chips = new Map<AgentState, { chip: HTMLElement; count: HTMLElement }>()
  readonly #histogram = new TimesHistogram()

  constructor(model: RunModel, onNarrow: () => void) {
    this.#model = model
    const chips = element('div', { class: 'chips', role: 'group', 'aria-label': t('Show only') })
    // Finished agents grow from the left, in one order with the chips; those that are still to finish follow.
    const order: readonly AgentState[] = [...verdicts, 'running', 'expected']
    for (const state of order) {
      const segment = element('div', { class: 'segment', 'data-state': state })
      this.#segments.set(state, segment)
      this.#bar.append(segment)
    }
    for (const state of order) {
      const { chip, count } = this.#makeChip(state, onNarrow)
      this.#chips.set(state, { chip, count })
      chips.append(chip)
    }
    this.element = element(
      'section',
      { class: 'progress', 'aria-label': t('Progress') },
      this.#bar,
      element('div', { class: 'progress-line' }, this.#summary, chips, this.#histogram.element),
    )
  }

  render(): void {
    const { counts, total, answered } = this.#model
    const { states } = this.#model.narrowing
    for (const [state, segment] of this.#segments) {
      const count = counts[state] ?? 0
      show(segment, count > 0)
      segment.style.flexGrow = String(count)
      segment.title = `${formatCount(count)} ${verdictWords[state]}`
    }
    for (const [state, { chip, count }] of this.#chips) {
      const agents = counts[state] ?? 0
      show(chip, agents > 0 || states.has(state))
      setText(count, formatCount(agents))
      setAttributes(chip, { 'aria-pressed': states.has(state) ? 'true' : 'false' })
    }
    setAttributes(this.#bar, {
      'aria-valuemin': 0,
      'aria-valuemax': total,
      'aria-valuenow': answered,
      'aria-valuetext': t('{0} of {1}', answered, total),
    })
    this.#summary.replaceChildren(
      element('strong', {}, formatCount(answered)),
      ` ${this.#summaryWords(answered, total)}`,
    )
    this.#histogram.render(() => this.#model.rows(), this.#model.timed)
  }

  /** Follows the number of agents that answered. */
  #summaryWords(answered: number, total: number): string {
    const { run, counts } = this.#model
    const notStarted = counts['not-started'] ?? 0
    if (answered === total && run?.rollout !== undefined && notStarted > 0) {
      return total === 1
        ? t('agent, {0} not started', formatCount(notStarted))
        : t('agents, {0} not started', formatCount(notStarted))
    }
    if (answered === total) {
      return total === 1 ? t('agent, accounted for') : t('agents, all accounted for')
    }
    return t('of {0} · {1}%', formatCount(total), Math.floor((answered / total) * 100))
  }

  #makeChip(state: AgentState, onNarrow: () => void) {
    const count = element('span', { class: 'chip-count' })
    const chip = element(
      'button',
      { class: 'chip', 'data-state': state, type: 'button', title: verdictMeanings[state] },
      icon(state),
      count,
      ' ',
      element('span', {}, verdictWords[state]),
      spoken(` (${t('show only these')})`),
    )
    chip.addEventListener('click', () => {
      const states = new Set(this.#model.narrowing.states)
      if (!states.delete(state)) states.add(state)
      this.#model.narrow({ states })
      onNarrow()
    })
    return { chip, count }
  }
}
