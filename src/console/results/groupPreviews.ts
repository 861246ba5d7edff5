import type { PatternLine } from '../../answers/shownPattern.ts'
import { isFailure, isVerdict } from '../../protocol/verdict.ts'
import type { AgreeingGroup } from '../../report/agreeingGroups.ts'
import type { Translate } from '../../text/translate.ts'
import { cardLines } from './cardLines.ts'
import { firstLines, lastLines, previewBytes } from './outputPreview.ts'
import {
  type PatternPreview,
  patternPreview,
  placesIn,
  plainPreview,
  shownPreview,
} from './patternPreview.ts'
import type { groupRow } from './projection.ts'
import type { RunAnswers } from './runAnswers.ts'
import type { ShownRun } from './shownRun.ts'

/** With few groups their cards have room for more lines. */
const fewGroups = 8
const [maxLines, maxLinesOfFew] = [3, 12]

/** Outputs up to this size are compared with that of the majority. */
const comparedBytes = 32 * 1024

/** Lines of a group's output, and what they depend on. */
interface Preview {
  readonly from: string
  readonly preview: ReturnType<typeof plainPreview> | PatternPreview
}

/** The lines of output on the cards of groups. */
export class GroupPreviews {
  readonly #run: ShownRun
  readonly #answers: RunAnswers
  readonly #t: Translate
  readonly #previews = new Map<string, Preview>()

  constructor(run: ShownRun, answers: RunAnswers, t: Translate) {
    this.#run = run
    this.#answers = answers
    this.#t = t
  }

  /** As the page gets them; undefined while they are not read. */
  of(group: AgreeingGroup): Parameters<typeof groupRow>[1]['preview'] {
    const preview = this.#previews.get(group.key)?.preview
    return preview !== undefined && 'isPattern' in preview
      ? shownPreview(preview, this.#answers.spreads(group, placesIn(preview)), this.#t)
      : preview
  }

  /**
   * Reads the lines that are not known yet, or that have changed: the output of a reply that was given up may still
   * grow, and another agent may stand for the group. Returns whether there is a line that was not there before.
   */
  async read(groups: readonly AgreeingGroup[], majority: AgreeingGroup | undefined): Promise<boolean> {
    let found = false
    const most = groups.length <= fewGroups ? maxLinesOfFew : maxLines
    let common: Promise<PatternLine[]> | undefined
    for (const group of groups) {
      const { key, representative, originals } = group
      const compared = this.#comparedWith(group, majority)
      const known = this.#previews.get(key)
      const kind = originals.length > 1 ? 'pattern' : 'plain'
      const from = [kind, most, this.#stateOf(representative), compared && this.#stateOf(compared)].join(' ')
      if (known?.from === from) continue
      if (compared !== undefined) common ??= this.#answers.patternOf(compared)
      const preview = await this.#read(group, compared === undefined ? undefined : await common, most)
      this.#previews.set(key, { from, preview })
      found ||= preview.lines.length > 0 || (known?.preview.lines.length ?? 0) > 0
    }
    return found
  }

  /** An output, and how much there is of it. */
  #stateOf(agentId: string): string {
    return `${agentId}:${this.#bytes(agentId)}`
  }

  #bytes(agentId: string): number {
    const { stdoutBytes = 0, stderrBytes = 0 } = this.#run.state.replies.get(agentId) ?? {}
    return stdoutBytes + stderrBytes
  }

  /** The agent that stands for the majority, for a group that is not the majority and can be compared with it. */
  #comparedWith(group: AgreeingGroup, majority: AgreeingGroup | undefined): string | undefined {
    if (majority === undefined || majority.key === group.key || !group.isOrdinary) return undefined
    const agentIds = [majority.representative, group.representative]
    return agentIds.every((agentId) => this.#bytes(agentId) <= comparedBytes)
      ? majority.representative
      : undefined
  }

  async #read(
    group: AgreeingGroup,
    majority: readonly PatternLine[] | undefined,
    most: number,
  ): Promise<Preview['preview']> {
    const { representative: agentId, state, originals } = group
    const isFailed = isVerdict(state) && isFailure(state)
    // Where a cancel cut the outputs, they have no places in common.
    const isPattern = originals.length > 1 && state !== 'cancelled'
    if (!isPattern && majority === undefined) return this.#readEnd(agentId, isFailed, most)
    const lines = await this.#answers.patternOf(agentId)
    const chosen = cardLines(lines, { majority, isFailure: isFailed, most })
    const hostname = this.#run.state.replies.get(agentId)?.hostname ?? ''
    return isPattern ? patternPreview(chosen, hostname) : plainPreview(chosen)
  }

  /** The beginning of an output of any size, or its end. */
  async #readEnd(agentId: string, isEnd: boolean, most: number): Promise<Preview['preview']> {
    const bytes = this.#bytes(agentId)
    const from = isEnd ? Math.max(0, bytes - previewBytes) : 0
    const chunks = await this.#run.output(agentId, from, previewBytes)
    const { lines, more } = (isEnd ? lastLines : firstLines)(chunks, most)
    return { lines, more: more || bytes > previewBytes }
  }
}
