/** Names that one pattern may unfold to. */
const maxUnfolded = 100_000

/**
 * Host names as people write them: `web01 web02 web03 db1` becomes `db1,web[01-03]`. Several numeric parts fold one
 * after the other (`rack[1-2]-node[01-16]`), zero padding is kept, and {@link unfoldHosts} gives the same names back.
 */
export function foldHosts(names: Iterable<string>): string {
  let patterns = [...new Set(names)].map(split)
  const numericParts = Math.max(0, ...patterns.map((pattern) => (pattern.length - 1) / 2))
  for (let part = 0; part < numericParts; part += 1) patterns = foldPart(patterns, part * 2 + 1)
  return patterns.map(print).sort(byNature).join(',')
}

/**
 * The names that a folded text stands for.
 * @throws Error when a bracket or a range is not right, or it stands for more than 100,000 names
 */
export function unfoldHosts(text: string): string[] {
  const names: string[] = []
  for (const pattern of splitAtCommas(text)) {
    let partial = ['']
    for (const piece of pattern.split(/(\[[^\]]*\])/)) {
      const choices = piece.startsWith('[') ? unfoldRanges(piece) : [piece]
      if (partial.length * choices.length > maxUnfolded)
        throw new Error(`${pattern} stands for more than ${maxUnfolded} names`)
      partial = partial.flatMap((start) => choices.map((choice) => start + choice))
    }
    names.push(...partial)
  }
  return names
}

/** Compares names with numbers in them as people do: `web2` before `web10`. */
export const byNature: (a: string, b: string) => number = new Intl.Collator('en', { numeric: true }).compare

/** Text at even places, sets of numbers (as written) at odd ones. */
type Pattern = (string | string[])[]

/** Names in which brackets or commas stand, or that have too many numbers to be worth it, stay as they are. */
function split(name: string): Pattern {
  if (/[[\],]/.test(name)) return [name]
  return name.split(/(\d+)/).map((piece, index) => (index % 2 === 1 ? [piece] : piece))
}

/** Joins patterns that differ in this one numeric part only, and there by numbers of one width (or unpadded ones). */
function foldPart(patterns: readonly Pattern[], place: number): Pattern[] {
  const groups = new Map<string, { pattern: Pattern; numbers: string[] }>()
  const folded: Pattern[] = []
  for (const pattern of patterns) {
    const numbers = pattern[place]
    if (!Array.isArray(numbers)) {
      folded.push(pattern)
      continue
    }
    const key = JSON.stringify([
      padding(numbers[0] ?? ''),
      ...pattern.map((piece, index) => (index === place ? 0 : piece)),
    ])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { pattern, numbers: [...numbers] })
    else group.numbers.push(...numbers)
  }
  for (const { pattern, numbers } of groups.values()) {
    folded.push(pattern.map((piece, index) => (index === place ? numbers.sort(byNumber) : piece)))
  }
  return folded
}

/** Padded numbers fold with others of their width only; `9` and `10` are of one kind, `09` and `10` too. */
function padding(number: string): string {
  return number.startsWith('0') && number.length > 1 ? `width ${number.length}` : 'plain'
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
  return BigInt(a) + 1n === BigInt(b) && padded(BigInt(b), a) === b
}

/** The number written as wide as `like` is when that is padded. */
function padded(number: bigint, like: string): string {
  return like.startsWith('0') ? String(number).padStart(like.length, '0') : String(number)
}

function unfoldRanges(bracket: string): string[] {
  const numbers: string[] = []
  for (const range of bracket.slice(1, -1).split(',')) {
    const [, first, last = first] = /^(\d{1,18})(?:-(\d{1,18}))?$/.exec(range) ?? []
    if (first === undefined || last === undefined || BigInt(last) < BigInt(first)) {
      throw new Error(`${bracket}: "${range}" is neither a number nor a range like 01-20`)
    }
    if (BigInt(last) - BigInt(first) >= BigInt(maxUnfolded))
      throw new Error(`${bracket} stands for more than ${maxUnfolded} names`)
    for (let number = BigInt(first); number <= BigInt(last); number += 1n) numbers.push(padded(number, first))
  }
  return numbers
}

/** Commas within brackets separate ranges, others names. */
function splitAtCommas(text: string): string[] {
  const open = (text.match(/\[/g) ?? []).length
  const closed = (text.match(/\]/g) ?? []).length
  if (open !== closed) throw new Error(`${text}: a bracket is not closed`)
  return text
    .split(/,(?![^[]*\])/)
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function byNumber(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : a.length - b.length
}
