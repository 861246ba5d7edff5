import type { FromPage, Query } from '../src/page/fromPage.ts'
import type { SearchProgress } from '../src/page/searchMessages.ts'
import { formatCount } from './format.ts'
import type { RunModel } from './runModel.ts'
import { element, setAttributes, setText, show } from './ui/dom.ts'
import { button, enable, type TextFieldControl, textField } from './ui/toolkit.ts'
import { t } from './words.ts'

/** The search starts after this long without typing, milliseconds. */
const typingMs = 150

/** Searches all outputs, through the host. During a search, the lists show only rows with a match. */
export class SearchBar {
  readonly element: HTMLElement
  readonly #model: RunModel
  readonly #ask: (request: FromPage) => void
  readonly #onHits: () => void
  readonly #field: TextFieldControl
  readonly #status = element('span', { class: 'search-status', role: 'status' })
  readonly #toggles: Record<'matchCase' | 'regex', HTMLElement>
  readonly #moves: readonly HTMLElement[]
  #query: Query = { text: '', matchCase: false, regex: false }
  #number = 0
  #typing: number | undefined

  constructor(
    model: RunModel,
    ask: (request: FromPage) => void,
    on: { hits(): void; move(direction: 1 | -1): void; leave(): void },
  ) {
    this.#model = model
    this.#ask = ask
    this.#onHits = on.hits
    this.#field = textField({
      label: t('Search all output'),
      placeholder: t('Search all output'),
      icon: 'search',
      onInput: () => {
        window.clearTimeout(this.#typing)
        this.#typing = window.setTimeout(() => this.#changed(), typingMs)
      },
      onKey: (event) => {
        if (event.key === 'Enter') on.move(event.shiftKey ? -1 : 1)
        else if (event.key === 'Escape') {
          if (this.#field.value() === '') on.leave()
          else this.set({ ...this.#query, text: '' })
        } else return
        event.preventDefault()
        event.stopPropagation()
      },
    })
    this.#toggles = {
      matchCase: this.#toggle('Aa', t('Match case'), 'matchCase'),
      regex: this.#toggle('.*', t('Regular expression'), 'regex'),
    }
    const field = element(
      'div',
      { class: 'search-field' },
      this.#field.element,
      ...Object.values(this.#toggles),
    )
    this.#moves = [
      button({
        label: t('Previous match (Shift+Enter)'),
        icon: 'up',
        kind: 'icon',
        onPress: () => on.move(-1),
      }),
      button({ label: t('Next match (Enter)'), icon: 'down', kind: 'icon', onPress: () => on.move(1) }),
    ]
    this.element = element(
      'div',
      { class: 'search', role: 'search' },
      field,
      this.#status,
      element('span', { class: 'search-moves' }, ...this.#moves),
    )
    this.#showMoves(false)
  }

  get query(): Query {
    return this.#query
  }

  focus(): void {
    this.#field.focus()
  }

  set(query: Query): void {
    this.#field.set(query.text)
    window.clearTimeout(this.#typing)
    this.#query = query
    this.#start()
  }

  /** Requests the search again: the host has forgotten it. */
  repeat(): void {
    if (this.#query.text !== '') this.#start()
  }

  take(progress: SearchProgress): void {
    if (progress.search !== this.#number) return
    for (const [agentId, matches, line] of progress.hits) this.#model.hit(agentId, matches, line)
    this.#field.invalid(progress.problem)
    setText(this.#status, this.#words(progress))
    this.#showMoves(this.#model.hits.size > 0)
    this.#onHits()
  }

  #changed(): void {
    const text = this.#field.value()
    if (text === this.#query.text) return
    this.#query = { ...this.#query, text }
    this.#start()
  }

  #start(): void {
    this.#number += 1
    this.#model.clearHits()
    this.#model.narrow({ onlyHits: this.#query.text !== '' })
    this.#field.invalid(undefined)
    setText(this.#status, '')
    this.#showMoves(false)
    for (const name of ['matchCase', 'regex'] as const) {
      setAttributes(this.#toggles[name], { 'aria-pressed': this.#query[name] ? 'true' : 'false' })
    }
    this.#ask({ type: 'search', search: this.#number, query: this.#query })
    this.#onHits()
  }

  #toggle(text: string, label: string, name: 'matchCase' | 'regex'): HTMLElement {
    const made = element(
      'button',
      { class: 'search-toggle', type: 'button', title: label, 'aria-label': label, 'aria-pressed': 'false' },
      text,
    )
    made.addEventListener('click', () => {
      this.#query = { ...this.#query, [name]: !this.#query[name] }
      setAttributes(made, { 'aria-pressed': this.#query[name] ? 'true' : 'false' })
      if (this.#query.text !== '') this.#start()
    })
    return made
  }

  #words({ state, problem, searched, of }: SearchProgress): string {
    if (state === 'invalid') return problem ?? t('Not a regular expression')
    const { hits } = this.#model
    let sum = 0
    for (const matches of hits.values()) sum += matches
    const found = sum === 0 ? t('no match') : foundIn(sum, hits.size)
    return state === 'searching'
      ? `${sum === 0 ? '' : `${found}, `}${t('searched {0} of {1}…', formatCount(searched), formatCount(of))}`
      : found
  }

  #showMoves(any: boolean): void {
    for (const move of this.#moves) {
      show(move, this.#query.text !== '')
      enable(move, any)
    }
  }
}

function foundIn(matches: number, outputs: number): string {
  return outputs === 1
    ? t('{0} in 1 output', formatCount(matches))
    : t('{0} in {1} outputs', formatCount(matches), formatCount(outputs))
}
