import { element } from './ui/dom.ts'

/** Pixels, as in the styles. */
export const headHeight = 24

export interface GridHeadOptions {
  readonly id: string
  readonly cells: readonly HTMLElement[]
  onPress(column: number): void
  /** The active cell has changed. */
  onMove(): void
}

/** The header row of a grid; the arrow keys reach its cells. */
export class GridHead {
  readonly element: HTMLElement
  readonly #options: GridHeadOptions
  /** Undefined while a row of the grid is active. */
  #column: number | undefined

  constructor(options: GridHeadOptions) {
    this.#options = options
    for (const [column, cell] of options.cells.entries()) {
      cell.id = `${options.id}-head-${column}`
      cell.addEventListener('click', () => options.onPress(column))
    }
    this.element = element('div', { class: 'grid-head', role: 'row', 'aria-rowindex': 1 }, ...options.cells)
  }

  /** ID of the active cell. */
  get activeId(): string | undefined {
    return this.#column === undefined ? undefined : this.#options.cells[this.#column]?.id
  }

  activate(column: number | undefined): void {
    this.#column = column
    this.#options.cells.forEach((cell, at) => {
      cell.classList.toggle('active', at === column)
    })
    this.#options.onMove()
  }

  /** Handles a key while a cell is active. Returns false for keys without a meaning here. */
  take(key: string): boolean {
    const column = this.#column ?? 0
    const last = this.#options.cells.length - 1
    if (key === 'ArrowLeft') this.activate(Math.max(0, column - 1))
    else if (key === 'ArrowRight') this.activate(Math.min(last, column + 1))
    else if (key === 'Home') this.activate(0)
    else if (key === 'End') this.activate(last)
    else if (key === 'Enter' || key === ' ') this.#options.onPress(column)
    else return false
    return true
  }
}
