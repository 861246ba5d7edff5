import { type Localizable, LocalizableError } from '../../text/localizable.ts'

/** A filter that cannot be parsed: the position, what was expected there, and a sentence for the person who typed it. */
export class FilterSyntaxError extends LocalizableError {
  override readonly name = 'FilterSyntaxError'
  /** The text that was parsed. */
  readonly text: string
  /** Offset into `text` in UTF-16 units, from 0. */
  readonly position: number
  /** UTF-16 units that are wrong; 0 where something is missing. */
  readonly length: number
  /** In English: "a value", "and, or, or the end of the filter". */
  readonly expected: string

  constructor(fault: FilterFault) {
    super(fault.message, fault.cause === undefined ? undefined : { cause: fault.cause })
    this.text = fault.text
    this.position = fault.position
    this.length = fault.length
    this.expected = fault.expected
  }

  /** The line of `text` with the error, cut to a readable width, and below it carets that point at the error. */
  pointer(text: string = this.text): string {
    const lineStart = text.lastIndexOf('\n', this.position - 1) + 1
    const newline = text.indexOf('\n', this.position)
    const lineEnd = newline < 0 ? text.length : newline
    const from = Math.max(lineStart, this.position - REACH)
    const to = Math.min(lineEnd, this.position + REACH)
    const before = `${from > lineStart ? '…' : ''}${visible(text.slice(from, this.position))}`
    const after = `${visible(text.slice(this.position, to))}${to < lineEnd ? '…' : ''}`
    const carets = '^'.repeat(Math.max(1, Math.min(this.length, to - this.position)))
    return `${before}${after}\n${' '.repeat(before.length)}${carets}`
  }
}

export type FilterFault = {
  text: string
  position: number
  length: number
  /** In English. */
  expected: string
  message: Localizable
  cause?: unknown
}

/** Characters shown on either side of the error. */
const REACH = 60

/** One column per UTF-16 unit: invisible characters become replacement characters, a tab a space. */
function visible(text: string): string {
  return text.replace(/\s/g, ' ').replace(/\p{C}/gu, (character) => '\ufffd'.repeat(character.length))
}
