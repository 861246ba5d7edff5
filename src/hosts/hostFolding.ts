import { inNaturalOrder } from './naturalOrder.ts'

/** Most names that one text may unfold to. */
const maxUnfolded = 100_000

/** Names with more numbers than this, such as UUIDs, are not part of a series. */
const maxNumbers = 8

/**
 * Host names in short form: `web01 web02 web03 db1` becomes `db1,web[01-03]`. Several numeric parts fold one after the
 * other (`rack[1-2]-node[01-16]`), zero padding is kept, and {@link unfoldHosts} returns the same names. Names that
 * contain commas, brackets, quotes or white space are quoted as in JSON.
 */
export function foldHosts(names: Iterable<string>): string {
  let patterns = [...new Set(names)].map(split)
  // Thousands of groups of one host are folded while replies come.
  if (patterns.length === 1) return print(patterns[0] as Pattern)
  const numericParts = Math.max(0, ...new Set(patterns.map((pattern) => (pattern.length - 1) / 2)))
  for (let part = 0; part < numericParts; part += 1) patterns = foldPart(patterns, part * 2 + 1)
  return inNaturalOrder(patterns.map(print), (text) => text).join(',')
}

/**
 * The names that a folded text stands for.
 * @param most names that it may stand for
 * @throws Error when a quote, a bracket or a range is invalid, or it stands for more names
 */
export function unfoldHosts(text: string, most: number = maxUnfolded): string[] {
  const names: string[] = []
  for (const item of itemsOf(text)) {
    const unfolded = item.startsWith('"') ? [unquote(item)] : unfoldPattern(item, most)
    if (names.length + unfolded.length > most) tooMany(text, most)
    names.push(...unfolded)
  }
  return names
}

/** Text at even indexes, sets of numbers (as written) at odd ones. */
type Pattern = (string | string[])[]

function split(name: string): Pattern {
  if (!plainName.test(name)) return [JSON.stringify(name)]
  if (hasCode.test(name)) return [name]
  const pieces = name.split(/(\d+)/)
  if (pieces.length > 2 * maxNumbers + 1) return [name]
  return pieces.map((piece, index) => (index % 2 === 1 ? [piece] : piece))
}

const plainName = /^[^[\],"\s]+$/

/** The codes of characters are no numbers of a series. */
const hasCode = /<U\+[0-9A-F]+>/

/** Joins patterns that differ only in this numeric part. */
function foldPart(patterns: readonly Pattern[], place: number): Pattern[] {
  const groups = new Map<string, { pattern: Pattern; numbers: string[] }>()
  const folded: Pattern[] = []
  for (const pattern of patterns) {
    const numbers = pattern[place]
    if (!Array.isArray(numbers)) {
      folded.push(pattern)
      continue
    }
    const key = JSON.stringify(pattern.map((piece, index) => (index === place ? 0 : piece)))
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { pattern, numbers: [...numbers] })
    else group.numbers.push(...numbers)
  }
  for (const { pattern, numbers } of groups.values()) {
    folded.push(pattern.map((piece, index) => (index === place ? inOrder(numbers) : piece)))
  }
  return folded
}

/** Padded numbers and those of the same width belong together (`08 09 10`), and come before the others. */
function inOrder(numbers: readonly string[]): string[] {
  if (numbers.length === 1) return [...numbers]
  const padded = new Set(numbers.filter(isPadded).map(({ length }) => length))
  return numbers
    .map((text) => ({ text, value: BigInt(text), width: padded.has(text.length) ? text.length : Infinity }))
    .sort((a, b) => compare(a.width, b.width) || compare(a.value, b.value))
    .map(({ text }) => text)
}

function compare<T extends number | bigint>(a: T, b: T): number {
  return a < b ? -1 : Number(a > b)
}

function isPadded(number: string): boolean {
  return number.startsWith('0') && number.length > 1
}

function print(pattern: Pattern): string {
  return pattern.map((piece) => (Array.isArray(piece) ? printNumbers(piece) : piece)).join('')
}

function printNumbers(numbers: readonly string[]): string {
  if (numbers.length === 1) return numbers[0] as string
  const ranges: string[] = []
  for (let start = 0; start < numbers.length; ) {
    let end = start
    while (end + 1 < numbers.length && follows(numbers[end] as string, numbers[end + 1] as string)) end += 1
    ranges.push(start === end ? (numbers[start] as string) : `${numbers[start]}-${numbers[end]}`)
    start = end + 1
  }
  return `[${ranges.join(',')}]`
}

function follows(a: string, b: string): boolean {
  return like(a, BigInt(a) + 1n) === b
}

/** The number, padded to the width of `text` when that begins with 0. */
function like(text: string, number: bigint): string {
  return text.startsWith('0') ? String(number).padStart(text.length, '0') : String(number)
}

/** The items between commas: names in quotes, and patterns, in whose brackets commas separate ranges. */
function* itemsOf(text: string): Generator<string> {
  const item = /\s*("(?:[^"\\]|\\.)*"|(?:[^,"[\]]|\[[^"[\]]*\])*)\s*(?:,|$)/y
  while (item.lastIndex < text.length) {
    const start = item.lastIndex
    const [, found = ''] = item.exec(text) ?? notRight(text.slice(start))
    const name = found.trim()
    if (name !== '') yield name
  }
}

function notRight(rest: string): never {
  throw new Error(`${rest.slice(0, 60)}: a quote or bracket is not closed, or is not allowed here`)
}

function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted)
  } catch {
    return notRight(quoted)
  }
}

function unfoldPattern(pattern: string, most: number): string[] {
  let partial = ['']
  for (const piece of pattern.split(/(\[[^\]]*\])/)) {
    const choices = piece.startsWith('[') ? unfoldRanges(piece, most) : [piece]
    if (partial.length * choices.length > most) tooMany(pattern, most)
    partial = partial.flatMap((start) => choices.map((choice) => start + choice))
  }
  return partial
}

function unfoldRanges(bracket: string, most: number): string[] {
  const numbers: string[] = []
  for (const range of bracket.slice(1, -1).split(',')) {
    const [, first, last = first] = /^(\d{1,255})(?:-(\d{1,255}))?$/.exec(range.trim()) ?? []
    if (first === undefined || last === undefined || BigInt(last) < BigInt(first)) {
      throw new Error(`${bracket}: "${range}" is neither a number nor a range like 01-20`)
    }
    if (BigInt(last) - BigInt(first) >= BigInt(most - numbers.length)) tooMany(bracket, most)
    for (let number = BigInt(first); number <= BigInt(last); number += 1n) numbers.push(like(first, number))
  }
  return numbers
}

function tooMany(text: string, most: number): never {
  throw new Error(`${text.slice(0, 60)} stands for more than ${most} names`)
}
