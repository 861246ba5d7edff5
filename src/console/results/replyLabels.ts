import { setImmediate as turn } from 'node:timers/promises'
import { factValue } from '../../answers/columnValues.ts'
import type { GroupBy } from '../../answers/groupBy.ts'
import { type Capture, compileCapture } from '../../answers/linearExpression.ts'
import { recordLimits } from '../../answers/records.ts'
import type { Facts } from '../../protocol/facts.ts'
import { isVerdict } from '../../protocol/verdict.ts'
import type { Group } from '../../report/grouping.ts'
import { plainLines } from '../../terminal/plainLines.ts'
import { lastLine, previewBytes } from './outputPreview.ts'
import type { ShownRun } from './shownRun.ts'

export type LabelBy = Exclude<GroupBy, { kind: 'level' }>

/** The page is answered between two slices of reading, which take about this long, milliseconds. */
const sliceMs = 8
/** The most characters of a label. */
const maxCharacters = 300

/** What replies are grouped by where it is neither words nor bytes. Outputs are read once, and only for what needs them. */
export class ReplyLabels {
  readonly #run: ShownRun
  readonly #factsOf: (agentId: string) => Facts | undefined
  readonly by: LabelBy
  readonly #capture: Capture | undefined
  /** By groups of identical replies. */
  readonly #read = new Map<string, string | undefined>()
  #reading: Promise<boolean> | undefined
  #isStopped = false

  /** @throws LocalizableError when it is a capture whose expression is not valid */
  constructor(run: ShownRun, by: LabelBy, factsOf: (agentId: string) => Facts | undefined) {
    this.#run = run
    this.#factsOf = factsOf
    this.by = by
    this.#capture = by.kind === 'capture' ? compileCapture(by.expression) : undefined
  }

  of(agentId: string, { key }: Group): string | undefined {
    if (this.by.kind === 'exit') return undefined
    // What is not read yet is not the same as what has no such value.
    if (this.by.kind !== 'fact') return this.#read.has(key) ? this.#read.get(key) : '…'
    return factValue(this.#factsOf(agentId), this.by.path)?.slice(0, maxCharacters)
  }

  /** Reads the outputs that are not read yet. Returns whether there were any. Concurrent calls share one reading. */
  read(groups: readonly Group[]): Promise<boolean> {
    if (this.by.kind === 'exit' || this.by.kind === 'fact') return Promise.resolve(false)
    this.#reading ??= this.#readAll(groups).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  stop(): void {
    this.#isStopped = true
  }

  async #readAll(groups: readonly Group[]): Promise<boolean> {
    let found = false
    let startedAt = performance.now()
    const breathe = async () => {
      if (performance.now() - startedAt < sliceMs) return
      await turn()
      startedAt = performance.now()
    }
    for (const { key, state, representative } of groups) {
      if (this.#isStopped) return false
      if (!isVerdict(state) || this.#read.has(key)) continue
      const label =
        this.#capture === undefined
          ? await this.#lastLine(representative)
          : await this.#captured(this.#capture, representative, breathe)
      this.#read.set(key, label?.slice(0, maxCharacters))
      found = true
      await breathe()
    }
    return found
  }

  async #lastLine(agentId: string): Promise<string | undefined> {
    const reply = this.#run.state.replies.get(agentId)
    const bytes = (reply?.stdoutBytes ?? 0) + (reply?.stderrBytes ?? 0)
    const from = Math.max(0, bytes - previewBytes)
    return lastLine(await this.#run.output(agentId, from, previewBytes)) || undefined
  }

  async #captured(
    capture: Capture,
    agentId: string,
    breathe: () => Promise<void>,
  ): Promise<string | undefined> {
    for (const line of plainLines(await this.#run.output(agentId, 0, recordLimits.characters))) {
      const value = capture.in(line)
      if (value !== undefined) return value
      await breathe()
      if (this.#isStopped) return undefined
    }
    return undefined
  }
}
