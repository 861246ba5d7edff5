import { randomBytes } from 'node:crypto'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunSummary } from '../../run/runSummary.ts'
import { LocalizableError, say, sentenceOf } from '../../text/localizable.ts'
import { holdRun } from './runRecord.ts'
import { runIdsIn } from './summaries.ts'

/** What a history keeps at most: so many runs, so many bytes in all, nothing older. */
export interface Retention {
  readonly maxRuns: number
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/** What a pruning did. */
export interface Pruned {
  readonly deleted: readonly string[]
  /** What could not be deleted, or not wholly. It is tried again the next time. */
  readonly failed: readonly RunNotDeleted[]
}

/** The files of a run that cannot be deleted; the message says which, why, and what to do. */
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

/** Folders of runs that are deleted, as far as the system lets us. */
const deletedMark = /\.deleted-[0-9a-f]+$/

/**
 * Deletes the files of a run. It is gone at once or is whole: a part of a run would be no use.
 * @throws RunNotDeleted
 */
export async function deleteRun(directory: string, runId: string): Promise<void> {
  const folder = join(directory, runId)
  const gone = `${folder}.deleted-${randomBytes(4).toString('hex')}`
  try {
    await rename(folder, gone)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new RunNotDeleted(folder, cause)
  }
  await remove(gone)
}

/** {@link History.prune}. @param runs the summaries of all, newest first */
export async function prune(
  directory: string,
  runs: readonly RunSummary[],
  retention: Retention,
  now: number,
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
      if (await deleteUnlessInUse(directory, runId)) deleted.push(runId)
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
    // A folder without a run in it: its master died while it made it.
    if (listed.has(runId) || now - (await madeAt(join(directory, runId))) <= retention.maxAgeMs) continue
    await deleteUnused(runId)
  }
  return { deleted, failed }
}

async function deleteUnlessInUse(directory: string, runId: string): Promise<boolean> {
  const folder = join(directory, runId)
  // In our hand nobody takes it up while it is deleted.
  const held = await holdRun(folder).catch((cause) => {
    throw new RunNotDeleted(folder, cause)
  })
  if (held === undefined) return false
  try {
    await deleteRun(directory, runId)
    return true
  } finally {
    await held.release().catch(() => {})
  }
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
