import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { RunId } from '../protocol/names.ts'
import type { AgentState } from '../protocol/verdict.ts'
import { AppendOnlyFile } from './appendOnlyFile.ts'
import { OutputLog } from './outputLog.ts'
import { withoutSecrets } from './runRequest.ts'
import { applyEvent, type RunEvent, type RunStart, type RunState, startRunState } from './runState.ts'

/**
 * Every run on disk as it happens, a folder each: `run.ndjson` (its start, then its events), `output.log`, and
 * `summary.json`, from which the list is made without reading the rest. A crash leaves all three readable.
 */
export class History {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** Opens the history in `directory`, which is created, private to its owner, when it is not there. */
  static async open(directory: string): Promise<History> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return new History(directory)
  }

  /** Starts the record of a new run. */
  async create(start: RunStart): Promise<RunRecord> {
    const kept = { ...start, request: withoutSecrets(start.request) }
    const folder = join(this.#directory, start.runId)
    await mkdir(folder, { mode: 0o700 })
    const record = await RunRecord.open(folder)
    record.append({ v: 1, start: kept })
    await record.summarize(startRunState(kept))
    return record
  }

  /**
   * Reads a run and opens its record for what may still come.
   * @throws Error when there is no such run, or its file does not begin like one
   */
  async load(runId: string): Promise<{ state: RunState; record: RunRecord }> {
    const folder = this.#folder(runId)
    const lines = (await readFile(join(folder, 'run.ndjson'), 'utf8')).split('\n')
    const head = parseLine(lines[0] ?? '') as { v?: unknown; start?: RunStart } | undefined
    if (head?.v !== 1 || head.start?.runId !== runId) {
      throw new Error(`${join(folder, 'run.ndjson')} is not the record of run ${runId}`)
    }
    const state = startRunState(head.start)
    for (const line of lines.slice(1)) {
      // A torn line is the last one that a crash left, or damage: the events around it still tell the rest.
      const event = parseLine(line) as RunEvent | undefined
      if (event !== undefined) applyEvent(state, event)
    }
    return { state, record: await RunRecord.open(folder) }
  }

  async has(runId: string): Promise<boolean> {
    return stat(join(this.#directory, runId, 'run.ndjson')).then(
      () => true,
      () => false,
    )
  }

  /** All runs, newest first. Folders without a readable summary are left out. */
  async list(): Promise<RunSummary[]> {
    const summaries: RunSummary[] = []
    for (const name of await readdir(this.#directory)) {
      if (!v.is(RunId, name)) continue
      const text = await readFile(join(this.#directory, name, 'summary.json'), 'utf8').catch(() => '')
      const summary = parseLine(text)
      if (v.is(Summary, summary)) summaries.push(summary as unknown as RunSummary)
    }
    return summaries.sort((a, b) => b.startedAt - a.startedAt)
  }

  async delete(runId: string): Promise<void> {
    await rm(this.#folder(runId), { recursive: true, force: true })
  }

  /** Deletes the oldest runs until the rest keeps to `retention`. Runs that are not over stay. Returns the deleted ids. */
  async prune(retention: Retention, now: number): Promise<string[]> {
    const deleted: string[] = []
    let bytes = 0
    let count = 0
    for (const { runId, startedAt, phase } of await this.list()) {
      bytes += await folderBytes(this.#folder(runId))
      count += 1
      const tooMany =
        count > retention.maxRuns || bytes > retention.maxBytes || now - startedAt > retention.maxAgeMs
      if (phase !== 'over' || !tooMany) continue
      await this.delete(runId)
      deleted.push(runId)
    }
    return deleted
  }

  #folder(runId: string): string {
    return join(this.#directory, v.parse(RunId, runId))
  }
}

export interface Retention {
  readonly maxRuns: number
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/** What the list of runs shows. */
export type RunSummary = RunStart & {
  readonly phase: RunState['phase']
  readonly endedAt?: number
  readonly stopReason?: string
  readonly agents: number
  readonly counts: Record<AgentState, number>
}

/** The files of one run, open. */
export class RunRecord {
  readonly output: OutputLog
  readonly #folder: string
  readonly #events: AppendOnlyFile
  #summarizing: Promise<void> = Promise.resolve()

  private constructor(folder: string, output: OutputLog, events: AppendOnlyFile) {
    this.#folder = folder
    this.output = output
    this.#events = events
  }

  static async open(folder: string): Promise<RunRecord> {
    const output = await OutputLog.open(join(folder, 'output.log'))
    const events = await AppendOnlyFile.open(join(folder, 'run.ndjson'))
    // After a crash the last line may be torn: what follows must not be glued to it.
    const { size } = await events.handle.stat()
    if (size > 0) {
      const { buffer } = await events.handle.read(Buffer.alloc(1), 0, 1, size - 1)
      if (buffer[0] !== 0x0a) events.append(Buffer.from('\n'))
    }
    return new RunRecord(folder, output, events)
  }

  append(line: RunEvent | { v: 1; start: RunStart }): void {
    this.#events.append(Buffer.from(`${JSON.stringify(line)}\n`))
  }

  /** Writes the summary anew, whole or not at all. */
  summarize(state: RunState): Promise<void> {
    this.#summarizing = this.#summarizing.then(() => this.#writeSummary(state))
    return this.#summarizing
  }

  /** Resolves when all that came so far is on disk. */
  async flush(): Promise<void> {
    await Promise.all([this.#events.flush(), this.output.flush(), this.#summarizing])
  }

  async close(): Promise<void> {
    await this.#summarizing
    await Promise.all([this.#events.close(), this.output.close()])
  }

  async #writeSummary(state: RunState): Promise<void> {
    const { runId, environment, issuer, startedAt, endedAt, phase, stopReason, counts, replies } = state
    const request = withoutSecrets(state.request)
    const agents = replies.size
    const summary: RunSummary = {
      ...{ runId, environment, request, issuer, startedAt, phase, agents, counts },
      ...(endedAt === undefined ? {} : { endedAt }),
      ...(stopReason === undefined ? {} : { stopReason }),
    }
    const path = join(this.#folder, 'summary.json')
    await writeFile(`${path}.new`, JSON.stringify(summary), { mode: 0o600 })
    await rename(`${path}.new`, path)
  }
}

/** Our own file, but one that lies on a disk for months: enough is checked for the list to show it. */
const Summary = v.looseObject({
  runId: RunId,
  environment: v.string(),
  request: v.looseObject({ filter: v.string(), action: v.looseObject({ kind: v.string() }) }),
  issuer: v.looseObject({ name: v.string(), host: v.string() }),
  startedAt: v.number(),
  phase: v.picklist(['running', 'paused', 'over']),
  agents: v.number(),
  counts: v.record(v.string(), v.number()),
})

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  const sizes = names.map((name) =>
    stat(join(folder, name))
      .then(({ size }) => size)
      .catch(() => 0),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
