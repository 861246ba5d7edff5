import { lstat, readFile, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { relative } from 'node:path'

/** A lock file untouched for longer is abandoned (it was touched every 30 s), milliseconds. */
const silentMs = 5 * 60_000

/**
 * Whether a process of version 0.1.0 or before holds `path`: windows and agents of both versions may run at the same
 * time. A master's lock was then a file with its process id, an agent's a socket. An abandoned one is removed. (The
 * earlier versions take a folder for a held lock.)
 */
export async function isHeldByEarlierVersion(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || found.isDirectory()) return false
  const isHeld = found.isSocket()
    ? await isAnswered(path)
    : Math.abs(Date.now() - found.mtimeMs) < silentMs && isAlive(await textOf(path))
  // `unlink` never removes a folder, so one that a process of this version has created meanwhile stays.
  if (!isHeld) await unlink(path).catch(() => {})
  return isHeld
}

/** When the lock of such a version was last touched, milliseconds; it was touched every 30 s. Undefined if there is none. */
export async function earlierTouchedAt(path: string): Promise<number | undefined> {
  const found = await lstat(path).catch(() => undefined)
  return found === undefined || found.isDirectory() ? undefined : found.mtimeMs
}

/** Empty when another process has taken the lock over meanwhile. */
function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EISDIR') return ''
    throw error
  })
}

function isAlive(text: string): boolean {
  try {
    const { pid, host } = JSON.parse(text)
    if (!Number.isInteger(pid) || pid < 1) return false
    return host !== hostname() || process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isAnswered(path: string): Promise<boolean> {
  // A socket's path may have 104 bytes (macOS) or 108 (Linux): in a deep folder the relative path may be short enough.
  const fromHere = relative(process.cwd(), path)
  return new Promise((resolve) => {
    const connection = connect(fromHere.length < path.length ? fromHere : path)
    connection.on('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    )
  })
}
