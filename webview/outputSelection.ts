import type { FromPage } from '../src/page/fromPage.ts'
import type { OutputLine } from '../src/page/toPage.ts'
import { withoutSgr } from '../src/terminal/sgr.ts'

/** A place in an output: the index of a line, and characters from its start; beyond its end it is its end. */
type Place = Extract<FromPage, { type: 'copy-lines' }>['from']

export interface OutputSelectionOptions {
  /** Holds the rows, which have the class `line` and their index as `data-index`. */
  readonly body: HTMLElement
  /** Number of lines. */
  count(): number
  /** Whether no more lines can come. */
  isWhole(): boolean
  /** Undefined while the host has not sent it. */
  line(index: number): OutputLine | undefined
  /** Makes sure that the {@link OutputSelection.pinned} rows exist. */
  render(): void
  row(index: number): HTMLElement | undefined
  /** Copies lines that the page does not have. */
  copy(from: Place, to: Place): void
}

/**
 * What is selected of an output of which only the visible rows exist. The rows with an end of the selection stay in the
 * document, in the order of the lines, so that the selection is right however far it reaches; the text of a copy comes
 * from the lines, and from the host where the page does not have them.
 */
export class OutputSelection {
  readonly #options: OutputSelectionOptions
  #pinned: readonly number[] = []

  constructor(options: OutputSelectionOptions) {
    this.#options = options
    document.addEventListener('selectionchange', () => this.#changed())
    document.addEventListener('copy', (event) => this.#copy(event))
  }

  /** Rows that have to stay in the document. */
  get pinned(): readonly number[] {
    return this.#pinned
  }

  /** Another output has the rows now. */
  clear(): void {
    this.#pinned = []
    if (this.#selected() !== undefined) document.getSelection()?.removeAllRanges()
  }

  #changed(): void {
    if (this.#isWholePage()) this.#selectAll()
    const selected = this.#selected()
    const last = this.#options.count() - 1
    this.#pinned = selected === undefined ? [] : [selected.from.line, Math.min(last, selected.to.line)]
  }

  /** "Select all", by whatever way, means all of the open output. */
  #selectAll(): void {
    const last = this.#options.count() - 1
    this.#pinned = [0, last]
    this.#options.render()
    const [from, to] = [this.#options.row(0), this.#options.row(last)]
    if (from === undefined || to === undefined) return
    // At the row and not in its text, which is replaced when the line arrives.
    document.getSelection()?.setBaseAndExtent(from, 0, to, to.childNodes.length)
  }

  /** Whether a selection contains the output, and more at both of its ends. */
  #isWholePage(): boolean {
    const range = currentRange()
    const { body, count } = this.#options
    return range !== undefined && count() > 0 && isBefore(range, body) && isAfter(range, body)
  }

  /** Also where nothing is between its ends: there the next selection may start. */
  #selected(): { from: Place; to: Place } | undefined {
    const range = currentRange()
    const { body, count } = this.#options
    if (range === undefined || count() === 0 || !range.intersectsNode(body)) return undefined
    const from = isBefore(range, body) ? { line: 0, column: 0 } : placeAt(range, 'start', body)
    const to = isAfter(range, body) ? end : placeAt(range, 'end', body)
    if (from === undefined || to === undefined) return undefined
    return isAll(range) ? { from, to: end } : { from, to }
  }

  #copy(event: ClipboardEvent): void {
    const selected = this.#selected()
    if (selected === undefined || event.clipboardData === null || currentRange()?.collapsed) return
    event.preventDefault()
    const text = this.#text(selected.from, selected.to)
    if (text === undefined) this.#options.copy(selected.from, selected.to)
    else event.clipboardData.setData('text/plain', text)
  }

  /** @returns undefined where not all of it is here */
  #text(from: Place, to: Place): string | undefined {
    if (to === end && !this.#options.isWhole()) return undefined
    const lines: string[] = []
    for (let index = from.line; index <= Math.min(to.line, this.#options.count() - 1); index += 1) {
      const line = this.#options.line(index)
      const isCut = line?.cut !== undefined && (index < to.line || to.column >= lineEnd)
      if (line === undefined || line.n === 0 || isCut) return undefined
      lines.push(withoutSgr(line.text))
    }
    const last = lines.length - 1
    lines[last] = (lines[last] as string).slice(0, to.column)
    lines[0] = (lines[0] as string).slice(from.column)
    return lines.join('\n')
  }
}

/** More characters than a line can have. */
const lineEnd = Number.MAX_SAFE_INTEGER
/** The end of an output, however many lines it has by the time of the copy. */
const end: Place = { line: lineEnd, column: lineEnd }

/** Only "select all" has its ends at rows. */
function isAll({ startContainer, endContainer }: Range): boolean {
  return isRow(startContainer) && isRow(endContainer) && startContainer.dataset.index === '0'
}

function isRow(node: Node): node is HTMLElement {
  return node instanceof HTMLElement && node.classList.contains('line')
}

function currentRange(): Range | undefined {
  const selection = document.getSelection()
  return selection === null || selection.rangeCount === 0 ? undefined : selection.getRangeAt(0)
}

function isBefore(range: Range, body: HTMLElement): boolean {
  return (
    !body.contains(range.startContainer) &&
    (range.startContainer.compareDocumentPosition(body) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0
  )
}

function isAfter(range: Range, body: HTMLElement): boolean {
  return !body.contains(range.endContainer) && range.comparePoint(body, body.childNodes.length) === 0
}

function placeAt(range: Range, which: 'start' | 'end', body: HTMLElement): Place | undefined {
  const node = which === 'start' ? range.startContainer : range.endContainer
  const offset = which === 'start' ? range.startOffset : range.endOffset
  const row = (node instanceof Element ? node : node.parentElement)?.closest<HTMLElement>('.line')
  if (row === null || row === undefined) return between(body, offset)
  const line = Number(row.dataset.index)
  if (node === row) return { line, column: offset === row.childNodes.length ? lineEnd : 0 }
  const text = row.querySelector<HTMLElement>('.line-text')
  return { line, column: text === null || !text.contains(node) ? 0 : columnAt(text, node, offset) }
}

/** The end of the row before a gap between two rows; of the first row its start. */
function between(body: HTMLElement, offset: number): Place | undefined {
  const rows = [...body.children] as HTMLElement[]
  const before = rows.slice(0, offset).findLast(({ hidden }) => !hidden)
  const row = before ?? rows.find(({ hidden }) => !hidden)
  if (row === undefined) return undefined
  return { line: Number(row.dataset.index), column: before === undefined ? 0 : lineEnd }
}

/** Characters of the line before this point. What the page shows as a code, such as `U+202E`, is one character. */
function columnAt(text: HTMLElement, node: Node, offset: number): number {
  const range = document.createRange()
  range.setStart(text, 0)
  range.setEnd(node, offset)
  const before = range.cloneContents()
  for (const cut of before.querySelectorAll('.cut')) cut.remove()
  for (const code of before.querySelectorAll('.codepoint'))
    code.textContent = String.fromCodePoint(Number.parseInt(code.textContent.slice(2), 16) || 0)
  return before.textContent?.length ?? 0
}
