import { parseFilter } from './parse.ts'
import { printFilter } from './print.ts'
import { EVERYONE, type Filter } from './syntax.ts'

/** A filter with its text. It is parsed once, where it was entered, and passed on in this form. */
export interface WrittenFilter {
  /** As it is shown and as it is sent to agents: it parses to `parsed`. `*` selects every agent. */
  readonly text: string
  readonly parsed: Filter
}

export const everyone: WrittenFilter = { text: '*', parsed: EVERYONE }

/**
 * @throws FilterSyntaxError as {@link parseFilter}: an empty text is an error and never means every agent
 */
export function readFilter(text: string): WrittenFilter {
  return { text: text.trim(), parsed: parseFilter(text) }
}

/** Writes the canonical text, on one line. */
export function writeFilter(parsed: Filter): WrittenFilter {
  return { text: printFilter(parsed), parsed }
}
