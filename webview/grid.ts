import type { MenuContext } from '../src/page/menuContext.ts'
import { GridHead, headHeight } from './gridHead.ts'
import { menuAttribute } from './menuContexts.ts'
import { setAttributes } from './ui/dom.ts'
import { VirtualRows } from './virtualRows.ts'

/** The state of a row in the grid. */
export interface RowState {
  readonly active: boolean
  readonly selected: boolean
}

export interface GridRow<Item> {
  /** Has the role `row` and cells. */
  readonly element: HTMLElement
  render(item: Item, state: RowState): void
}

export interface GridOptions<Item> {
  readonly id: string
  readonly label: string
  readonly columns: number
  readonly overscan: number
  key(item: Item): string
  height(item: Item | undefined): number
  /** Whether all rows have the same fixed height. */
  readonly even?: boolean
  makeRow(): GridRow<Item>
  /** The user chose the row: click, Enter, Space. */
  onOpen(item: Item): void
  /** The user moved to the row. */
  onMove?(item: Item): void
  /** Visible rows, after each change. */
  onRange?(first: number, last: number): void
  /** What a menu on the row acts on; by keyboard, on the active row. */
  menu?(item: Item): MenuContext | undefined
  /** Cells of a header row; ↑ on the first row moves there. */
  readonly header?: { readonly cells: readonly HTMLElement[]; onPress(column: number): void }
}

/**
 * An ARIA grid over any number of rows: one tab stop, arrows, Home, End and the page keys move, Enter opens. The focus
 * stays on the grid itself and `aria-activedescendant` names the row, which stays in the document, so that recycling a
 * row cannot move the focus.
 */
export class Grid<Item> {
  readonly element: HTMLElement
  readonly #options: GridOptions<Item>
  readonly #rows: VirtualRows
  readonly #head: GridHead | undefined
  #items: readonly Item[] = []
  #activeKey: string | undefined
  #selectedKey: string | undefined
  /** Number of rows created so far, for IDs. */
  #made = 0
  /** Last known index of the active item. */
  #activeAt = 0

  constructor(options: GridOptions<Item>) {
    this.#options = options
    this.#rows = new VirtualRows({
      height: (index) => options.height(this.#items[index]),
      overscan: options.overscan,
      makeRow: () => this.#makeRow(),
      ...(options.header === undefined ? {} : { head: headHeight }),
      pinned: () => (this.activeIndex === undefined ? [] : [this.activeIndex]),
      onRange: (first, last) => options.onRange?.(first, last),
    })
    const { header } = options
    this.#head = header && new GridHead({ ...header, id: options.id, onMove: () => this.#nameActive() })
    setAttributes(this.#rows.body, { role: 'rowgroup' })
    // The grid itself scrolls: a scroller inside would be a tab stop of its own, or none that screen readers understand.
    this.element = this.#rows.scroller
    setAttributes(this.element, {
      ...{ id: options.id, class: 'grid scroller', role: 'grid', tabindex: 0 },
      ...{ 'aria-label': options.label, 'aria-colcount': options.columns },
    })
    if (this.#head !== undefined) this.element.prepend(this.#head.element)
    this.element.addEventListener('keydown', (event) => this.#onKey(event))
    this.element.addEventListener('focus', () => this.#onFocus())
    this.element.addEventListener('blur', () => this.#head?.activate(undefined))
  }

  mount(): void {
    this.#rows.mount()
  }

  get items(): readonly Item[] {
    return this.#items
  }

  get activeIndex(): number | undefined {
    if (this.#activeKey === undefined) return undefined
    const before = this.#items[this.#activeAt]
    if (before !== undefined && this.#options.key(before) === this.#activeKey) return this.#activeAt
    const index = this.#items.findIndex((item) => this.#options.key(item) === this.#activeKey)
    if (index === -1) return undefined
    this.#activeAt = index
    return index
  }

  get scrollTop(): number {
    return this.#rows.scroller.scrollTop
  }

  set scrollTop(value: number) {
    this.#rows.scroller.scrollTop = value
  }

  /** Shows these items; scroll position and selection stay with their items. */
  update(items: readonly Item[]): void {
    const lost = this.activeIndex
    this.#items = items
    // The active row is gone: the row at its index becomes active.
    if (this.#activeKey !== undefined && this.activeIndex === undefined) {
      const heir = items[Math.min(lost ?? 0, items.length - 1)]
      this.#activeKey = heir === undefined ? undefined : this.#options.key(heir)
    }
    setAttributes(this.element, { 'aria-rowcount': items.length + this.#headRows })
    if (this.#options.even === true && items.length === this.#rows.count) this.#rows.render()
    else this.#rows.update(items.length)
    this.#nameActive()
  }

  /** Renders the visible rows again: something in them depends on the time. */
  refresh(): void {
    this.#rows.render()
  }

  /** Marks the item with this key as open; none without a key. */
  select(key: string | undefined): void {
    this.#selectedKey = key
    if (key !== undefined) this.#activeKey = key
    this.#rows.render()
    this.#nameActive()
  }

  /** Scrolls to the item with this key. */
  reveal(key: string): void {
    const index = this.#items.findIndex((item) => this.#options.key(item) === key)
    if (index !== -1) this.#rows.scrollTo(index)
  }

  focus(): void {
    this.element.focus()
  }

  /** Moves by rows, as the arrows do, and takes the focus. */
  step(by: number): void {
    const from = this.activeIndex ?? (by > 0 ? -1 : this.#items.length)
    // The focus alone makes the first row the active one.
    this.#head?.activate(undefined)
    this.#moveTo(Math.max(0, Math.min(this.#items.length - 1, from + by)), true)
    this.focus()
  }

  get #headRows(): number {
    return this.#head === undefined ? 0 : 1
  }

  #makeRow() {
    const view = this.#options.makeRow()
    this.#made += 1
    view.element.id = `${this.#options.id}-row-${this.#made}`
    view.element.addEventListener('click', () => {
      const item = this.#items[Number(view.element.dataset.index)]
      if (item === undefined) return
      this.#head?.activate(undefined)
      this.#activeKey = this.#options.key(item)
      // Where the page itself scrolls, it stays where the user has clicked.
      this.element.focus({ preventScroll: true })
      this.#options.onOpen(item)
      this.#rows.render()
      this.#nameActive()
    })
    return {
      element: view.element,
      render: (index: number) => {
        const item = this.#items[index]
        if (item === undefined) return
        const key = this.#options.key(item)
        const state = { active: key === this.#activeKey, selected: key === this.#selectedKey }
        setAttributes(view.element, {
          'data-index': index,
          'aria-rowindex': index + 1 + this.#headRows,
          'aria-selected': state.selected ? 'true' : 'false',
          ...menuAttribute(this.#options.menu?.(item)),
        })
        view.element.classList.toggle('active', state.active)
        view.element.classList.toggle('selected', state.selected)
        view.render(item, state)
      },
    }
  }

  #onFocus(): void {
    if (this.#activeKey === undefined) this.#moveTo(0, false)
    else this.#nameActive()
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (this.#head?.activeId !== undefined) {
      if (event.key === 'ArrowDown') {
        this.#head.activate(undefined)
        this.#moveTo(0, true)
      } else if (!this.#head.take(event.key)) return
    } else {
      const index = this.activeIndex ?? 0
      const last = this.#items.length - 1
      const targets: Record<string, number> = {
        ArrowDown: index + 1,
        ArrowUp: index - 1,
        Home: 0,
        End: last,
        PageDown: index + this.#rows.page,
        PageUp: index - this.#rows.page,
      }
      const target = targets[event.key]
      const item = this.#items[index]
      if (event.key === 'ArrowUp' && index === 0 && this.#head !== undefined) this.#head.activate(0)
      else if (target !== undefined) this.#moveTo(Math.max(0, Math.min(last, target)), true)
      else if ((event.key === 'Enter' || event.key === ' ') && item !== undefined) this.#options.onOpen(item)
      else return
    }
    event.preventDefault()
    event.stopPropagation()
  }

  #moveTo(index: number, tells: boolean): void {
    const item = this.#items[index]
    if (item === undefined) return
    this.#activeKey = this.#options.key(item)
    this.#rows.scrollTo(index)
    this.#rows.render()
    this.#nameActive()
    if (tells) this.#options.onMove?.(item)
  }

  #nameActive(): void {
    const index = this.activeIndex
    const row = index === undefined ? undefined : this.#rows.rowElement(index)?.id
    const item = index === undefined ? undefined : this.#items[index]
    setAttributes(this.element, {
      'aria-activedescendant': this.#head?.activeId ?? row,
      ...menuAttribute(item === undefined ? undefined : this.#options.menu?.(item)),
    })
  }
}
