import { isValue, lineTokens, type Token, type ValueKind } from './lineTokens.ts'
import type { ReplyLine } from './replyPattern.ts'

/** A part of a line of a pattern: text that all replies have, or a place where each has its value. */
export type PatternPart = { readonly text: string } | PlacePart

export interface PlacePart {
  /** Index among the places of the reply: of stdout in order of its lines, then of stderr. */
  readonly place: number
  readonly kind: ValueKind
  /** The value in this reply. */
  readonly text: string
}

export interface PatternLine {
  readonly stream: 1 | 2
  readonly parts: readonly PatternPart[]
}

/** The lines of a reply, in their order, with the places of its values. */
export function patternLines(lines: readonly ReplyLine[]): PatternLine[] {
  const tokens = lines.map(({ text }) => lineTokens(text))
  const firstPlaces = new Map<number, number>()
  let places = 0
  for (const stream of [1, 2])
    lines.forEach((line, index) => {
      if (line.stream !== stream) return
      firstPlaces.set(index, places)
      places += (tokens[index] ?? []).filter(({ kind }) => isValue(kind)).length
    })
  return lines.map(({ stream }, index) => ({
    stream,
    parts: partsOf(tokens[index] ?? [], firstPlaces.get(index) ?? 0),
  }))
}

function partsOf(tokens: readonly Token[], firstPlace: number): PatternPart[] {
  const parts: PatternPart[] = []
  let place = firstPlace
  let text = ''
  for (const token of tokens) {
    if (!isValue(token.kind)) {
      text += token.text
      continue
    }
    if (text !== '') parts.push({ text })
    text = ''
    parts.push({ place, kind: token.kind, text: token.text })
    place += 1
  }
  return text === '' ? parts : [...parts, { text }]
}
