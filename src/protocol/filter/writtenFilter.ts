import { parseFilter } from './parse.ts'
import { printFilter } from './print.ts'
import { EVERYONE, type Filter } from './syntax.ts'

/** A filter with its text. It is parsed once, where somebody wrote it, and carried like this from there on. */
export interface WrittenFilter {
  /** As a person reads it and as agents get it: it parses to `parsed`. `*` is everyone. */
  readonly text: string
  readonly parsed: Filter
}

export const everyone: WrittenFilter = { text: '*', parsed: EVERYONE }

/**
 * @throws FilterSyntaxError as {@link parseFilter}: an empty text is an error, never everyone
 */
export function readFilter(text: string): WrittenFilter {
  return { text: text.trim(), parsed: parseFilter(text) }
}

/** With the one canonical text, on one line. */
export function writeFilter(parsed: Filter): WrittenFilter {
  return { text: printFilter(parsed), parsed }
}
