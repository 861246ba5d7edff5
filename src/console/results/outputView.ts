import type { OutputLine } from '../../page/toPage.ts'
import type { Chunk } from '../../protocol/frames.ts'
import { withoutSgr } from '../../terminal/sgr.ts'
import { TerminalLines } from '../../terminal/terminalLines.ts'
import { inEnglish, type Translate } from '../../text/translate.ts'
import type { Matcher } from './matcher.ts'

/**
 * One output as the page shows it: by index, one window at a time. Beyond {@link maxLines} the middle is omitted, since
 * a scroll bar cannot be taller (Chromium: 33,554,432 px); very long lines are cut. Documents and exports are complete.
 */
export class OutputView {
  readonly #t: Translate
  readonly #lines = new TerminalLines()
  #matcher: Matcher | undefined
  /** Matches per line; undefined for lines not searched yet. */
  #matches: (number | undefined)[] = []

  constructor(t: Translate = inEnglish) {
    this.#t = t
  }

  add(chunk: Chunk): void {
    this.#lines.add(chunk)
  }

  /** Number of shown lines, including the one that says how many are omitted. */
  get count(): number {
    return Math.min(this.#lines.count, maxLines + 1)
  }

  /** Characters of the longest line as shown. */
  get width(): number {
    return Math.min(this.#lines.width, maxCharacters)
  }

  window(from: number, to: number): OutputLine[] {
    const lines: OutputLine[] = []
    for (let index = from; index < Math.min(to, this.count); index += 1) lines.push(this.#show(index))
    return lines
  }

  /**
   * The text between two places, each a shown line and characters from its start, without SGR. Lines are whole here, and
   * those that are omitted from the page are not.
   */
  text(from: Place, to: Place): string {
    const first = this.#stored(from.line) ?? maxLines / 2
    const last = this.#stored(to.line) ?? this.#lines.count - maxLines / 2 - 1
    const lines: string[] = []
    for (let index = first; index <= Math.min(last, this.#lines.count - 1); index += 1) {
      const text = withoutSgr(this.#lines.line(index)?.text ?? '')
      const start = index === first ? from.column : 0
      lines.push(index === last ? text.slice(start, to.column) : text.slice(start))
    }
    return lines.join('\n')
  }

  /** All lines without colours, each with its stream: also those that the page leaves out. */
  *plain(): Generator<{ stream: 1 | 2; text: string }> {
    for (let index = 0; index < this.#lines.count; index += 1) {
      const line = this.#lines.line(index)
      if (line !== undefined) yield { stream: line.stream, text: withoutSgr(line.text) }
    }
  }

  /** Index of the first shown line that has changed since the last call. */
  takeChangedFrom(): number {
    const changed = this.#lines.takeChangedFrom()
    this.#matches.length = Math.min(this.#matches.length, changed)
    // If the middle is omitted, every index after the gap now means another line.
    return this.#lines.count > maxLines ? Math.min(changed, maxLines / 2) : changed
  }

  search(matcher: Matcher | undefined): void {
    this.#matcher = matcher
    this.#matches = []
  }

  /** Matches of the search in all lines; undefined without a search. */
  get matches(): number | undefined {
    if (this.#matcher === undefined) return undefined
    let sum = 0
    for (let index = 0; index < this.#lines.count; index += 1) sum += this.#matchesIn(index)
    return sum
  }

  /** The next line with a match, from shown line `from` on (`1`) or before it (`-1`). */
  find(from: number, direction: 1 | -1): { line: number; ordinal: number } | undefined {
    if (this.#matcher === undefined) return undefined
    let line = direction === 1 ? Math.max(0, from) : Math.min(from - 1, this.count - 1)
    for (; line >= 0 && line < this.count; line += direction) {
      const stored = this.#stored(line)
      if (stored === undefined || this.#matchesIn(stored) === 0) continue
      let ordinal = 1
      for (let index = 0; index < stored; index += 1) ordinal += this.#matchesIn(index)
      return { line, ordinal }
    }
    return undefined
  }

  #show(index: number): OutputLine {
    const stored = this.#stored(index)
    if (stored === undefined) {
      const left = (this.#lines.count - maxLines).toLocaleString('en')
      return {
        n: 0,
        stream: 1,
        text: this.#t('{0} lines are omitted here. Open as a document to see them.', left),
      }
    }
    const { stream, head, length } = this.#lines.line(stored) ?? { stream: 1, head: '', length: 0 }
    const text = cutText(head, maxCharacters)
    const plain = withoutSgr(text)
    const marks = this.#matcher?.(plain) ?? []
    return {
      ...{ n: stored + 1, stream, text },
      ...(plain.length < length ? { cut: length - plain.length } : {}),
      ...(marks.length > 0 ? { marks } : {}),
    }
  }

  /** Index into all lines of a shown one; undefined for the gap. */
  #stored(index: number): number | undefined {
    if (this.#lines.count <= maxLines || index < maxLines / 2) return index
    return index === maxLines / 2 ? undefined : this.#lines.count - (this.count - index)
  }

  #matchesIn(index: number): number {
    const known = this.#matches[index]
    if (known !== undefined) return known
    const text = this.#lines.line(index)?.text ?? ''
    const count = this.#matcher?.(withoutSgr(text)).length ?? 0
    this.#matches[index] = count
    return count
  }
}

export interface Place {
  readonly line: number
  readonly column: number
}

/** The most shown lines: 400,000 at 18 px are well within what Chromium can scroll. */
const maxLines = 400_000

/** The most shown characters of a line. */
export const maxCharacters = 5000

/** Cuts after `limit` visible characters. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit || withoutSgr(text).length <= limit) return text
  let kept = 0
  let position = 0
  while (kept < limit) {
    const sequence = text.indexOf('\x1b', position)
    const run = (sequence === -1 ? text.length : sequence) - position
    if (kept + run >= limit) {
      position += limit - kept
      kept = limit
    } else {
      kept += run
      position = text.indexOf('m', sequence) + 1
    }
  }
  // Half a surrogate pair would be shown as a broken character.
  if (isHighSurrogate(text.charCodeAt(position - 1))) position -= 1
  return text.slice(0, position)
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}
