import { formatPart } from './format.ts'
import type { RunModel } from './runModel.ts'
import { element, setText, show } from './ui/dom.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** Says that the list of agents is narrowed to some of them, and shows all again. */
export class OnlyThese {
  readonly element: HTMLElement
  readonly #model: RunModel
  readonly #words = element('span', { role: 'status' })
  readonly #onChange: () => void

  constructor(model: RunModel, onChange: () => void) {
    this.#model = model
    this.#onChange = onChange
    const all = button({ label: t('Show all'), onPress: () => this.narrow(undefined) })
    this.element = element('div', { class: 'comparison', hidden: true }, this.#words, all)
  }

  /** Undefined: all of them. */
  narrow(agents: readonly string[] | undefined): void {
    this.#model.narrow({ only: agents && new Set(agents) })
    show(this.element, agents !== undefined)
    setText(
      this.#words,
      agents === undefined
        ? ''
        : t('Only {0} agents are listed.', formatPart(agents.length, this.#model.total)),
    )
    this.#onChange()
  }
}
