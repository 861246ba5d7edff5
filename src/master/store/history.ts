import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { RunId } from '../../protocol/names.ts'
import { withoutSecrets } from '../../run/runRequest.ts'
import type { RunStart } from '../../run/runState.ts'
import type { RunSummary } from '../../run/runSummary.ts'
import { requestCancel, takeCancelRequest } from './cancelRequest.ts'
import { HistoryChain } from './historyChain.ts'
import { deleteRun, type Pruned, prune, type Retention } from './retention.ts'
import { type BegunRun, readBeginning } from './runEvents.ts'
import { RunReader } from './runReader.ts'
import { isRunInUse, type RecordedRun, type ResumedRecord, RunRecord, readRun } from './runRecord.ts'
import { Summaries } from './summaries.ts'
import { type HistoryReport, verifyHistory } from './verifyHistory.ts'

export type { RunSummary } from '../../run/runSummary.ts'

/**
 * Every run on disk as it happens, one folder per run. The list comes from their summaries, without reading the rest.
 * Several processes may share a history: each run is written by the process that holds it, and read by all.
 */
export class History {
  readonly #directory: string
  readonly #summaries: Summaries
  readonly #chain: HistoryChain

  private constructor(directory: string) {
    this.#directory = directory
    this.#summaries = new Summaries(directory)
    this.#chain = new HistoryChain(directory)
  }

  /** Opens the history in `directory`, which is created, accessible only to its owner, if it does not exist. */
  static async open(directory: string): Promise<History> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return new History(directory)
  }

  /** Starts the record of a new run, without the values of its secrets. */
  async create(start: RunStart): Promise<RunRecord> {
    const recorded = { ...start, request: withoutSecrets(start.request) }
    return RunRecord.create(this.#folder(start.runId), recorded, this.#chain)
  }

  /**
   * Reads a run without holding it.
   * @throws Error when there is no such run, or its file is not the record of one
   */
  async load(runId: string): Promise<RecordedRun> {
    return readRun(this.#folder(runId), runId)
  }

  /**
   * Reads and holds a run, to record what may still come.
   * @throws RunInUse when another master holds it; Error as `load`
   */
  async resume(runId: string): Promise<ResumedRecord> {
    return RunRecord.resume(this.#folder(runId), runId, this.#chain)
  }

  /** Whether there is a run with this id. */
  async has(runId: string): Promise<boolean> {
    if (!v.is(RunId, runId)) return false
    return stat(join(this.#folder(runId), 'run.ndjson')).then(
      () => true,
      () => false,
    )
  }

  /**
   * The beginning of a run, without reading the rest.
   * @throws Error as `load`
   */
  async begun(runId: string): Promise<BegunRun> {
    return readBeginning(this.#folder(runId), runId)
  }

  /**
   * Reads a run that another process may be writing, to read further later.
   * @throws Error as `load`
   */
  async read(runId: string): Promise<RunReader> {
    return RunReader.open(this.#folder(runId), runId)
  }

  /** Asks the process that holds the run to cancel it. @throws Error when that cannot be written */
  requestCancel(runId: string): Promise<void> {
    return requestCancel(this.#folder(runId))
  }

  /** Whether another process asks for a cancel of this run; each request is answered once. */
  takeCancelRequest(runId: string): Promise<boolean> {
    return takeCancelRequest(this.#folder(runId))
  }

  /** Whether runs came or went, or unfinished ones have another summary, since the last {@link list}. Cheaper than a list. */
  hasChanged(): Promise<boolean> {
    return this.#summaries.hasChanged()
  }

  /** All runs, newest first. Other folders are ignored. */
  list(): Promise<readonly RunSummary[]> {
    return this.#summaries.all()
  }

  /** Whether a master holds the run: active, or over and waiting for late replies. */
  isInUse(runId: string): Promise<boolean> {
    return isRunInUse(this.#folder(runId))
  }

  /**
   * Deletes a run with its outputs. Succeeds also when it does not exist.
   * @throws RunNotDeleted
   */
  async delete(runId: string): Promise<void> {
    await deleteRun(this.#directory, v.parse(RunId, runId), this.#chain)
  }

  /**
   * Deletes the oldest runs until the rest is within `retention`. Runs that a master holds stay, and so do those that may
   * still be resumed: not over, and younger than `maxAgeMs`. What cannot be deleted is left for the next call.
   */
  async prune(retention: Retention, now: number): Promise<Pruned> {
    return prune(this.#directory, await this.list(), retention, now, this.#chain)
  }

  /** Checks all records against the chain. @throws Error when they cannot be read */
  verify(): Promise<HistoryReport> {
    return verifyHistory(this.#directory)
  }

  #folder(runId: string): string {
    return join(this.#directory, v.parse(RunId, runId))
  }
}
