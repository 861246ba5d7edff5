import { realpath } from 'node:fs/promises'
import path from 'node:path'

/**
 * The real path of a file that is named relative to a folder. Follows links on the way, which a repository can contain.
 * @param folder absolute
 * @returns undefined when there is no such file
 * @throws OutsideFolder when it is outside the folder: any file of the user could be sent to servers
 */
export async function realPathInside(folder: string, file: string): Promise<string | undefined> {
  if (isAbsolute(file)) throw new OutsideFolder(file)
  const root = await realpath(folder)
  const named = path.resolve(root, file)
  if (!isBelow(root, named)) throw new OutsideFolder(file)
  const real = await realpath(named).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (real !== undefined && !isBelow(root, real)) throw new OutsideFolder(file)
  return real
}

export class OutsideFolder extends Error {
  override readonly name = 'OutsideFolder'

  constructor(file: string) {
    super(`${file} lies outside of its folder.`)
  }
}

/** On every system: people with different systems share a repository. */
function isAbsolute(file: string): boolean {
  return path.posix.isAbsolute(file) || path.win32.isAbsolute(file)
}

function isBelow(folder: string, file: string): boolean {
  const relative = path.relative(folder, file)
  return relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative)
}
