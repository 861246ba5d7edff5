import { formatCount } from './format.ts'
import type { RunModel } from './runModel.ts'
import { element, setText } from './ui/dom.ts'
import { stateOrder, verdictWords } from './verdictWords.ts'
import { t } from './words.ts'

/** How often the progress of the run is announced to screen readers, milliseconds. */
const everyMs = 5000

/** Announces the progress of the run politely: rarely while it is running, and once when it is over. */
export class Announcer {
  readonly element = element('div', { class: 'spoken', role: 'status', 'aria-live': 'polite' })
  readonly #model: RunModel
  #saidAt = Number.NEGATIVE_INFINITY
  #said = ''

  constructor(model: RunModel) {
    this.#model = model
  }

  /** `now`: milliseconds of any monotonic clock. */
  render(now: number): void {
    const { run } = this.#model
    if (run === undefined) return
    const isOver = run.phase === 'over'
    const sentence = this.#sentence(isOver)
    if (sentence === this.#said || (!isOver && now - this.#saidAt < everyMs)) return
    this.#said = sentence
    this.#saidAt = now
    setText(this.element, sentence)
  }

  #sentence(isOver: boolean): string {
    const { counts, total, answered } = this.#model
    const parts = stateOrder
      .filter((state) => state !== 'expected' && (counts[state] ?? 0) > 0)
      .map((state) => `${formatCount(counts[state] ?? 0)} ${verdictWords[state]}`)
    const head = isOver
      ? t('The run is over')
      : t('{0} of {1} answered', formatCount(answered), formatCount(total))
    return `${[head, ...parts].join(', ')}.`
  }
}
