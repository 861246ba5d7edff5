import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { RunId } from '../../protocol/names.ts'
import { withoutSecrets } from '../../run/runRequest.ts'
import type { RunStart, RunState } from '../../run/runState.ts'
import { parseSummary, type RunSummary, summaryOf } from '../../run/runSummary.ts'
import { isRunInUse, type RecordedRun, RunRecord, readRun } from './runRecord.ts'

export type { RunSummary } from '../../run/runSummary.ts'

/**
 * Every run on disk as it happens, a folder each. The list is made of their summaries, without reading the rest. Several
 * processes may share a history: each run is written by the one that has it in hand, and read by all.
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

  /** Starts the record of a new run; the values of its secrets are left out. */
  async create(start: RunStart): Promise<RunRecord> {
    return RunRecord.create(this.#folder(start.runId), { ...start, request: withoutSecrets(start.request) })
  }

  /**
   * Reads a run, to look at it.
   * @throws Error when there is no such run, or its file does not begin like one
   */
  async load(runId: string): Promise<RecordedRun> {
    return readRun(this.#folder(runId), runId)
  }

  /**
   * Takes a run in hand, for what may still come.
   * @throws RunInUse when another master has it; Error as `load`
   */
  async resume(runId: string): Promise<{ state: RunState; record: RunRecord }> {
    return RunRecord.resume(this.#folder(runId), runId)
  }

  /** Whether there is a run with this id. */
  async has(runId: string): Promise<boolean> {
    if (!v.is(RunId, runId)) return false
    return stat(join(this.#folder(runId), 'run.ndjson')).then(
      () => true,
      () => false,
    )
  }

  /** All runs, newest first. What is not the folder of a run is left out. */
  async list(): Promise<RunSummary[]> {
    const found = await Promise.all((await this.#runIds()).map((runId) => this.#summary(runId)))
    return found.filter((summary) => summary !== undefined).sort((a, b) => b.startedAt - a.startedAt)
  }

  /** Whether a master has the run in hand: under way, or over and awaiting what comes late. */
  isInUse(runId: string): Promise<boolean> {
    return isRunInUse(this.#folder(runId))
  }

  /** Deletes a run, with its outputs. Fine when there is none. */
  async delete(runId: string): Promise<void> {
    await rm(this.#folder(runId), { recursive: true, force: true })
  }

  /**
   * Deletes the oldest runs until the rest keeps to `retention`. Runs that a master has in hand stay, and so do those that may
   * still be taken up: not over, and younger than `maxAgeMs`. Returns the deleted ids.
   */
  async prune(retention: Retention, now: number): Promise<string[]> {
    const deleted: string[] = []
    const runs = await this.list()
    let bytes = 0
    for (const [index, { runId, startedAt, phase }] of runs.entries()) {
      bytes += await folderBytes(this.#folder(runId))
      const tooOld = now - startedAt > retention.maxAgeMs
      const tooMany = index >= retention.maxRuns || bytes > retention.maxBytes
      if ((tooOld || (tooMany && phase === 'over')) && (await this.#deleteUnused(runId))) deleted.push(runId)
    }
    const listed = new Set(runs.map(({ runId }) => runId))
    for (const runId of await this.#runIds()) {
      // A folder without a run in it: its master died while it made it.
      if (!listed.has(runId) && now - (await madeAt(this.#folder(runId))) > retention.maxAgeMs) {
        if (await this.#deleteUnused(runId)) deleted.push(runId)
      }
    }
    return deleted
  }

  async #runIds(): Promise<string[]> {
    return (await readdir(this.#directory)).filter((name) => v.is(RunId, name))
  }

  async #summary(runId: string): Promise<RunSummary | undefined> {
    const text = await readFile(join(this.#folder(runId), 'summary.json'), 'utf8').catch(() => '')
    const summary = parseSummary(text)
    if (summary?.runId === runId) return summary
    return this.load(runId).then(
      ({ state }) => summaryOf(state),
      () => undefined,
    )
  }

  async #deleteUnused(runId: string): Promise<boolean> {
    if (await this.isInUse(runId)) return false
    await this.delete(runId)
    return true
  }

  #folder(runId: string): string {
    return join(this.#directory, v.parse(RunId, runId))
  }
}

/** What a history keeps at most: so many runs, so many bytes in all, nothing older. */
export interface Retention {
  readonly maxRuns: number
  readonly maxBytes: number
  readonly maxAgeMs: number
}

async function madeAt(folder: string): Promise<number> {
  return stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.POSITIVE_INFINITY,
  )
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
