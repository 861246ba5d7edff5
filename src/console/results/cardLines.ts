import type { PatternLine } from '../../answers/shownPattern.ts'
import { differingLines } from '../../report/differingLines.ts'

/** The lines of a reply that its card shows. */
export interface CardLines {
  readonly lines: readonly PatternLine[]
  /** They are not in this reply, but in those of the majority. */
  readonly areMissing: boolean
  /** Whether the output has others. */
  readonly more: boolean
}

export interface CardOptions {
  /** The lines of the majority, if it is known and another one. */
  readonly majority: readonly PatternLine[] | undefined
  readonly isFailure: boolean
  /** The most lines. */
  readonly most: number
}

/**
 * The lines that say most about a reply: of a failure the end, of stderr if there is any, where most programs say why;
 * otherwise the beginning. Of these only what the majority does not have, if that leaves something: first by words,
 * where values may differ, then to the letter. A reply that only lacks lines is shown by what it lacks.
 */
export function cardLines(
  all: readonly PatternLine[],
  { majority, isFailure, most }: CardOptions,
): CardLines {
  const filled = all.filter(hasText)
  const onStderr = isFailure ? filled.filter(({ stream }) => stream === 2) : []
  const candidates = onStderr.length > 0 ? onStderr : filled
  const chosen = (lines: readonly PatternLine[]) => (isFailure ? lines.slice(-most) : lines.slice(0, most))
  const common = majority?.filter(hasText)
  for (const keyOf of common === undefined ? [] : [words, letters]) {
    const { own, missing } = differingLines(filled, common ?? [], keyOf)
    const only = new Set(own)
    const telling = candidates.filter((line) => only.has(line))
    if (telling.length > 0) {
      const lines = chosen(telling)
      return { lines, areMissing: false, more: filled.length > lines.length }
    }
    if (!isFailure && missing.length > 0)
      return { lines: missing.slice(0, most), areMissing: true, more: true }
  }
  const lines = chosen(candidates)
  return { lines, areMissing: false, more: filled.length > lines.length }
}

/** The text of a line as it was written. */
export function lineText({ parts }: PatternLine): string {
  return parts.map(({ text }) => text).join('')
}

function hasText({ parts }: PatternLine): boolean {
  return parts.some(({ text }) => text.trim() !== '')
}

/** Not possible in a line. */
const anyValue = '\0'

/** Columns may have another width. */
function words({ stream, parts }: PatternLine): string {
  const text = parts.map((part) => ('place' in part ? anyValue : part.text.replace(/[ \t]+/g, ' '))).join('')
  return `${stream}${text.trim()}`
}

function letters(line: PatternLine): string {
  return `${line.stream}${lineText(line)}`
}
