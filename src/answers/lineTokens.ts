/**
 * What a part of a line is. Words never vary within a pattern; the other kinds are values, which may. `blank` is a run of
 * blanks and `mark` a single other character.
 */
export type TokenKind = 'blank' | 'mark' | 'word' | ValueKind

export type ValueKind =
  | 'number'
  | 'percent'
  | 'size'
  | 'duration'
  | 'clock'
  | 'date'
  | 'version'
  | 'id'
  | 'address'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

export function isValue(kind: TokenKind): kind is ValueKind {
  return kind !== 'blank' && kind !== 'mark' && kind !== 'word'
}

/** Tokens of a line, which together are the line. In linear time: no expression below can go back far. */
export function lineTokens(line: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < line.length) {
    const token = tokenAt(line, at)
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}

/** A line longer than this is no table and no message: what comes after it is one word. */
const maxLineCharacters = 4096

function tokenAt(line: string, at: number): Token {
  const code = line.charCodeAt(at)
  if (at >= maxLineCharacters) return { kind: 'word', text: line.slice(at) }
  if (isBlank(code)) return { kind: 'blank', text: matched(blanks, line, at) ?? (line[at] as string) }
  if (isDigit(code)) return valueAt(line, at) ?? { kind: 'word', text: matched(word, line, at) as string }
  if ((code === minus || code === plus) && isDigit(line.charCodeAt(at + 1)) && !isPartOfWord(line, at - 1)) {
    const value = signed(line, at)
    if (value !== undefined) return value
  }
  const letters = matched(word, line, at)
  if (letters !== undefined) return beginsWithLetters(line, at, letters)
  if (code === colon) {
    const address = matched(ipv6, line, at)
    if (address !== undefined && isIpv6(address)) return { kind: 'address', text: address }
  }
  return { kind: 'mark', text: String.fromCodePoint(line.codePointAt(at) as number) }
}

function valueAt(line: string, at: number): Token | undefined {
  const plain = matched(plainQuantity, line, at)
  if (plain !== undefined) return { kind: kindsOfEnd[plain.at(-1) as string] ?? 'number', text: plain }
  for (const [kind, expression, isMeant] of values) {
    const text = matched(expression, line, at)
    if (text !== undefined && (isMeant === undefined || isMeant(text))) return { kind, text }
  }
  return undefined
}

function signed(line: string, at: number): Token | undefined {
  const value = valueAt(line, at + 1)
  if (value === undefined || !isQuantity(value.kind)) return undefined
  return { kind: value.kind, text: line[at] + value.text }
}

/** By far the most values, before all expressions are tried: nothing after them makes them another kind of value. */
const plainQuantity =
  /\d{1,18}(?:\.\d{1,18})?(?:[KMGTP]i?|%)?(?=[)\]}|"';]|$|,(?!\d)|[ \t]+(?![ \t\p{L}µ]))/uy
const kindsOfEnd: Readonly<Record<string, ValueKind>> = {
  '%': 'percent',
  K: 'size',
  M: 'size',
  G: 'size',
  T: 'size',
  P: 'size',
  i: 'size',
}

const isQuantity = (kind: TokenKind) =>
  kind === 'number' || kind === 'percent' || kind === 'size' || kind === 'duration'

/** Values that begin with a letter: dates (`Nov 28`), `v1.2`, `a1b2c3d`, `i-0abc…`, `fe80::1`, "About an hour". */
function beginsWithLetters(line: string, at: number, letters: string): Token {
  for (const [first, kind, expression, isMeant] of letteredValues) {
    if (!first.includes(line[at] as string)) continue
    const text = matched(expression, line, at)
    if (text !== undefined && (isMeant === undefined || isMeant(text))) return { kind, text }
  }
  return { kind: 'word', text: letters }
}

function matched(expression: RegExp, line: string, at: number): string | undefined {
  expression.lastIndex = at
  return expression.exec(line)?.[0]
}

/** Whether the character belongs to a word, so that a number after it is a part of a name (`web-01`), not a value. */
function isPartOfWord(line: string, at: number): boolean {
  return at >= 0 && wordCharacter.test(line[at] as string)
}

const colon = 0x3a
const minus = 0x2d
const plus = 0x2b
const isDigit = (code: number) => code >= 0x30 && code <= 0x39
const isBlank = (code: number) => code === 0x20 || code === 0x09 || code === 0xa0

const wordCharacter = /[\p{L}\p{N}\p{M}_]/u
const blanks = /[ \t\u00a0]+/y

/**
 * Names: letters and digits, joined by `-` or `.` as in `web-01.example.com` and `libssl.so.3`. A version ends the name
 * before it: `bash-5.1.8-9.el9`, `tzdata-2025b`.
 */
const word =
  /[\p{L}\p{N}\p{M}_]+(?:(?!-(?:\d{1,20}\.\d|(?:19|20)\d\d[a-z](?![\p{L}\p{N}\p{M}_])))[-.][\p{L}\p{N}\p{M}_]+)*/uy

/** Nothing that would make a longer word may follow a value. */
const end = '(?![\\p{L}\\p{N}\\p{M}_])'

const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
const weekday = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const clock = '\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?'
const zone = '(?:Z|[+-]\\d{2}:?\\d{2}|(?: (?:UTC|GMT|[A-Z]{2,4}T|[+-]\\d{4})))'
const isoDay = '\\d{4}-\\d{2}-\\d{2}'
const long = '(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)'
const short = '(?: ?(?:ns|us|µs|μs|ms)|s|m|min|h|d|w)'

type Rule = readonly [kind: ValueKind, expression: RegExp, isMeant?: (text: string) => boolean]

/** As `Rule`, with the letters that such a value may begin with: most words begin none. */
type LetteredRule = readonly [first: string, ...rule: Rule]

const sticky = (source: string) => new RegExp(source + end, 'uy')

/** Tried in this order. */
const values: readonly Rule[] = [
  // 2026-11-28T11:27:10.123Z, 2026-11-28 11:27:10 UTC, 2026-11-28, 28/Nov/2026:11:27:10 +0000, 28/11/2026
  ['date', sticky(`${isoDay}(?:[T ]${clock}${zone}?)?(?: ${weekday})?`)],
  ['date', sticky(`\\d{1,2}/${month}/\\d{4}(?::${clock}(?: [+-]\\d{4})?)?`)],
  ['date', sticky(`\\d{1,2}[/.]\\d{1,2}[/.]\\d{4}(?: ${clock})?`)],
  ['date', sticky(`\\d{1,2} ${month}(?: \\d{4})?(?: ${clock}${zone}?)?`)],
  // 550e8400-e29b-41d4-a716-446655440000
  ['id', sticky('[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')],
  ['address', sticky('[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}')],
  // 10.0.0.1, 10.0.0.0/16, 10.0.0.1:8080
  ['address', sticky('\\d{1,3}(?:\\.\\d{1,3}){3}(?:/\\d{1,2}|:\\d{1,5})?(?!\\.\\d)')],
  ['address', sticky('[0-9a-fA-F:.]{2,45}(?:%[a-z0-9]{1,15})?(?:/\\d{1,3})?'), isIpv6],
  // 3 days, 10:37 · 14 min · 2 hours · 1d 2h 3m · 250ms
  ['duration', sticky(`\\d{1,6} days?,\\s{1,2}(?:${clock}|\\d{1,2} mins?)`)],
  ['clock', sticky(`${clock}(?: ?[AaPp][Mm])?`)],
  ['duration', sticky(`\\d{1,9}(?:\\.\\d{1,9})? ?${long}(?: \\d{1,9} ?${long}){0,3}`)],
  ['duration', sticky(`(?:\\d{1,9}(?:\\.\\d{1,9})?${short} ?){1,4}(?<! )`)],
  ['percent', /\d{1,18}(?:[.,]\d{1,18})?%/y],
  // 12G, 1.5 GiB, 640kB, 512 MB
  ['size', sticky('\\d{1,18}(?:[.,]\\d{1,18})? ?[kKMGTPE]i?[Bb]?(?:/s|ps)?')],
  ['size', sticky('\\d{1,18}(?:\\.\\d{1,18})? ?(?:B|bytes?)')],
  ['id', sticky('0[xX][0-9a-fA-F]{1,64}')],
  // 2025b
  ['version', sticky('(?:19|20)\\d{2}[a-z]')],
  // 1.2.3, 2:8.2.3995-1ubuntu2.17, 6.1.0-25, 5.1.8-9.el9, 1.25.3~rc1+deb12u1
  ['version', sticky(`(?:\\d{1,3}:)?\\d{1,20}(?:\\.\\d{1,20}){2,6}${suffix()}`)],
  ['version', sticky(`(?:\\d{1,3}:)?\\d{1,20}(?:\\.\\d{1,20}){0,6}${suffix('+')}`)],
  ['number', sticky('\\d{1,3}(?:,\\d{3}){1,6}(?:\\.\\d{1,18})?(?!\\.\\d)')],
  ['number', sticky('\\d{1,40}(?:\\.\\d{1,40})?(?:[eE][+-]?\\d{1,3})?(?![.,]\\d)(?!-[\\p{L}_])')],
  ['number', sticky('\\d{1,40}')],
  ['id', sticky('[0-9a-fA-F]{6,128}'), isHex],
]

/** Ends of versions that have a number: words without one, such as `-generic`, are not a part of it. */
function suffix(times = '*'): string {
  const known =
    '(?:deb|ubuntu|build|bpo|dfsg|rc|beta|alpha|pre|post|dev|el|fc|amzn|suse|lp|git|mga|p|r|u|b|a|g|v)'
  const one = `(?:[-+~]${known}?|\\.${known})\\d{1,20}(?:(?:[._]|[+.]?${known})\\d{1,20}){0,6}`
  return `(?:${one}){${times === '+' ? '1' : '0'},4}`
}

const hexLetters = 'abcdefABCDEF'

const letteredValues: readonly LetteredRule[] = [
  [
    'MTWFS',
    'date',
    sticky(
      `${weekday},? ${month} {1,2}\\d{1,2}(?: ${clock})?(?: (?:[AP]M ?)?(?:[A-Z]{2,5}|[+-]\\d{4}))?(?: \\d{4})?`,
    ),
  ],
  ['MTWFS', 'date', sticky(`${weekday},? \\d{1,2} ${month} \\d{4}(?: ${clock}${zone}?)?`)],
  ['MTWFS', 'date', sticky(`${weekday} ${isoDay}(?: ${clock}${zone}?)?`)],
  ['JFMASOND', 'date', sticky(`${month} {1,2}\\d{1,2}(?:, \\d{4}| \\d{4})?(?: {1,2}${clock}(?: \\d{4})?)?`)],
  ['AL', 'duration', sticky(`(?:About|Less than) an? (?:second|minute|hour|day|week|month|year)`)],
  ['vV', 'version', sticky(`[vV]\\d{1,20}(?:\\.\\d{1,20}){1,6}${suffix()}`)],
  ['iveasrngf', 'id', sticky('(?:i|vol|eni|snap|ami|sg|subnet|vpc|rtb|igw|nat|eipalloc|fs)-[0-9a-f]{8,17}')],
  [hexLetters, 'id', sticky('[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')],
  [hexLetters, 'address', sticky('[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}')],
  [hexLetters, 'address', sticky('[0-9a-fA-F:.]{2,45}(?:%[a-z0-9]{1,15})?(?:/\\d{1,3})?'), isIpv6],
  [hexLetters, 'id', sticky('[0-9a-f]{6,128}'), isHex],
]

const ipv6 = sticky('[0-9a-fA-F:.]{2,45}(?:%[a-z0-9]{1,15})?(?:/\\d{1,3})?')

/** Groups of hexadecimal digits with `::` once, or eight of them. */
function isIpv6(text: string): boolean {
  const [address = ''] = text.split(/[%/]/)
  const groups = address.split(':')
  if (groups.length < 3 || groups.length > 9) return false
  const last = groups.at(-1) as string
  const isWhole = groups.every(
    (group, index) =>
      /^[0-9a-fA-F]{0,4}$/.test(group) ||
      (index === groups.length - 1 && /^\d{1,3}(\.\d{1,3}){3}$/.test(last)),
  )
  const folds = address.split('::').length - 1
  return isWhole && (folds === 1 || (folds === 0 && groups.length === 8 && !groups.includes('')))
}

/** A digit makes it an id: `facade` and `decade` are words. */
function isHex(text: string): boolean {
  return /\d/.test(text) && /[a-fA-F]/.test(text)
}
