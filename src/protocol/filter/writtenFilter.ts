import type { FilterSets } from './filterSets.ts'
import { parseFilter } from './parse.ts'
import { printFilter } from './print.ts'
import { EVERYONE, type Filter } from './syntax.ts'
import { FilterSyntaxError } from './syntaxError.ts'

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

/**
 * The same for a text that may use named sets: they are written out, since agents do not know them.
 * @throws FilterSyntaxError also where there is no such set, it cannot be used, or all of it is too large
 */
export function readFilterWithSets(text: string, sets: FilterSets): WrittenFilter {
  if (!text.includes('@')) return readFilter(text)
  const parsed = parseFilter(text, sets)
  const written = printFilter(parsed)
  if (written === printFilterOf(text)) return { text: text.trim(), parsed }
  // What a set has in itself counts towards the limits, too.
  return { text: written, parsed: parseFilter(written) }
}

/** As it is without sets; undefined where it has some. */
function printFilterOf(text: string): string | undefined {
  try {
    return printFilter(parseFilter(text))
  } catch (error) {
    if (error instanceof FilterSyntaxError) return undefined
    throw error
  }
}

/** Writes the canonical text, on one line. */
export function writeFilter(parsed: Filter): WrittenFilter {
  return { text: printFilter(parsed), parsed }
}
