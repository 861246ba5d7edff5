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
  /** Sentences, each with the number of the line in the text. */
  readonly problems: readonly string[]
}

/** Checks the lines of one or more files of a chain, the oldest first. */
export function verifyChain(text: string): ChainReport {
  const problems: string[] = []
  let before: { readonly seq: number; readonly hash: string } | undefined
  let [lines, first] = [0, undefined as number | undefined]
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue
    const at = `Line ${index + 1}`
    const link = linkOf(line)
    if (link === undefined) {
      problems.push(`${at} is not a line of the chain: damaged, incomplete, or of an earlier version.`)
      continue
    }
    lines += 1
    first ??= link.seq
    if (link.prev === null ? link.seq !== 1 : link.seq <= 1) {
      problems.push(`${at} (entry ${link.seq}) says that it is the first, or not, against its number.`)
    }
    if (before !== undefined && (link.prev !== before.hash || link.seq !== before.seq + 1)) {
      problems.push(
        link.prev === null
          ? `${at} begins a new chain after entry ${before.seq}: the log was removed or replaced before it.`
          : `${at} (entry ${link.seq}) does not follow entry ${before.seq}: lines were changed, removed or inserted before it.`,
      )
    }
    before = { seq: link.seq, hash: hashOf(line) }
  }
  return { lines, first, last: before?.seq, problems }
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
