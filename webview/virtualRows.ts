import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core'
import { element } from './ui/dom.ts'

export interface RowView {
  readonly element: HTMLElement
  /** Shows the item with this index. Called again when it may have changed. */
  render(index: number): void
}

export interface VirtualRowsOptions {
  /** Height of a row, pixels; only an estimate if rows are `measured`. */
  height(index: number): number
  makeRow(): RowView
  readonly overscan: number
  /** Whether rows have the height of their content. */
  measured?(): boolean
  /** Rows that stay in the document when they are not visible. */
  pinned?(): readonly number[]
  /** Height of what covers the first rows when they are scrolled, pixels. */
  readonly head?: number
  /** Called after each change of the visible rows. */
  onRange?(first: number, last: number): void
}

/**
 * A scrolling column in which only the visible rows exist. Rows are reused, and positioned through the CSSOM: the content
 * security policy does not allow `style` attributes. In the document they are in the order of their indexes: selections,
 * copies and screen readers go by that.
 */
export class VirtualRows {
  readonly scroller = element('div', { class: 'scroller' })
  readonly body = element('div', { class: 'scroller-body' })
  readonly #options: VirtualRowsOptions
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>
  readonly #rows = new Map<number, RowView>()
  readonly #spare: RowView[] = []
  #count = 0
  /** A new function whenever rows or heights have changed: the virtualizer then measures again. */
  #keyOf = (index: number): number => index
  #unmount: (() => void) | undefined

  constructor(options: VirtualRowsOptions) {
    this.#options = options
    this.scroller.append(this.body)
    this.#virtualizer = new Virtualizer(this.#settings())
  }

  /** Call this when the scroller is in the document. */
  mount(): void {
    this.#unmount ??= this.#virtualizer._didMount()
    this.#virtualizer._willUpdate()
    this.#place(true)
  }

  get count(): number {
    return this.#count
  }

  /** Sets the number of rows, whose heights may have changed; the visible ones are rendered again. */
  update(count: number): void {
    this.#count = count
    this.#keyOf = (index) => index
    this.#virtualizer.setOptions(this.#settings())
    this.#virtualizer._willUpdate()
    this.#place(true)
  }

  /** Forgets measurements: the width, the font or the wrapping has changed. */
  measureAgain(): void {
    this.#virtualizer.measure()
    this.#place(true)
  }

  /** Renders the visible rows again. */
  render(): void {
    this.#virtualizer.setOptions(this.#settings())
    this.#place(true)
  }

  scrollTo(index: number, align: 'auto' | 'start' | 'center' | 'end' = 'auto'): void {
    if (index < 0 || index >= this.#count) return
    this.#virtualizer.scrollToIndex(index, { align })
    this.#place(false)
  }

  scrollToEnd(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight
  }

  /** Whether the last row is visible. */
  get isAtEnd(): boolean {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller
    return scrollHeight - clientHeight - scrollTop < 4
  }

  /** The element of the row, while it exists. */
  rowElement(index: number): HTMLElement | undefined {
    return this.#rows.get(index)?.element
  }

  /** Number of rows that fit in the view. */
  get page(): number {
    return Math.max(1, Math.floor(this.scroller.clientHeight / this.#options.height(0)) - 1)
  }

  #settings(): ConstructorParameters<typeof Virtualizer<HTMLElement, HTMLElement>>[0] {
    return {
      count: this.#count,
      getScrollElement: () => this.scroller,
      estimateSize: (index) => this.#options.height(index),
      getItemKey: this.#keyOf,
      overscan: this.#options.overscan,
      // The head is above the rows and moves along, so that the last rows end by its height further down.
      scrollPaddingEnd: this.#options.head ?? 0,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => this.#place(false),
      rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
        const first = Math.max(0, startIndex - overscan)
        const last = Math.min(count - 1, endIndex + overscan)
        const indexes = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at)
        const pinned = [...new Set(this.#options.pinned?.() ?? [])].sort((one, other) => one - other)
        const before = pinned.filter((index) => index >= 0 && index < first)
        const after = pinned.filter((index) => index > last && index < count)
        return [...before, ...indexes, ...after]
      },
    }
  }

  #place(renders: boolean): void {
    if (this.#unmount === undefined) return
    const items = this.#virtualizer.getVirtualItems()
    const wanted = new Set(items.map(({ index }) => index))
    for (const [index, row] of this.#rows) {
      if (wanted.has(index)) continue
      this.#rows.delete(index)
      row.element.hidden = true
      this.#spare.push(row)
    }
    const measured = this.#options.measured?.() ?? false
    let before: HTMLElement | undefined
    for (const { index, start, size } of items) {
      let row = this.#rows.get(index)
      const isNew = row === undefined
      row ??= this.#spare.pop() ?? this.#options.makeRow()
      this.#rows.set(index, row)
      if (isNew) {
        // Rows that stay are never moved: that would end a selection in them.
        if (before === undefined) this.body.prepend(row.element)
        else before.after(row.element)
        row.element.hidden = false
        row.element.dataset.index = String(index)
      }
      before = row.element
      if (isNew || renders) row.render(index)
      setStyle(row.element, 'transform', `translateY(${start}px)`)
      setStyle(row.element, 'height', measured ? '' : `${size}px`)
      if (measured) this.#virtualizer.measureElement(row.element)
    }
    setStyle(this.body, 'height', `${this.#virtualizer.getTotalSize()}px`)
    const range = this.#virtualizer.range
    if (range !== null) this.#options.onRange?.(range.startIndex, range.endIndex)
  }
}

function setStyle(on: HTMLElement, name: 'transform' | 'height', value: string): void {
  if (on.style[name] !== value) on.style[name] = value
}
