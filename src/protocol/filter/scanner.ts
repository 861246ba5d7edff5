import { type Localizable, localize, say } from '../../text/localizable.ts'
import { inEnglish } from '../../text/translate.ts'
import { bareSegmentAt, FILTER_LIMITS, matchAt } from './lexicon.ts'
import type { FactPath } from './syntax.ts'
import { FilterSyntaxError } from './syntaxError.ts'

/** A position in a filter's text: reads tokens without inner structure, and creates the errors. */
export class Scanner {
  readonly text: string
  position = 0
  /** Called with what is expected at each position. */
  readonly visit: (slot: Slot) => void

  /** @throws FilterSyntaxError when the text is too long. */
  constructor(text: string, visit: (slot: Slot) => void = () => {}) {
    this.text = text
    this.visit = visit
    if (text.length > FILTER_LIMITS.textLength) {
      this.refuse(say('at most {0} characters', FILTER_LIMITS.textLength), {
        position: FILTER_LIMITS.textLength,
        length: text.length - FILTER_LIMITS.textLength,
        message: say(
          'The filter is {0} characters long; at most {1} are allowed.',
          text.length,
          FILTER_LIMITS.textLength,
        ),
      })
    }
  }

  get atEnd(): boolean {
    return this.position >= this.text.length
  }

  skipSpace(): void {
    this.position += matchAt(SPACE, this.text, this.position).length
  }

  startsWith(piece: string): boolean {
    return this.text.startsWith(piece, this.position)
  }

  /** Consumes `piece` if it is next. */
  take(piece: string): boolean {
    if (!this.startsWith(piece)) return false
    this.position += piece.length
    return true
  }

  /** Consumes `word`, in any case, if it is the next whole word. */
  takeWord(word: string): boolean {
    const found = bareSegmentAt(this.text, this.position)
    if (found.toLowerCase() !== word) return false
    this.position += found.length
    return true
  }

  /** A string in double or single quotes with its escapes resolved; undefined when there is no quote here. */
  quoted(): string | undefined {
    const parts = this.betweenQuotes()
    if (!parts) return undefined
    return parts.raw.replace(ESCAPE, (found, offset: number) => {
      const code = found[1] ?? ''
      if (found.length === 6) return String.fromCharCode(Number.parseInt(found.slice(2), 16))
      return (
        ESCAPED.get(code) ??
        this.refuse(say('one of the escapes {0}', ESCAPES), {
          position: parts.start + offset,
          length: found.length,
          advice: say('Write a backslash itself as {0}.', '\\\\'),
        })
      )
    })
  }

  /** A quoted string in which backslashes are kept (regular expressions have their own escapes), except before the quote. */
  quotedRaw(): string | undefined {
    const parts = this.betweenQuotes()
    return parts?.raw.replace(/\\([\s\S])/g, (pair, next: string) => (next === parts.quote ? next : pair))
  }

  private betweenQuotes(): { raw: string; start: number; quote: string } | undefined {
    const quote = this.text[this.position]
    if (quote !== '"' && quote !== "'") return undefined
    const start = this.position + 1
    const raw = matchAt(quote === '"' ? INSIDE_DOUBLE : INSIDE_SINGLE, this.text, start)
    if (this.text[start + raw.length] !== quote) {
      this.refuse(say('a closing {0}', quote), {
        length: this.text.length - this.position,
        message: say('The quote at character {0} is not closed.', this.position + 1),
      })
    }
    this.position = start + raw.length + 1
    return { raw, start, quote }
  }

  /** Throws: `expected` is missing at the current position (or where `fault` says). */
  refuse(expected: Localizable, fault: Fault = {}): never {
    const position = fault.position ?? this.position
    const found = this.pieceAt(position)
    const length = Math.min(fault.length ?? found.length, this.text.length - position)
    const message =
      fault.message ??
      (found === ''
        ? say('Expected {0} at character {1}, but the filter ends there.', expected, position + 1)
        : say('Expected {0} at character {1}, but found {2}.', expected, position + 1, display(found)))
    throw new FilterSyntaxError({
      text: this.text,
      position,
      length,
      expected: localize(expected, inEnglish),
      message: fault.advice && found ? say('{0} {1}', message, fault.advice) : message,
      cause: fault.cause,
    })
  }

  /** The word or character at `position`, to name it in a message. */
  private pieceAt(position: number): string {
    return matchAt(PIECE, this.text, position)
  }
}

/** A position at which something was expected, and the parser's state there. `depth` counts open parentheses and `not`. */
export type Slot =
  | { readonly kind: 'path' | 'connective'; readonly start: number; readonly depth: number }
  | { readonly kind: 'operator'; readonly start: number; readonly depth: number; readonly path: FactPath }
  | { readonly kind: 'value' | 'list' | 'pattern'; readonly start: number; readonly path: FactPath }

export type Fault = {
  position?: number
  length?: number
  /** The whole sentence, instead of "Expected …". */
  message?: Localizable
  /** One more sentence: what to write instead of what was found. */
  advice?: Localizable
  cause?: unknown
}

const SPACE = /[ \t\r\n]*/y
const INSIDE_DOUBLE = /(?:[^"\\]|\\[\s\S])*/y
const INSIDE_SINGLE = /(?:[^'\\]|\\[\s\S])*/y
const PIECE = /[\p{L}\p{M}\p{N}_.-]{1,40}|[\s\S]/uy
const ESCAPE = /\\(?:u[\da-fA-F]{4}|[\s\S])/g
const ESCAPES = '\\" \\\' \\\\ \\n \\r \\t \\uXXXX'
const ESCAPED = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

function display(piece: string): Localizable {
  if (!/^[\p{C}\p{Z}]$/u.test(piece)) return say('"{0}"', piece)
  const code = piece.codePointAt(0) ?? 0
  return say('the character U+{0}', code.toString(16).toUpperCase().padStart(4, '0'))
}
