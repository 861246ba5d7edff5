import type { Comparison } from './comparison.ts'
import { Delay } from './delay.ts'
import type { DetailPane } from './detailPane.ts'
import type { Lists } from './lists.ts'
import { isSame, type Selected } from './selected.ts'
import type { Splitter } from './splitter.ts'

/** A reply is opened after this long on a row, when the user moves with the keyboard, milliseconds. */
const moveMs = 60

/** The parts of the page that it coordinates. */
export interface Openable {
  readonly lists: Pick<Lists, 'select' | 'focus'>
  readonly detail: Pick<DetailPane, 'selected' | 'select' | 'reveal'> & { readonly output: { focus(): void } }
  readonly splitter: Pick<Splitter, 'split'>
  readonly comparison: Pick<Comparison, 'isAsking' | 'start' | 'take' | 'end'>
}

/** Opens a reply beside the lists, closes it, and lets the user choose one to compare it with. */
export class ReplyOpener {
  readonly #parts: Openable
  readonly #onChange: () => void
  readonly #move = new Delay(moveMs)

  constructor(parts: Openable, onChange: () => void) {
    this.#parts = parts
    this.#onChange = onChange
  }

  /** A row of a list was chosen. */
  choose(row: Selected): void {
    if (this.#parts.comparison.take(row)) return
    this.open(row)
    this.#parts.detail.reveal()
  }

  /** While a reply is open, moving through a list opens the reply of each row. */
  movedTo(row: Selected): void {
    const { detail, comparison } = this.#parts
    if (detail.selected === undefined || comparison.isAsking) return
    this.#move.start(() => this.open(row))
  }

  /** @param scrollTop of its output, pixels */
  open(row: Selected, scrollTop = 0): void {
    const { lists, detail, splitter } = this.#parts
    this.#move.cancel()
    if (isSame(detail.selected, row) && scrollTop === 0) {
      detail.output.focus()
      return
    }
    splitter.split(true)
    detail.select(row, scrollTop)
    lists.select(row)
    this.#onChange()
  }

  close(): void {
    const { lists, detail, splitter, comparison } = this.#parts
    const { selected } = detail
    this.#move.cancel()
    comparison.end()
    detail.select(undefined)
    splitter.split(false)
    lists.select(undefined)
    if (selected !== undefined) lists.focus(selected)
    this.#onChange()
  }

  /** The lists stay as they are; the next chosen row is the one to compare with. */
  compare(of: Selected, name: string): void {
    this.#parts.comparison.start(of, name)
    this.#parts.lists.focus(of)
  }

  endComparison(): void {
    this.#parts.comparison.end()
    this.#parts.detail.output.focus()
  }

  /** Cancels the last action: a comparison, then an open reply. Returns false if there is none. */
  back(): boolean {
    const { detail, comparison } = this.#parts
    if (comparison.isAsking) this.endComparison()
    else if (detail.selected !== undefined) this.close()
    else return false
    return true
  }
}
