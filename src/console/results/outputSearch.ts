import type { HitLine } from '../../page/searchMessages.ts'
import type { ReplyState } from '../../run/runState.ts'
import { withoutSgr } from '../../terminal/sgr.ts'
import { TerminalLines } from '../../terminal/terminalLines.ts'
import type { Matcher } from './matcher.ts'
import type { ShownRun } from './shownRun.ts'

/** Matches in the output of one agent, or of several with the same output. */
export interface OutputMatches {
  readonly agentIds: readonly string[]
  readonly matches: number
  /** The first line with a match. */
  readonly line: HitLine | undefined
}

/** Bytes read at a time: other work gets its turn between two pieces. */
const pieceBytes = 1024 * 1024

/** Lines up to this many characters are searched again at each change. */
const longLine = 64 * 1024

/** Finds matches in outputs that may still grow: each byte is read once, however often an output is searched. */
export class OutputSearch {
  readonly #run: ShownRun
  readonly #matcher: Matcher
  /** How far outputs that may still grow were searched, by agent. */
  readonly #progress = new Map<string, Progress>()

  constructor(run: ShownRun, matcher: Matcher) {
    this.#run = run
    this.#matcher = matcher
  }

  /**
   * Searches the current outputs of `replies`, one after the other; identical outputs only once. Ends early when
   * aborted. One search at a time.
   */
  async *search(replies: Iterable<ReplyState>, signal: AbortSignal): AsyncGenerator<OutputMatches> {
    for (const group of sameOutputs(replies)) {
      const agentIds = group.map(({ agentId }) => agentId)
      const agentId = agentIds.find((each) => this.#progress.has(each)) ?? agentIds[0] ?? ''
      const progress = this.#progress.get(agentId) ?? begin()
      this.#progress.set(agentId, progress)
      if (!(await this.#goOn(agentId, progress, signal))) return
      const mayGrow = group.some(({ output }) => output === 'partial')
      const matches = progress.matches + this.#matchesInOpen(progress, mayGrow)
      if (!mayGrow) for (const each of agentIds) this.#progress.delete(each)
      yield { agentIds, matches, line: progress.line }
    }
  }

  /** @returns false when it was aborted */
  async #goOn(agentId: string, progress: Progress, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const chunks = await this.#run.output(agentId, progress.read, pieceBytes)
      if (signal.aborted) return false
      if (chunks.length === 0) return true
      for (const chunk of chunks) {
        progress.lines.add(chunk)
        progress.read += chunk.bytes.length
      }
      for (const { text } of progress.lines.takeFinished())
        progress.matches += this.#matchesIn(text, progress)
    }
  }

  /** A very long line that still grows is not searched at each change, but each time its length has doubled. */
  #matchesInOpen(progress: Progress, mayGrow: boolean): number {
    const { lines, open } = progress
    const all = Array.from({ length: lines.count }, (_, index) => lines.line(index))
    const length = all.reduce((sum, line) => sum + (line?.length ?? 0), 0)
    const isLittleMore = length > longLine && length >= open.length && length < 2 * open.length
    if (mayGrow && isLittleMore) return open.matches
    const matches = all.reduce((sum, line) => sum + this.#matchesIn(line?.text ?? '', progress), 0)
    progress.open = { length, matches }
    return matches
  }

  #matchesIn(text: string, progress: Progress): number {
    const plain = withoutSgr(text)
    const marks = this.#matcher(plain)
    const [first] = marks
    if (first !== undefined) progress.line ??= hitLine(plain, first)
    return marks.length
  }
}

interface Progress {
  /** Bytes of the output that are in `lines`. */
  read: number
  readonly lines: TerminalLines
  /** In the lines that can no longer change. */
  matches: number
  line: HitLine | undefined
  /** Characters and matches of the lines that are still being written, when they were last searched. */
  open: { readonly length: number; readonly matches: number }
}

function begin(): Progress {
  return { read: 0, lines: new TerminalLines(), matches: 0, line: undefined, open: { length: 0, matches: 0 } }
}

function sameOutputs(replies: Iterable<ReplyState>): ReplyState[][] {
  const groups = new Map<string, ReplyState[]>()
  for (const reply of replies) {
    const { agentId, digest, output, stdoutBytes, stderrBytes } = reply
    if (stdoutBytes + stderrBytes === 0) continue
    const key = digest !== undefined && output === 'complete' ? `=${digest}` : agentId
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [reply])
    else group.push(reply)
  }
  return [...groups.values()]
}

/** The most characters of a line with a match, and of those before the match. */
const maxHitCharacters = 300
const maxBefore = 60

function hitLine(text: string, [start, length]: readonly [start: number, length: number]): HitLine {
  const from = start + length <= maxHitCharacters / 2 ? 0 : Math.max(0, start - maxBefore)
  const gap = from > 0 ? '…' : ''
  return {
    text: gap + text.slice(from, from + maxHitCharacters),
    mark: [start - from + gap.length, Math.min(length, maxHitCharacters - (start - from))],
  }
}
