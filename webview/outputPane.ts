import type { FromPage } from '../src/page/fromPage.ts'
import type { Found } from '../src/page/searchMessages.ts'
import type { OutputWindow } from '../src/page/toPage.ts'
import type { Metrics } from './metrics.ts'
import { listenForLinks } from './outputLinks.ts'
import { type LineAt, outputRow } from './outputRow.ts'
import { OutputSelection } from './outputSelection.ts'
import { TerminalColours } from './terminalColours.ts'
import { element, setAttributes, setText, show } from './ui/dom.ts'
import { button } from './ui/toolkit.ts'
import { VirtualRows } from './virtualRows.ts'
import { t } from './words.ts'

type OutputOf = Extract<FromPage, { type: 'output' }>['of']

/** Lines that are requested around the visible ones, and how close to their end more are requested. */
const aroundLines = 250
const nearLines = 60

/** Width of what is beside a line number, and of the name of the stream, in characters. */
const [besideNumber, streamCharacters] = [3, 4]

/** One output, line by line. The host has all of it, the page only the lines around the visible ones. */
export class OutputPane {
  readonly element: HTMLElement
  readonly #metrics: Metrics
  readonly #ask: (request: FromPage) => void
  readonly #rows: VirtualRows
  readonly #selection: OutputSelection
  readonly #notice = element('div', { class: 'output-notice', hidden: true })
  readonly #empty = element('div', { class: 'output-empty', hidden: true })
  readonly #toEnd: HTMLElement
  #of: OutputOf | undefined
  #label = ''
  #view = 0
  #shown: OutputWindow | undefined
  #asked = { from: 0, to: 0 }
  #follow = false
  #wraps = false
  #isFormatted = false
  /** Line of the current match. */
  #current: number | undefined
  #scrollTo: number | undefined

  constructor(metrics: Metrics, ask: (request: FromPage) => void) {
    this.#metrics = metrics
    this.#ask = ask
    const colours = new TerminalColours(() => this.#rows.render())
    this.#rows = new VirtualRows({
      height: () => metrics.line,
      overscan: 30,
      makeRow: () => outputRow((index) => this.#lineAt(index), colours),
      measured: () => this.#wraps,
      pinned: () => this.#selection.pinned,
      onRange: (first, last) => this.#askAround(first, last),
    })
    this.#selection = new OutputSelection({
      body: this.#rows.body,
      count: () => this.#rows.count,
      isWhole: () => this.#shown?.open === false,
      line: (index) => this.#lineAt(index).line,
      render: () => this.#rows.render(),
      row: (index) => this.#rows.rowElement(index),
      copy: (from, to) => this.#ask({ type: 'copy-lines', view: this.#view, from, to }),
    })
    listenForLinks(this.#rows.body, (url) => this.#ask({ type: 'open-link', url }))
    const { scroller } = this.#rows
    setAttributes(scroller, {
      class: 'scroller output',
      tabindex: 0,
      role: 'region',
      'aria-label': t('Output'),
    })
    scroller.addEventListener('scroll', () => this.#onScroll(), { passive: true })
    this.#toEnd = button({
      label: t('Follow output'),
      icon: 'end',
      onPress: () => this.#followEnd(),
    })
    this.#toEnd.classList.add('to-end')
    this.#toEnd.hidden = true
    this.element = element(
      'div',
      { class: 'output-pane' },
      this.#notice,
      element('div', { class: 'output-holder' }, scroller, this.#empty, this.#toEnd),
    )
  }

  mount(): void {
    this.#rows.mount()
  }

  /** The number of the open output, which the host knows, too. */
  get view(): number {
    return this.#view
  }

  get scrollTop(): number {
    return this.#rows.scroller.scrollTop
  }

  /** Opens an output at its start, or at `scrollTop` pixels; at its end while it grows. */
  open(of: OutputOf, label: string, { follow = false, scrollTop = 0 } = {}): void {
    this.#of = of
    this.#label = label
    this.#view += 1
    this.#shown = undefined
    this.#follow = follow
    this.#current = undefined
    this.#selection.clear()
    this.#scrollTo = scrollTop > 0 ? scrollTop : undefined
    setAttributes(this.#rows.scroller, { 'aria-label': t('Output of {0}', label) })
    this.#rows.scroller.scrollTop = 0
    this.#rows.scroller.scrollLeft = 0
    this.#rows.update(0)
    show(this.#notice, false)
    show(this.#empty, false)
    show(this.#toEnd, false)
    const first = Math.floor(scrollTop / this.#metrics.line)
    this.#request(Math.max(0, first - aroundLines), first + 2 * aroundLines)
  }

  close(): void {
    if (this.#of === undefined) return
    this.#of = undefined
    this.#view += 1
    this.#ask({ type: 'close-output' })
  }

  /** Requests the output again: the host has forgotten it. */
  reopen(): void {
    if (this.#of !== undefined) this.#request(this.#asked.from, this.#asked.to)
  }

  /** Shows JSON indented and tables aligned: other lines, so the output is opened again at its start. */
  format(isFormatted: boolean): void {
    this.#isFormatted = isFormatted
    if (this.#of !== undefined) this.open(this.#of, this.#label, { follow: this.#follow })
  }

  wrap(wraps: boolean): void {
    this.#wraps = wraps
    this.#rows.scroller.classList.toggle('wrap', wraps)
    this.#rows.measureAgain()
    this.#setWidth()
  }

  /** The width has changed, and with it the heights of wrapped lines. */
  resized(): void {
    if (this.#wraps) this.#rows.measureAgain()
  }

  take(message: OutputWindow): void {
    if (message.view !== this.#view) return
    const wasAtEnd = this.#follow
    const grew = message.total !== this.#rows.count
    this.#shown = message
    setText(this.#notice, message.notice ?? '')
    show(this.#notice, message.notice !== undefined)
    show(this.#empty, message.total === 0)
    setText(this.#empty, message.open ? t('Waiting for output…') : t('No output.'))
    this.#setWidth()
    if (grew) this.#rows.update(message.total)
    else this.#rows.render()
    if (this.#scrollTo !== undefined && message.total * this.#metrics.line > this.#scrollTo) {
      this.#rows.scroller.scrollTop = this.#scrollTo
      this.#scrollTo = undefined
    } else if (wasAtEnd && grew) this.#rows.scrollToEnd()
    this.#showToEnd()
  }

  /** Requests the next match after the current one. */
  find(direction: 1 | -1, from?: 'start' | 'end'): void {
    if (this.#of === undefined) return
    const next = direction === 1 ? (this.#current ?? -1) + 1 : (this.#current ?? 0)
    const line = from === undefined ? next : from === 'start' ? 0 : Number.MAX_SAFE_INTEGER
    this.#ask({ type: 'find', view: this.#view, from: line, direction })
  }

  /** Shows the match that was found. Returns false if there was no further one. */
  takeFound(found: Found): boolean {
    if (found.view !== this.#view) return true
    if (found.line === undefined) return false
    this.#follow = false
    this.#current = found.line
    this.#rows.scrollTo(found.line, 'center')
    this.#rows.render()
    return true
  }

  focus(): void {
    this.#rows.scroller.focus()
  }

  #lineAt(index: number): LineAt {
    const { lines = [], from = 0 } = this.#shown ?? {}
    return { line: lines[index - from], current: index === this.#current }
  }

  #askAround(first: number, last: number): void {
    if (this.#shown === undefined || this.#of === undefined || this.#follow) return
    const { total } = this.#shown
    const { from, to } = this.#asked
    const isNear = first - nearLines < from && from > 0
    const isNearEnd = last + nearLines > to && to < total
    if (isNear || isNearEnd) this.#request(Math.max(0, first - aroundLines), last + aroundLines)
  }

  #request(from: number, to: number): void {
    if (this.#of === undefined) return
    this.#asked = { from, to }
    const how = { follow: this.#follow, formatted: this.#isFormatted }
    this.#ask({ type: 'output', view: this.#view, of: this.#of, from, to, ...how })
  }

  #onScroll(): void {
    if (this.#shown === undefined) return
    const follows = this.#shown.open && this.#rows.isAtEnd && this.#shown.total > 0
    if (follows !== this.#follow) {
      this.#follow = follows
      const first = Math.floor(this.scrollTop / this.#metrics.line)
      this.#request(Math.max(0, first - aroundLines), first + 2 * aroundLines)
    }
    this.#showToEnd()
  }

  #followEnd(): void {
    this.#follow = true
    this.#rows.scrollToEnd()
    this.#request(this.#asked.from, this.#asked.to)
    this.focus()
  }

  #showToEnd(): void {
    show(this.#toEnd, this.#shown?.open === true && !this.#rows.isAtEnd && this.#shown.total > 0)
  }

  #setWidth(): void {
    const { total = 0, width = 0, hasStderr = false } = this.#shown ?? {}
    const digits = Math.max(2, String(total).length)
    this.#rows.scroller.classList.toggle('has-err', hasStderr)
    this.#rows.scroller.style.setProperty('--digits', String(digits))
    const characters = digits + besideNumber + (hasStderr ? streamCharacters : 0) + width + 2
    this.#rows.body.style.minWidth = this.#wraps ? '' : `${Math.ceil(characters * this.#metrics.character)}px`
  }
}
