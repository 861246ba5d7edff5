import { mkdir, rename, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ChainHead } from '../../chain/hashChain.ts'
import { isLocked, lastHeldAt, type ProcessLock, takeLock } from '../../locks/processLock.ts'
import type { RunEvent } from '../../run/runEvent.ts'
import { type RunStart, type RunState, startRunState } from '../../run/runState.ts'
import { summaryOf } from '../../run/runSummary.ts'
import { LocalizableError, say } from '../../text/localizable.ts'
import { AppendOnlyFile } from './appendOnlyFile.ts'
import type { HistoryChain } from './historyChain.ts'
import { OutputLog } from './outputLog.ts'
import { RecordDigest } from './recordDigest.ts'
import { bytesIn, eventsOf, outputOf, readEvents, recordVersion } from './runEvents.ts'
import { SummaryPace } from './summaryPace.ts'

/**
 * The folder of one run, held by the one master that completes it: `run.ndjson` (its start, then its events),
 * `output.log`, and `summary.json`. Events are written after the output that they mention, so that a run can be resumed
 * after a crash at any point: output that the events mention is on disk, and other output arrives again. The chain of the
 * history vouches for the events.
 */
export class RunRecord {
  readonly output: OutputLog
  readonly #folder: string
  readonly #events: AppendOnlyFile
  readonly #lock: ProcessLock
  readonly #chain: HistoryChain
  readonly #summaryPace = new SummaryPace()
  /** Of all events that were written. */
  readonly #digest: RecordDigest
  /** Whether the chain knows how the run ended. */
  #isEndKept = false
  #summarizing: Promise<void> = Promise.resolve()
  #summaryWaits = false

  private constructor(
    folder: string,
    output: OutputLog,
    lock: ProcessLock,
    chain: HistoryChain,
    digest = new RecordDigest(),
  ) {
    this.#folder = folder
    this.output = output
    this.#chain = chain
    this.#digest = digest
    this.#events = new AppendOnlyFile(eventsOf(folder), () => output.flush())
    this.#lock = lock
    lock.lost.addEventListener('abort', () => {
      const reason = new RunInUse(say('Another master may be working on the run in {0} by now.', folder))
      output.refuse(reason)
      this.#events.refuse(reason)
    })
  }

  /** Starts the record of a new run. `start` must not contain secrets. */
  static async create(folder: string, start: RunStart, chain: HistoryChain): Promise<RunRecord> {
    await mkdir(folder, { mode: 0o700 })
    const held = await lock(folder)
    try {
      const record = new RunRecord(folder, await OutputLog.resume(outputOf(folder)), held, chain)
      record.#write({ v: recordVersion, start, after: chain.head() })
      const first = record.#digest.part()
      await record.summarize(startRunState(start))
      await chain.append({ event: 'begun', runId: start.runId, ...first })
      return record
    } catch (error) {
      await held.release()
      throw error
    }
  }

  /**
   * Reads and holds a run that no other process holds.
   * @throws RunInUse, or Error when the folder does not contain the run
   */
  static async resume(folder: string, runId: string, chain: HistoryChain): Promise<ResumedRecord> {
    const touchedAt = await lastHeldAt(ownerOf(folder))
    const held = await lock(folder)
    try {
      const { state, end, lastAt } = await readEvents(folder, runId)
      await truncate(eventsOf(folder), end)
      const output = await OutputLog.resume(outputOf(folder), bytesIn(state))
      const heldUntil = Math.max(lastAt, touchedAt ?? lastAt)
      const digest = await RecordDigest.of(eventsOf(folder), end)
      const record = new RunRecord(folder, output, held, chain, digest)
      await chain.append({ event: 'resumed', runId })
      // It is behind the events where its process ended between the two.
      await record.summarize(state)
      return { state, record, heldUntil }
    } catch (error) {
      await held.release()
      throw error
    }
  }

  append(event: RunEvent): void {
    this.#summaryPace.changed()
    this.#write(event)
  }

  /** Replaces the summary of a run in progress every now and then, for those who only read it. @param now milliseconds of any clock */
  async keepSummary(state: RunState, now: number): Promise<void> {
    if (state.phase !== 'over' && this.#summaryPace.isDue(now)) await this.summarize(state)
  }

  /** Replaces the summary, completely or not at all. */
  summarize(state: RunState): Promise<void> {
    // The waiting write will use the state of that time: ten thousand late replies do not cause ten thousand writes.
    if (this.#summaryWaits) return this.#summarizing
    this.#summaryWaits = true
    this.#summarizing = this.#summarizing.catch(() => {}).then(() => this.#writeSummary(state))
    return this.#summarizing
  }

  /**
   * Resolves when everything so far is written.
   * @throws Error when it could not be written
   */
  async flush(): Promise<void> {
    await Promise.all([this.#events.flush(), this.output.flush(), this.#summarizing])
  }

  /** Releases the run for other masters. Its output can still be read. */
  async close(): Promise<void> {
    try {
      await this.flush()
      await this.#keep(this.#digest.part(), true)
    } finally {
      await this.#lock.release()
    }
  }

  #write(line: RunEvent | { v: number; start: RunStart; after: ChainHead }): void {
    const text = `${JSON.stringify(line)}\n`
    this.#digest.add(text)
    this.#events.append(text)
  }

  /** Has the chain vouch for events, which are on disk then. @throws Error when they could not be written */
  async #keep(part: ReturnType<RecordDigest['part']>, isReleased: boolean): Promise<void> {
    await this.#events.flush()
    await this.#chain.append({ event: 'kept', runId: basename(this.#folder), ...part, isReleased })
  }

  async #writeSummary(state: RunState): Promise<void> {
    this.#summaryWaits = false
    const [text, part] = [JSON.stringify(summaryOf(state)), this.#digest.part()]
    // It must not be ahead of the events: a run that its summary calls over is not resumed.
    await this.#events.flush()
    const path = join(this.#folder, 'summary.json')
    await writeFile(`${path}.new`, text, { mode: 0o600 })
    await rename(`${path}.new`, path)
    if (state.phase !== 'over' || this.#isEndKept) return
    this.#isEndKept = true
    await this.#keep(part, false)
  }
}

/** A run to go on with. */
export interface ResumedRecord {
  readonly state: RunState
  readonly record: RunRecord
  /**
   * Until when a master is known to have held the run, milliseconds since the epoch: its last event, or the last sign of life
   * of a process that died, which gives one every 3 s.
   */
  readonly heldUntil: number
}

/** A run as read from disk; another process may be writing it at the same time. */
export interface RecordedRun {
  readonly state: RunState
  readonly record: { readonly output: Pick<OutputLog, 'read' | 'bytes'> }
}

/** Another master holds the run. */
export class RunInUse extends LocalizableError {
  override readonly name = 'RunInUse'
}

/** @throws Error when the folder does not contain the run */
export async function readRun(folder: string, runId: string): Promise<RecordedRun> {
  const { state } = await readEvents(folder, runId)
  return { state, record: { output: await OutputLog.open(outputOf(folder), bytesIn(state)) } }
}

/** Holds the run without reading it; undefined when a living master holds it. */
export function holdRun(folder: string): Promise<ProcessLock | undefined> {
  return takeLock(ownerOf(folder))
}

/** Whether a living master holds the run. */
export function isRunInUse(folder: string): Promise<boolean> {
  return isLocked(ownerOf(folder))
}

async function lock(folder: string): Promise<ProcessLock> {
  const held = await holdRun(folder)
  if (held === undefined) throw new RunInUse(say('Another master is working on the run in {0}.', folder))
  return held
}

const ownerOf = (folder: string) => join(folder, 'owner')
