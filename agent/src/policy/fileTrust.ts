import type { Stats } from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** Of symbolic links on one path, as Linux follows them. */
const mostLinks = 40

/**
 * Whether users other than root and the agent's can change a file, or put another in its place: because of the file, a folder
 * above it, or a link on the way. The owner of a folder could
 * exchange what is in it between a look at the file and its use.
 * @throws Error of the system when it is not there
 */
export async function canOthersChangeFile(file: string): Promise<boolean> {
  const rest = partsOf(resolve(file))
  let at = '/'
  let links = 0
  if (isOpen(await lstat(at), 'folder')) return true
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    const next = join(at, part)
    const found = await lstat(next)
    if (found.isSymbolicLink()) {
      links += 1
      if (!isTrusted(found) || links > mostLinks) return true
      const target = await readlink(next)
      rest.unshift(...partsOf(target))
      if (target.startsWith('/')) at = '/'
    } else {
      if (isOpen(found, rest.length === 0 ? 'file' : 'folder')) return true
      at = next
    }
  }
  return false
}

/** In a folder with the sticky bit (`/tmp`) others can add files, but not exchange those of trusted users. */
function isOpen(found: Stats, as: 'file' | 'folder'): boolean {
  if (!isTrusted(found)) return true
  if (as === 'folder' && (found.mode & 0o1000) !== 0) return false
  // Where each user has a group of their own, their folders may be open to it.
  const isOwnGroup = as === 'folder' && (found.gid === 0 || found.gid === process.getgid?.())
  return (found.mode & (isOwnGroup ? 0o002 : 0o022)) !== 0
}

function isTrusted({ uid }: Stats): boolean {
  return uid === 0 || uid === process.getuid?.()
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}
