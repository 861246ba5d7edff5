import { element, setAttributes, setText, show } from './ui/dom.ts'
import { icon } from './ui/icons.ts'

/** A section of the lists with a heading that collapses it, as in the editor's side bar. */
export class Section {
  readonly element: HTMLElement
  readonly content = element('div', { class: 'section-content' })
  readonly #heading: HTMLElement
  readonly #title = element('span', { class: 'section-title' })
  readonly #count = element('span', { class: 'section-count' })
  readonly #note = element('span', { class: 'section-note', hidden: true })
  readonly #onFold: () => void
  /** Shown at the right of the heading. */
  readonly side = element('span', { class: 'section-side' })

  constructor({ name, title, onFold }: { name: string; title: string; onFold(): void }) {
    this.#onFold = onFold
    setText(this.#title, title)
    this.content.id = `section-${name}`
    this.#heading = element(
      'button',
      { class: 'section-heading', type: 'button', 'aria-expanded': 'true', 'aria-controls': this.content.id },
      icon('chevron'),
      this.#title,
      this.#count,
      this.#note,
    )
    this.#heading.addEventListener('click', () => {
      this.fold(!this.isFolded)
      this.#onFold()
    })
    this.element = element(
      'section',
      { class: `section section-${name}` },
      element('h2', { class: 'section-bar' }, this.#heading, this.side),
      this.content,
    )
  }

  get isFolded(): boolean {
    return this.content.hidden === true
  }

  fold(folded: boolean): void {
    this.content.hidden = folded
    setAttributes(this.#heading, { 'aria-expanded': folded ? 'false' : 'true' })
  }

  /** @param height of all that it has to show, pixels */
  wants(height: number): void {
    this.element.style.setProperty('--wanted', `${height}px`)
  }

  title(text: string): void {
    setText(this.#title, text)
  }

  /** A word beside the title; empty for none. */
  note(text: string): void {
    show(this.#note, text !== '')
    setText(this.#note, text)
  }

  count(text: string): void {
    setText(this.#count, text)
  }
}
