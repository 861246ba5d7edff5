/**
 * Limits of a filter: far above what people write, low enough that hostile text is rejected in milliseconds.
 */
export const FILTER_LIMITS = {
  /** UTF-16 units of text, as typed and as `printFilter` writes it. */
  textLength: 16_384,
  /** Levels of nested parentheses and `not`. */
  depth: 64,
  /** Terms in one filter. */
  terms: 512,
  /** Values after one `=` or in one list. */
  values: 1_000,
  /** Segments of one path. */
  segments: 32,
  /** UTF-16 units of one regular expression. */
  patternLength: 512,
  /** Instructions that a regular expression compiles to; repetitions are expanded. */
  patternSize: 2_000,
} as const

/** Keywords of the language, in any case. As a value or at the start of a path they need quotes. */
export function isKeyword(word: string): boolean {
  return KEYWORDS.has(word.toLowerCase())
}

const KEYWORDS = new Set(['and', 'or', 'not', 'in'])

/** A path segment that needs no quotes, at `position`; '' where there is none. */
export function bareSegmentAt(text: string, position: number): string {
  return matchAt(BARE_SEGMENT, text, position)
}

/** A value that needs no quotes, at `position`; '' where there is none. A `*` or `?` in it makes it a glob. */
export function bareValueAt(text: string, position: number): string {
  return matchAt(BARE_VALUE, text, position)
}

/** What the sticky `expression` matches at `position`, or ''. */
export function matchAt(expression: RegExp, text: string, position: number): string {
  expression.lastIndex = position
  return expression.exec(text)?.[0] ?? ''
}

const BARE_SEGMENT = /[\p{L}\p{N}_:][\p{L}\p{M}\p{N}_:@-]*/uy

/** `~` cannot come first: `a=~b` is the operator `=~`. */
const BARE_VALUE = /[\p{L}\p{N}_.:/@%+*?-][\p{L}\p{M}\p{N}_.:/@%+*?~-]*/uy

/** Text in quotes, on one line, with all invisible or misleading characters escaped. */
export function quote(text: string): string {
  return `"${text.replace(UNSAFE, escapeCharacter)}"`
}

/** Controls, formats (bidi), lone surrogates, private and unassigned characters, and spaces other than U+0020. */
const UNSAFE = /["\\]|[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES.get(character)
  if (short) return short
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

const SHORT_ESCAPES = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])
