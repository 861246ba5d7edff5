import { createHash } from 'node:crypto'
import { isValue, lineTokens, type Token, type ValueKind } from './lineTokens.ts'

/** A line of a reply, as a terminal shows it and without colours. */
export interface ReplyLine {
  readonly stream: 1 | 2
  readonly text: string
}

/**
 * What a reply says apart from its values. Two replies with an equal key have the same words in the same order on each
 * stream. Each key is there twice: in `own` the agent's own name stands as `{hostname}`, so that the same sentence about
 * itself is the same for each agent.
 */
export interface ReplyPattern {
  readonly plain: string
  readonly own: string
  /** The same with runs of lines of one pattern as one line, whatever their number. */
  readonly plainShape: string
  readonly ownShape: string
  /** The values in order of their places, as printed; joined by `valueSeparator`. */
  readonly values: string
}

/** No value has it: values are printed text. */
export const valueSeparator = '\u0000'

/** What is looked at of each output. What is beyond them is compared to the byte. */
export const patternLimits = { lines: 500, characters: 65_536 }

/**
 * @param lines of both streams; those beyond `patternLimits` are ignored
 * @param rest digest of the whole output if it goes beyond `patternLimits`: such replies agree only if all is identical
 * @param names the agent's own names: its host name and domain name
 */
export function replyPattern(
  lines: readonly ReplyLine[],
  { rest, names }: { rest?: string; names: readonly string[] },
): ReplyPattern {
  const replaceNames = namesReplacer(names)
  const keys = { plain: [] as string[], own: [] as string[] }
  const values: string[] = []
  for (const stream of [1, 2] as const) {
    keys.plain.push(`${stream}`)
    keys.own.push(`${stream}`)
    for (const { text } of lines.filter((line) => line.stream === stream)) {
      const pattern = linePattern(text)
      keys.plain.push(pattern.key)
      keys.own.push(replaceNames === undefined ? pattern.key : replaceNames(pattern.key))
      values.push(...pattern.values)
    }
  }
  const digest = (parts: readonly string[]) => digestOf(rest === undefined ? parts : [...parts, rest])
  const plain = digest(keys.plain)
  const plainShape = digest(withoutRepeats(keys.plain))
  const isOwn = replaceNames !== undefined && keys.own.some((key, index) => key !== keys.plain[index])
  return {
    plain,
    own: isOwn ? digest(keys.own) : plain,
    plainShape,
    ownShape: isOwn ? digest(withoutRepeats(keys.own)) : plainShape,
    values: values.join(valueSeparator),
  }
}

/** Kinds of values that may stand for one another: `0` and `1.5K` in one column, an id that happens to have digits only. */
const classes: Record<ValueKind, string> = {
  number: '#',
  percent: '#',
  size: '#',
  version: '#',
  id: '#',
  duration: 't',
  clock: 't',
  date: 'd',
  address: 'a',
}

interface LinePattern {
  readonly key: string
  readonly values: readonly string[]
}

/** Marks a value within a key. Texts have none: control characters are shown as symbols. */
const valueMark = '\u0001'

function linePattern(text: string): LinePattern {
  const known = recentLines.get(text)
  if (known !== undefined) return known
  const values: string[] = []
  let key = ''
  const tokens = lineTokens(text.replaceAll(valueMark, '\u2401').trim())
  tokens.forEach((token, index) => {
    if (isValue(token.kind)) {
      values.push(token.text)
      key += valueMark + classes[token.kind]
    } else if (token.kind !== 'blank') key += inNumberOf(token.text, tokens[index - 2], tokens[index - 1])
    // The width of a number decides on the blanks before it, and whether there are any.
    else if (!isAlignment(tokens[index - 1], tokens[index + 1])) key += ' '
  })
  const pattern = { key, values }
  if (recentLines.size >= maxRecentLines) recentLines.clear()
  if (text.length <= maxRecentCharacters) recentLines.set(text, pattern)
  return pattern
}

/** Most lines of a fleet's outputs are equal, so their patterns are remembered: for time only, the result is the same. */
const recentLines = new Map<string, LinePattern>()
const maxRecentLines = 2000
const maxRecentCharacters = 400

function isAlignment(before: Token | undefined, after: Token | undefined): boolean {
  return before?.kind === 'mark' && after !== undefined && isValue(after.kind)
}

/** "1 user" and "2 users" are one word: the number before it decides on the "s". Written without it. */
function inNumberOf(text: string, count: Token | undefined, between: Token | undefined): string {
  return between?.kind === 'blank' && count?.kind === 'number' && /^[a-z]{3,20}s$/.test(text)
    ? text.slice(0, -1)
    : text
}

function withoutRepeats(keys: readonly string[]): string[] {
  return keys.filter((key, index) => key !== keys[index - 1])
}

function namesReplacer(names: readonly string[]): ((key: string) => string) | undefined {
  const long = names.filter((name) => name.length >= 2 && name !== 'localhost')
  if (long.length === 0) return undefined
  const longestFirst = [...new Set(long)].sort((one, other) => other.length - one.length)
  return (key) => (longestFirst.some((name) => key.includes(name)) ? withoutNames(key, longestFirst) : key)
}

/** Without an expression of its own for each agent: to compile it takes longer than all the rest of its reply. */
function withoutNames(key: string, longestFirst: readonly string[]): string {
  let result = ''
  let at = 0
  for (;;) {
    let first: { index: number; name: string } | undefined
    for (const name of longestFirst) {
      const index = indexOfWord(key, name, at)
      if (index >= 0 && (first === undefined || index < first.index)) first = { index, name }
    }
    if (first === undefined) return result + key.slice(at)
    result += `${key.slice(at, first.index)}{hostname}`
    at = first.index + first.name.length
  }
}

function indexOfWord(text: string, word: string, from: number): number {
  for (let at = text.indexOf(word, from); at >= 0; at = text.indexOf(word, at + 1)) {
    const end = at + word.length
    if (
      !endsInWord.test(text.slice(Math.max(0, at - 2), at)) &&
      !beginsWithWord.test(text.slice(end, end + 2))
    )
      return at
  }
  return -1
}

const endsInWord = /[\p{L}\p{N}_]$/u
const beginsWithWord = /^[\p{L}\p{N}_]/u

function digestOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 22)
}
