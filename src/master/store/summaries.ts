import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSummary, type RunSummary, summaryOf } from '../../run/runSummary.ts'
import { runIdsIn } from './runFolders.ts'
import { readRun } from './runRecord.ts'

/** Most files open at a time. */
const atOnce = 32

/** Longer summaries (with a script) are read again each time instead of cached, as there may be thousands. Bytes. */
const mostKeptBytes = 8 * 1024

/**
 * The summaries of all runs in a folder. Calls during a read share the next read, and summaries that have not changed
 * since the last one are not read again.
 */
export class Summaries {
  readonly #directory: string
  #current: Promise<readonly RunSummary[]> | undefined
  #next: Promise<readonly RunSummary[]> | undefined
  #kept = new Map<string, Kept>()
  /** What the last list was read from: the folder, and the summaries of unfinished runs, with their stamps. */
  #listed: ReadonlyMap<string, string | undefined> | undefined

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Newest first, as of the call or later. Other folders are ignored. */
  all(): Promise<readonly RunSummary[]> {
    // Not the current read: it may have missed what has just changed.
    this.#next ??= this.#afterCurrent()
    return this.#next
  }

  /** See `History.hasChanged`. */
  async hasChanged(): Promise<boolean> {
    const listed = this.#listed
    if (listed === undefined) return true
    for (const [path, stamp] of listed) if ((await stampOf(path)) !== stamp) return true
    return false
  }

  async #afterCurrent(): Promise<readonly RunSummary[]> {
    await this.#current?.catch(() => {})
    this.#current = this.#next
    this.#next = undefined
    return this.#read()
  }

  async #read(): Promise<readonly RunSummary[]> {
    // First: what comes meanwhile counts as a change.
    const listed = new Map([[this.#directory, await stampOf(this.#directory)]])
    const runIds = await runIdsIn(this.#directory)
    const found: RunSummary[] = []
    const kept = new Map<string, Kept>()
    for (let from = 0; from < runIds.length; from += atOnce) {
      const some = runIds.slice(from, from + atOnce)
      await Promise.all(
        some.map(async (runId) => {
          const read = await this.#summary(runId)
          if (read === undefined) return
          found.push(read.summary)
          if (read.summary.phase !== 'over')
            listed.set(join(this.#directory, runId, 'summary.json'), read.stamp)
          if (read.bytes <= mostKeptBytes) kept.set(runId, read)
        }),
      )
    }
    this.#kept = kept
    this.#listed = listed
    return found.sort((a, b) => b.startedAt - a.startedAt)
  }

  async #summary(runId: string): Promise<Kept | undefined> {
    const folder = join(this.#directory, runId)
    const stamp = (await stampOf(join(folder, 'summary.json'))) ?? (await stampOf(join(folder, 'run.ndjson')))
    const known = this.#kept.get(runId)
    if (stamp === undefined) return undefined
    if (known?.stamp === stamp) return known
    const text = await readFile(join(folder, 'summary.json'), 'utf8').catch(() => '')
    const summary = parseSummary(text)
    if (summary?.runId === runId) return { stamp, summary, bytes: text.length }
    return readRun(folder, runId).then(
      ({ state }) => ({ stamp, summary: summaryOf(state), bytes: 0 }),
      () => undefined,
    )
  }
}

interface Kept {
  /** Differs when the file may have changed. */
  readonly stamp: string
  readonly summary: RunSummary
  readonly bytes: number
}

async function stampOf(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(
    ({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`,
    () => undefined,
  )
}
