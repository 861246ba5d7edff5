import type { PatternLine } from '../../answers/shownPattern.ts'
import type { Spread } from '../../answers/spread.ts'
import type { PreviewLine, PreviewPart } from '../../page/toPage.ts'
import type { Translate } from '../../text/translate.ts'
import { type CardLines, lineText } from './cardLines.ts'

/** Lines of a pattern for the card of its group. */
export interface PatternPreview {
  readonly isPattern: true
  readonly lines: readonly PatternLine[]
  readonly more: boolean
  /** They are those of the majority, and this group has none of them. */
  readonly areMissing: boolean
}

/** The most characters of a line of a card. */
const maxCharacters = 300

/** Lines of a group whose replies differ in values. */
export function patternPreview({ lines, more, areMissing }: CardLines, hostname: string): PatternPreview {
  const named = hostname === '' ? lines : lines.map((line) => withoutName(line, hostname))
  return { isPattern: true, lines: named, more, areMissing }
}

/** Lines of a group of identical replies. */
export function plainPreview({ lines, more, areMissing }: CardLines): {
  lines: PreviewLine[]
  more: boolean
} {
  const texts = lines.map((line) => lineText(line).trimEnd().slice(0, maxCharacters))
  return { lines: areMissing ? texts.map((missing) => ({ missing })) : texts, more }
}

/** Each of the agents says its own name there. */
function withoutName({ stream, parts }: PatternLine, hostname: string): PatternLine {
  return {
    stream,
    parts: parts.map((part) =>
      'place' in part ? part : { text: part.text.replaceAll(hostname, '{hostname}') },
    ),
  }
}

/** The places of the values that are shown. */
export function placesIn({ lines }: PatternPreview): number[] {
  return lines.flatMap(({ parts }) => parts.flatMap((part) => ('place' in part ? [part.place] : [])))
}

/** The lines with how the values spread; those that all agents share are text. */
export function shownPreview(
  { lines, more, areMissing }: PatternPreview,
  spreads: readonly (Spread | undefined)[],
  t: Translate,
): { lines: PreviewLine[]; more: boolean } {
  if (areMissing) return plainPreview({ lines, more, areMissing })
  return { lines: lines.map(({ parts }) => cut(parts.map((part) => shownPart(part, spreads, t)))), more }
}

function shownPart(
  part: PatternLine['parts'][number],
  spreads: readonly (Spread | undefined)[],
  t: Translate,
): PreviewPart {
  if (!('place' in part)) return part.text
  const spread = spreads[part.place]
  if (spread === undefined || spread.different === 1) return spread?.lowest ?? part.text
  if (spread.isRange && spread.lowest !== spread.highest)
    return { spread: `${spread.lowest}–${spread.highest}` }
  return { spread: t('{0} different', spread.different) }
}

function cut(parts: readonly PreviewPart[]): PreviewPart[] {
  let left = maxCharacters
  return parts.flatMap((part) => {
    if (left <= 0) return []
    const text = typeof part === 'string' ? part.slice(0, left) : part.spread
    left -= text.length
    return [typeof part === 'string' ? text : part]
  })
}
