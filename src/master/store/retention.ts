import { randomBytes } from 'node:crypto'
import { lstat, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunSummary } from '../../run/runSummary.ts'
import { LocalizableError, say, sentenceOf } from '../../text/localizable.ts'
import type { HistoryChain } from './historyChain.ts'
import { runIdsIn } from './runFolders.ts'
import { holdRun } from './runRecord.ts'

/** Limits of a history: number of runs, total bytes, age. */
export interface Retention {
  readonly maxRuns: number
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/** The result of pruning. */
export interface Pruned {
  readonly deleted: readonly string[]
  /** Runs that could not be deleted, or not completely. The next pruning tries them again. */
  readonly failed: readonly RunNotDeleted[]
}

/** The files of a run cannot be deleted; the message says which, why, and what to do. */
export class RunNotDeleted extends LocalizableError {
  override readonly name = 'RunNotDeleted'

  constructor(folder: string, cause: unknown) {
    super(
      say(
        'Cannot delete the run in {0} ({1}). Close the programs that have its files open, check who owns them, or delete the folder yourself.',
        folder,
        sentenceOf(cause),
      ),
      { cause },
    )
  }
}

/** Marks folders of deleted runs that the system may not have let us remove completely. */
const deletedMark = /\.deleted-[0-9a-f]+$/

/**
 * Deletes the files of a run. It disappears at once or stays complete, since a part of a run is of no use. The chain says so
 * before: a run that is gone without a word was not deleted by us.
 * @throws RunNotDeleted
 */
export async function deleteRun(directory: string, runId: string, chain: HistoryChain): Promise<void> {
  const folder = join(directory, runId)
  if (!(await exists(folder))) return
  await chain.append({ event: 'removed', runIds: [runId] })
  const gone = `${folder}.deleted-${randomBytes(4).toString('hex')}`
  try {
    await rename(folder, gone)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new RunNotDeleted(folder, cause)
  }
  await remove(gone)
}

/** See {@link History.prune}. @param runs the summaries of all runs, newest first */
export async function prune(
  directory: string,
  runs: readonly RunSummary[],
  retention: Retention,
  now: number,
  chain: HistoryChain,
): Promise<Pruned> {
  const deleted: string[] = []
  const failed: RunNotDeleted[] = []
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof RunNotDeleted)) throw error
      failed.push(error)
    }
  }
  const deleteUnused = (runId: string) =>
    attempt(async () => {
      if (await deleteUnlessInUse(directory, runId, chain)) deleted.push(runId)
    })
  for (const name of await readdir(directory)) {
    if (deletedMark.test(name)) await attempt(() => remove(join(directory, name)))
  }
  let bytes = 0
  for (const [index, { runId, startedAt, phase }] of runs.entries()) {
    bytes += await folderBytes(join(directory, runId))
    const tooOld = now - startedAt > retention.maxAgeMs
    const tooMany = index >= retention.maxRuns || bytes > retention.maxBytes
    if (tooOld || (tooMany && phase === 'over')) await deleteUnused(runId)
  }
  const listed = new Set(runs.map(({ runId }) => runId))
  for (const runId of await runIdsIn(directory)) {
    // A folder without a run: its master died while creating it.
    if (listed.has(runId) || now - (await madeAt(join(directory, runId))) <= retention.maxAgeMs) continue
    await deleteUnused(runId)
  }
  return { deleted, failed }
}

async function deleteUnlessInUse(directory: string, runId: string, chain: HistoryChain): Promise<boolean> {
  const folder = join(directory, runId)
  // Held, so that no other process resumes it while it is deleted.
  const held = await holdRun(folder).catch((cause) => {
    throw new RunNotDeleted(folder, cause)
  })
  if (held === undefined) return false
  try {
    await deleteRun(directory, runId, chain)
    return true
  } finally {
    await held.release().catch(() => {})
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch((cause) => {
    throw new RunNotDeleted(folder, cause)
  })
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
