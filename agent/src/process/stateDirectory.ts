import { chmod, mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ProcessLock, takeLock } from '../../../src/locks/processLock.ts'

/** The lock that the agent holds which uses this state directory. */
export function lockOf(stateDirectory: string): string {
  return join(stateDirectory, 'lock')
}

/** A state directory that the agent cannot work with; the message says what to do. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError'
}

/**
 * Makes the directory and takes it for this process alone: two agents with one memory would execute commands twice. This
 * lasts up to 10 s when an agent of another container or machine ended without releasing it.
 * @throws StateDirectoryError
 */
export async function takeStateDirectory(path: string): Promise<ProcessLock> {
  let lock: ProcessLock | undefined
  try {
    // Scripts that run as other users lie beneath it: others may pass through, and see nothing.
    await mkdir(path, { recursive: true, mode: 0o711 })
    const { mode, uid } = await stat(path)
    if (uid !== process.getuid?.()) {
      throw new StateDirectoryError(
        `The state directory ${path} belongs to another user. Change its owner, or configure general.state_dir.`,
      )
    }
    if ((mode & 0o066) !== 0) await chmod(path, 0o711)
    lock = await takeLockInTightness(lockOf(path))
  } catch (cause) {
    if (cause instanceof StateDirectoryError) throw cause
    throw new StateDirectoryError(
      `Cannot use the state directory ${path}: ${(cause as Error).message}. Configure general.state_dir.`,
      { cause },
    )
  }
  if (lock !== undefined) return lock
  throw new StateDirectoryError(`Another agent is using the state directory ${path}. Stop it first.`)
}

/**
 * A lock needs a folder, for which a full disk may have no room: an empty one is kept for that, as nobody could tell otherwise
 * that an agent runs on a disk that somebody has to clean up.
 */
async function takeLockInTightness(path: string): Promise<ProcessLock | undefined> {
  const spare = `${path}.spare`
  const lock = await takeLock(path).catch(async (error) => {
    if (!/^(ENOSPC|EDQUOT)$/.test(error.code ?? '')) throw error
    // Takes the place of an empty folder only.
    await rename(spare, path).catch(() => {})
    return takeLock(path)
  })
  if (lock === undefined) return undefined
  const keepSpare = () => mkdir(spare, { mode: 0o700 }).catch(() => {})
  await keepSpare()
  return {
    lost: lock.lost,
    async release() {
      await lock.release()
      await keepSpare()
    },
  }
}
