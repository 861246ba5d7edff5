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

/**
 * A name for each place, all different: the key before it (`load average:` names three: "load average 1" to "3"), else the
 * word before it, else the word after it, else its line and number.
 */
export function placeNames(lines: readonly PatternLine[]): string[] {
  const names: string[] = []
  lines.forEach(({ parts }, line) => {
    let key = ''
    parts.forEach((part, index) => {
      if (!('place' in part)) {
        key = keyAtEnd(part.text, key)
        return
      }
      names[part.place] = key || wordAfter(parts[index + 1]) || `line ${line + 1}`
    })
  })
  return numbered(names)
}

const maxNameCharacters = 40

/** The key with which a text ends; a text of marks only goes on with the key before it (`0.1, 0.2`). */
function keyAtEnd(text: string, before: string): string {
  const keyed = /([\p{L}\p{N}_%][\p{L}\p{N}_%.\- ]*?)["']?\s*[:=]\s*["'[({]*$/u.exec(text)
  if (keyed !== null) return shortened(keyed[1] as string)
  const last = /([\p{L}_%][\p{L}\p{N}_%.-]*)[\s"'([{#]*$/u.exec(text)
  if (last !== null) return shortened(last[1] as string)
  return /[\p{L}\p{N}]/u.test(text) ? '' : before
}

function shortened(name: string): string {
  return name.trim().slice(-maxNameCharacters).trim()
}

function wordAfter(part: PatternPart | undefined): string {
  if (part === undefined || 'place' in part) return ''
  return /^\s*([\p{L}_][\p{L}\p{N}_.-]*)/u.exec(part.text)?.[1]?.slice(0, maxNameCharacters) ?? ''
}

function numbered(names: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const given = new Map<string, number>()
  return names.map((name) => {
    if (counts.get(name) === 1) return name
    const number = (given.get(name) ?? 0) + 1
    given.set(name, number)
    return `${name} ${number}`
  })
}
