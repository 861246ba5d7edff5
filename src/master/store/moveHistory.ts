import { cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HistoryChain } from './historyChain.ts'
import { RecordDigest } from './recordDigest.ts'
import { eventsOf } from './runEvents.ts'
import { runIdsIn } from './runFolders.ts'
import { isRunInUse } from './runRecord.ts'

/**
 * Moves the runs of one history into another. Runs that a living master holds stay, for the next call; what is in both is
 * left alone. If it is interrupted, each run is whole in one of the two.
 * @throws Error when a run cannot be moved: the next call goes on
 */
export async function moveHistory(from: string, to: string): Promise<void> {
  const runIds = await runIdsIn(from).catch(() => [])
  if (runIds.length === 0) return
  await mkdir(to, { recursive: true, mode: 0o700 })
  const chain = new HistoryChain(to)
  const moved: string[] = []
  try {
    for (const runId of runIds) {
      const [source, target] = [join(from, runId), join(to, runId)]
      if ((await isThere(target)) || (await isRunInUse(source))) continue
      const digest = await RecordDigest.of(eventsOf(source)).catch(() => undefined)
      await move(source, target)
      moved.push(runId)
      // The chain of the history that it comes from spoke for it; from here on this one does.
      if (digest !== undefined) await chain.append({ event: 'adopted', runId, ...digest.part() })
    }
  } finally {
    if (moved.length > 0) await new HistoryChain(from).append({ event: 'removed', runIds: moved })
  }
  if ((await runIdsIn(from)).length === 0) await rm(from, { recursive: true, force: true })
}

/** At once where both are on one file system; otherwise by a copy that only gets its name when it is whole. */
async function move(source: string, target: string): Promise<void> {
  try {
    await rename(source, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    const copy = `${target}.moving`
    await rm(copy, { recursive: true, force: true })
    await cp(source, copy, { recursive: true, preserveTimestamps: true })
    await rename(copy, target)
    await rm(source, { recursive: true, force: true })
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Moves a folder as a whole, unless there is one already. */
export async function moveUnlessThere(source: string, target: string): Promise<void> {
  if ((await isThere(target)) || (await readdir(source).catch(() => [])).length === 0) return
  await move(source, target)
}
