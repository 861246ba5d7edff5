import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { RunId } from '../../protocol/names.ts'
import { withoutSecrets } from '../../run/runRequest.ts'
import type { RunStart, RunState } from '../../run/runState.ts'
import type { RunSummary } from '../../run/runSummary.ts'
import { deleteRun, type Pruned, prune, type Retention } from './retention.ts'
import { isRunInUse, type RecordedRun, RunRecord, readRun } from './runRecord.ts'
import { Summaries } from './summaries.ts'

export type { RunSummary } from '../../run/runSummary.ts'

/**
 * Every run on disk as it happens, a folder each. The list is made of their summaries, without reading the rest. Several
 * processes may share a history: each run is written by the one that has it in hand, and read by all.
 */
export class History {
  readonly #directory: string
  readonly #summaries: Summaries

  private constructor(directory: string) {
    this.#directory = directory
    this.#summaries = new Summaries(directory)
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
  list(): Promise<readonly RunSummary[]> {
    return this.#summaries.all()
  }

  /** Whether a master has the run in hand: under way, or over and awaiting what comes late. */
  isInUse(runId: string): Promise<boolean> {
    return isRunInUse(this.#folder(runId))
  }

  /**
   * Deletes a run, with its outputs. Fine when there is none.
   * @throws RunNotDeleted
   */
  async delete(runId: string): Promise<void> {
    await deleteRun(this.#directory, v.parse(RunId, runId))
  }

  /**
   * Deletes the oldest runs until the rest keeps to `retention`. Runs that a master has in hand stay, and so do those that may
   * still be taken up: not over, and younger than `maxAgeMs`. What cannot be deleted is left for the next time.
   */
  async prune(retention: Retention, now: number): Promise<Pruned> {
    return prune(this.#directory, await this.list(), retention, now)
  }

  #folder(runId: string): string {
    return join(this.#directory, v.parse(RunId, runId))
  }
}
