import { mkdir, open, readdir, rm, rmdir, stat, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { type LockEntries, markedAsHeld } from './contention.ts'
import type { ProcessMark } from './processMark.ts'

/** How often others may remove the folder (each when releasing the lock) just before an entry is created in it. */
const mostRemovals = 100

/**
 * The entries of one lock as empty files in a folder of its own: they can be created on a full disk, and no file system
 * shows half of one. It needs nothing that a network or container file system may lack: no links, sockets or file locks.
 */
export class LockFolder implements LockEntries {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  async names(): Promise<string[]> {
    try {
      return (await readdir(this.#path)).filter((name) => markOf(markedAsHeld(name) ?? name) !== undefined)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
  }

  async create(name: string): Promise<void> {
    for (let left = mostRemovals; ; left -= 1) {
      await mkdir(this.#path, { mode: 0o700 }).catch((error) => {
        if (codeOf(error) !== 'EEXIST') throw error
      })
      try {
        await (await open(join(this.#path, name), 'wx', 0o600)).close()
        return
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || left === 0) throw error
      }
    }
  }

  async remove(name: string): Promise<void> {
    const path = join(this.#path, name)
    await unlink(path).catch((error) => {
      if (codeOf(error) === 'ENOENT') return
      // On Windows a file cannot be removed while a virus scanner reads it.
      return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
    })
  }

  /** Removes the folder when it is empty. */
  async tidy(): Promise<void> {
    await rmdir(this.#path).catch(() => {})
  }

  /** @returns false when the entry no longer exists */
  async touch(name: string): Promise<boolean> {
    const now = new Date()
    return utimes(join(this.#path, name), now, now).then(
      () => true,
      (error) => codeOf(error) !== 'ENOENT',
    )
  }

  /** When its process last touched it, by the file system's clock, milliseconds; undefined when it no longer exists. */
  async touchedAt(name: string): Promise<number | undefined> {
    try {
      return (await stat(join(this.#path, name))).mtimeMs
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }
}

/** Later versions may add other forms of names, but must not change the meaning of this one. */
export function entryName(nonce: string, { space, pid, start }: ProcessMark): string {
  return `${nonce}.${space}.${pid}.${start === '' ? '-' : start}`
}

/** @returns undefined for a name that is not an entry */
export function markOf(name: string): ProcessMark | undefined {
  const [, space, pid, start] =
    /^[0-9a-f]{16}\.([0-9a-f]{16})\.([1-9]\d{0,9})\.(\d{1,20}|-)$/.exec(name) ?? []
  if (space === undefined || start === undefined) return undefined
  return { space, pid: Number(pid), start: start === '-' ? '' : start }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
