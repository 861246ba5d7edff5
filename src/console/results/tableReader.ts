import { setImmediate as turn } from 'node:timers/promises'
import { type Column, columnText } from '../../answers/column.ts'
import { columnReader, factValue, isOutputColumn } from '../../answers/columnValues.ts'
import type { AgentRecords } from '../../answers/fleetTable.ts'
import { findRecords, type Records, recordLimits } from '../../answers/records.ts'
import { valuesRecord } from '../../answers/valuesRecord.ts'
import type { Facts } from '../../protocol/facts.ts'
import { isVerdict } from '../../protocol/verdict.ts'
import type { ReplyState } from '../../run/runState.ts'
import { plainLines } from '../../terminal/plainLines.ts'
import type { ShownRun } from './shownRun.ts'

/** The page is answered between two slices of reading, which take about this long, milliseconds. */
const sliceMs = 8

/** What was read of an output, and the digest of what it was. */
interface Read {
  readonly digest: string
  readonly records: Records | undefined
  /** Where there are no records: the values in its sentences. */
  readonly values: Records | undefined
  /** Of the columns that were asked for then, by their texts. */
  readonly others: ReadonlyMap<string, string>
  /** The readers of these columns, to tell whether it has to be read again. */
  readonly columns: string
}

/** Reads what the outputs of a run say in columns, each once, and again only for other columns. */
export class TableReader {
  readonly #run: ShownRun
  readonly #factsOf: (agentId: string) => Facts | undefined
  readonly #read = new Map<string, Read>()
  #columns: readonly Column[] = []
  #reader: ReturnType<typeof columnReader> = columnReader([])
  #readColumns = ''

  constructor(run: ShownRun, factsOf: (agentId: string) => Facts | undefined) {
    this.#run = run
    this.#factsOf = factsOf
  }

  /**
   * These columns from now on.
   * @throws LocalizableError when the expression of one is not valid; the columns stay as they were
   */
  choose(columns: readonly Column[]): void {
    const own = columns.filter(isOutputColumn)
    const readColumns = JSON.stringify(own.map(columnText))
    if (readColumns !== this.#readColumns) this.#reader = columnReader(own)
    this.#readColumns = readColumns
    this.#columns = columns
  }

  /** Reads what was not read yet, as long as `isWanted`, which may change meanwhile. */
  async readAll(isWanted: () => boolean): Promise<void> {
    let startedAt = performance.now()
    const breathe = async () => {
      if (performance.now() - startedAt < sliceMs) return
      await turn()
      startedAt = performance.now()
    }
    for (const reply of this.#run.state.replies.values()) {
      if (!isWanted()) return
      const { agentId, digest, output } = reply
      if (digest === undefined || output !== 'complete') continue
      const known = this.#read.get(agentId)
      if (known?.digest === digest && known.columns === this.#readColumns) continue
      this.#read.set(agentId, await this.#readOne(reply, digest, known, breathe))
      await breathe()
    }
  }

  /** Of all agents with a verdict, as far as it is read. */
  agents(): AgentRecords[] {
    const read = [...this.#read.values()]
    const haveRecords = read.filter(({ records }) => records !== undefined).length * 2 > read.length
    return [...this.#run.state.replies.values()].flatMap(({ agentId, hostname, state }) => {
      if (!isVerdict(state)) return []
      const { records, values, others } = this.#read.get(agentId) ?? {}
      return [
        {
          agentId,
          hostname,
          records: haveRecords ? records : values,
          others: this.#withFacts(agentId, others),
        },
      ]
    })
  }

  async #readOne(
    { agentId, stdoutBytes }: ReplyState,
    digest: string,
    known: Read | undefined,
    breathe: () => Promise<void>,
  ): Promise<Read> {
    const columns = this.#readColumns
    const isSmall = stdoutBytes <= recordLimits.characters
    const chunks = isSmall ? await this.#run.output(agentId) : []
    const lines = plainLines(chunks.filter(({ stream }) => stream === 1))
    const found = known?.digest === digest ? known : { digest, ...(isSmall ? recordsOf(lines) : nothing) }
    return { ...found, columns, others: await this.#reader(lines, breathe) }
  }

  #withFacts(agentId: string, others: ReadonlyMap<string, string> | undefined): ReadonlyMap<string, string> {
    const all = new Map(others)
    for (const column of this.#columns) {
      const value = column.kind === 'fact' ? factValue(this.#factsOf(agentId), column.path) : undefined
      if (value !== undefined) all.set(columnText(column), value)
    }
    return all
  }
}

const nothing = { records: undefined, values: undefined }

function recordsOf(lines: readonly string[]): Pick<Read, 'records' | 'values'> {
  const records = findRecords(lines)
  return records === undefined ? { records, values: valuesRecord(lines) } : { records, values: undefined }
}
