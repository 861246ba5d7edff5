import { createHash } from 'node:crypto'

/** An entry of a chain, and its end: what the next line refers to. */
export interface ChainHead {
  /** Number of the last line; 0 before the first. */
  readonly seq: number
  /** SHA-256 of the last line without its line end, hexadecimal; null before the first. */
  readonly hash: string | null
}

export const chainStart: ChainHead = { seq: 0, hash: null }

/**
 * The next line of a chain. Each line holds the digest of the one before, so that none can be changed, removed or put in
 * between without breaking what follows. The last lines can be cut off: ship them to another machine.
 * @returns the line, with its line end, and the new end of the chain
 */
export function chainLine(
  head: ChainHead,
  entry: object,
): { readonly line: string; readonly head: ChainHead } {
  const seq = head.seq + 1
  const text = JSON.stringify({ seq, ...entry, prev: head.hash })
  return { line: `${text}\n`, head: { seq, hash: hashOf(text) } }
}

/** Where a chain stands at the end of a text, which may begin or end within a line. */
export function chainHeadOf(text: string): ChainHead {
  return entriesOf(text).at(-1) ?? chainStart
}

/** The entries whose whole lines are in a text, which may begin or end within a line. The last line end may be missing. */
export function entriesOf(text: string): ChainHead[] {
  return text.split('\n').flatMap((line) => {
    const link = linkOf(line)
    return link === undefined ? [] : [{ seq: link.seq, hash: hashOf(line) }]
  })
}

export interface ChainReport {
  /** Lines whose place in the chain was checked. */
  readonly lines: number
  readonly first: number | undefined
  readonly last: number | undefined
  /** Lines before the first of the chain that an earlier version wrote, without a chain. */
  readonly unchained: number
  /** Sentences, each with the place of the line. */
  readonly problems: readonly string[]
}

/** A line, and how a sentence names it, as in `Line 7`. */
export interface PlacedLine {
  readonly line: string
  readonly at: string
}

/** Checks the text of a chain. */
export function verifyChain(text: string): ChainReport {
  return verifyLines(linesIn(text))
}

export function linesIn(text: string): PlacedLine[] {
  return text.split('\n').map((line, index) => ({ line, at: `Line ${index + 1}` }))
}

/** The same for lines from several places. Empty ones count for nothing. */
export function verifyLines(all: readonly PlacedLine[]): ChainReport {
  const placed = all.filter(({ line }) => line !== '')
  const links = placed.map(({ line }) => linkOf(line))
  const begin = links.findIndex((link) => link !== undefined)
  const isOlder = links[begin]?.seq === 1 && placed.slice(0, begin).every(({ line }) => isUnchained(line))
  const unchained = isOlder ? begin : 0
  const problems: string[] = []
  let before: ChainHead | undefined
  let [lines, first] = [0, undefined as number | undefined]
  for (let index = unchained; index < placed.length; index += 1) {
    const [{ line, at }, link] = [placed[index] as PlacedLine, links[index]]
    if (link === undefined) {
      const end = links.findIndex((other, later) => later > index && other !== undefined)
      const last = (end === -1 ? placed.length : end) - 1
      problems.push(
        last === index
          ? `${at} is not a line of the chain: damaged, incomplete, or of an earlier version.`
          : `${at} and the ${last - index} lines after it are not lines of the chain: damaged, incomplete, or of an earlier version.`,
      )
      index = last
      continue
    }
    lines += 1
    first ??= link.seq
    if (link.prev === null ? link.seq !== 1 : link.seq <= 1)
      problems.push(`${at} (entry ${link.seq}) says that it is the first, or not, against its number.`)
    if (before !== undefined && (link.prev !== before.hash || link.seq !== before.seq + 1)) {
      problems.push(
        link.prev === null
          ? `${at} begins a new chain after entry ${before.seq}: the log was removed or replaced before it.`
          : `${at} (entry ${link.seq}) does not follow entry ${before.seq}: lines were changed, removed or inserted before it.`,
      )
    }
    before = { seq: link.seq, hash: hashOf(line) }
  }
  return { lines, first, last: before?.seq, unchained, problems }
}

/** What versions without a chain wrote: an object without a number. */
function isUnchained(line: string): boolean {
  try {
    const value = JSON.parse(line)
    return typeof value === 'object' && value !== null && !('seq' in value)
  } catch {
    return false
  }
}

function linkOf(line: string): { readonly seq: number; readonly prev: string | null } | undefined {
  try {
    const { seq, prev } = JSON.parse(line)
    const isLink = Number.isSafeInteger(seq) && (prev === null || /^[0-9a-f]{64}$/.test(prev))
    return isLink ? { seq, prev } : undefined
  } catch {
    return undefined
  }
}

function hashOf(line: string): string {
  return createHash('sha256').update(line).digest('hex')
}
