import type { FromPage } from '../src/page/fromPage.ts'
import type { Selected } from './selected.ts'
import { isSame } from './selected.ts'
import { element, setText, show } from './ui/dom.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** Asks for the reply to compare with: the next row that is chosen in a list, a group or an agent. */
export class Comparison {
  readonly element: HTMLElement
  readonly #question = element('span', { class: 'comparison-question', role: 'status' })
  readonly #ask: (request: FromPage) => void
  #of: Selected | undefined

  constructor(ask: (request: FromPage) => void, onCancel: () => void) {
    this.#ask = ask
    const cancel = button({ label: t('Cancel'), onPress: onCancel })
    this.element = element('div', { class: 'comparison', hidden: true }, this.#question, cancel)
  }

  get isAsking(): boolean {
    return this.#of !== undefined
  }

  start(of: Selected, name: string): void {
    this.#of = of
    show(this.element, true)
    setText(this.#question, t('Compare {0} with… Choose a group or an agent.', name))
  }

  /** Takes the chosen row. Returns false if none was asked for. */
  take(other: Selected): boolean {
    const of = this.#of
    if (of === undefined) return false
    // A reply cannot be compared with itself: keep waiting.
    if (isSame(of, other)) return true
    this.end()
    this.#ask({ type: 'diff', of, with: other })
    return true
  }

  end(): void {
    this.#of = undefined
    show(this.element, false)
    setText(this.#question, '')
  }
}
