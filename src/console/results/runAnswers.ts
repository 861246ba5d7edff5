import { setImmediate as turn } from 'node:timers/promises'
import { Agreement } from '../../answers/agreement.ts'
import { type Level, levels } from '../../answers/level.ts'
import { findRecords } from '../../answers/records.ts'
import { patternLimits, type ReplyLine, type ReplyPattern, replyPattern } from '../../answers/replyPattern.ts'
import { type PatternLine, patternLines } from '../../answers/shownPattern.ts'
import type { Spread } from '../../answers/spread.ts'
import type { Chunk } from '../../protocol/frames.ts'
import { type AgreeingGroup, joinGroups } from '../../report/agreeingGroups.ts'
import type { Group } from '../../report/grouping.ts'
import { withoutSgr } from '../../terminal/sgr.ts'
import { TerminalLines } from '../../terminal/terminalLines.ts'
import type { ShownRun } from './shownRun.ts'

/** The page is answered between two slices of reading, which take about this long, milliseconds. */
const sliceMs = 8
/** Outputs that are read at a time: the disk has work to do while one is looked at. */
const readAtOnce = 32
/** Outputs that are enough to tell whether those of a run are tables. */
const enoughOutputs = 50

/** What the replies of a run have in common, apart from being identical. Outputs are read once, when a reply is whole. */
export class RunAnswers {
  readonly #run: ShownRun
  readonly #agreement = new Agreement()
  /** Groups whose output is read, or has to be, by their keys. */
  #groups: readonly Group[] = []
  readonly #read = new Set<string>()
  #reading: Promise<boolean> | undefined
  #isStopped = false
  /** Outputs that were looked at for records, the first ones only. */
  #lookedAt = 0
  #withRecords = 0

  constructor(run: ShownRun) {
    this.#run = run
  }

  /** Takes the current groups of identical replies. */
  update(groups: readonly Group[]): void {
    const keys = new Set(groups.map(({ key }) => key))
    for (const { key } of this.#groups)
      if (!keys.has(key)) {
        this.#agreement.delete(key)
        this.#read.delete(key)
      }
    this.#groups = groups
    for (const group of groups) if (!this.#agreement.has(group.key)) this.#set(group, undefined)
  }

  /** Reads the outputs that are not read yet. Returns whether there were any. Concurrent calls share one reading. */
  read(): Promise<boolean> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  stop(): void {
    this.#isStopped = true
  }

  /** The groups at a level; without one at the level that says most. */
  joined(chosen: Level | undefined): { level: Level; groups: AgreeingGroup[] } {
    const level = chosen ?? this.#agreement.suggestedLevel() ?? this.#leastGroups()
    const agreeing = level === 'identical' ? [] : this.#agreement.groups(level)
    return { level, groups: joinGroups(this.#run.state, this.#groups, agreeing) }
  }

  /** Most outputs are tables, JSON or keys with values. */
  get haveRecords(): boolean {
    return this.#withRecords * 2 > this.#lookedAt
  }

  /** Whether each reply that has ended is looked at: until then they seem to be more different than they are. */
  get areRead(): boolean {
    return this.#groups.every(({ key }) => this.#read.has(key))
  }

  /** How the values of a group spread at these places of its pattern. */
  spreads({ originals }: AgreeingGroup, places: readonly number[]): readonly (Spread | undefined)[] {
    return this.#agreement.spreads(
      originals.map(({ key }) => key),
      places,
    )
  }

  /** The lines of an agent's output, taken apart. */
  async patternOf(agentId: string): Promise<PatternLine[]> {
    const output = await this.#run.output(agentId, 0, patternLimits.characters)
    return patternLines(this.#linesOf(agentId, output).lines)
  }

  /** When nearly all replies are unique, the level that joins at least half of them, or none. */
  #leastGroups(): Level {
    const most = this.#agreement.size / 2
    return levels.find((level) => this.#agreement.count(level) <= most) ?? 'identical'
  }

  async #readAll(): Promise<boolean> {
    let found = false
    for (;;) {
      const missing = this.#groups.filter(({ key }) => !this.#read.has(key))
      if (missing.length === 0) return found
      for (let from = 0; from < missing.length; from += readAtOnce) {
        const groups = missing.slice(from, from + readAtOnce)
        for (const { key } of groups) this.#read.add(key)
        const outputs = await Promise.all(groups.map((group) => this.#outputOf(group)))
        let startedAt = performance.now()
        for (const [index, group] of groups.entries()) {
          if (this.#isStopped) return false
          const pattern = this.#patternOf(group, outputs[index])
          found ||= pattern !== undefined
          if (this.#agreement.has(group.key)) this.#set(group, pattern)
          if (performance.now() - startedAt < sliceMs) continue
          await turn()
          startedAt = performance.now()
        }
      }
    }
  }

  /** The beginning of what the group has said; undefined when it is not all here. */
  async #outputOf({ representative }: Group): Promise<readonly Chunk[] | undefined> {
    if (this.#run.state.replies.get(representative)?.output !== 'complete') return undefined
    return this.#run.output(representative, 0, patternLimits.characters)
  }

  #patternOf({ key, representative }: Group, output: readonly Chunk[] | undefined): ReplyPattern | undefined {
    const reply = this.#run.state.replies.get(representative)
    if (reply === undefined || output === undefined) return undefined
    const { lines, isWhole } = this.#linesOf(representative, output)
    this.#lookForRecords(lines)
    const { hostname, droppedBytes } = reply
    const names = [hostname, hostname.split('.', 1)[0] as string]
    return replyPattern(lines, { names, ...(isWhole && droppedBytes === 0 ? {} : { rest: key }) })
  }

  #lookForRecords(lines: readonly ReplyLine[]): void {
    if (this.#lookedAt >= enoughOutputs) return
    const stdout = lines.flatMap(({ stream, text }) => (stream === 1 ? [text] : []))
    if (stdout.length === 0) return
    this.#lookedAt += 1
    if (findRecords(stdout) !== undefined) this.#withRecords += 1
  }

  #linesOf(agentId: string, output: readonly Chunk[]): { lines: ReplyLine[]; isWhole: boolean } {
    const reply = this.#run.state.replies.get(agentId)
    const bytes = (reply?.stdoutBytes ?? 0) + (reply?.stderrBytes ?? 0)
    const terminal = new TerminalLines()
    for (const chunk of output) terminal.add(chunk)
    const count = Math.min(terminal.count, patternLimits.lines)
    const lines = Array.from({ length: count }, (_, index) => {
      const { stream = 1, head = '' } = terminal.line(index) ?? {}
      return { stream, text: withoutSgr(head) }
    })
    const isCut = lines.some(
      (_, index) => (terminal.line(index)?.text.length ?? 0) > (terminal.line(index)?.head.length ?? 0),
    )
    return { lines, isWhole: bytes <= patternLimits.characters && terminal.count <= count && !isCut }
  }

  #set({ key, state, detail }: Group, pattern: ReplyPattern | undefined): void {
    this.#agreement.set({ id: key, end: JSON.stringify([state, detail ?? null]), output: key, pattern })
  }
}
