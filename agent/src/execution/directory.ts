import { access, constants, lstat, open, readlink, realpath } from 'node:fs/promises'

/** Linux: a descriptor that stands for a file without reading it. Node.js has no name for the flag. */
const pathOnly = 0o10000000

/** A directory that was looked up, and cannot become another by a change of links until it is released. */
export interface HeldDirectory {
  /** Its real path, without symbolic links, `.` and `..`, at the moment when it was looked up. */
  readonly path: string
  /** Whether users who are not trusted can change it, or put another directory in its place. */
  readonly isOthers: boolean
  /** A path that leads to this directory, also for child processes until they execute a program. */
  readonly entrance: string
  release(): Promise<void>
}

/**
 * Looks up a directory once, so that what is checked is what a program is started in: its path, or a part of it, may be
 * somebody's who exchanges it between the two.
 * @param trusted ids of users who may change it
 * @throws Error in words
 */
export async function holdDirectory(path: string, trusted: readonly number[]): Promise<HeldDirectory> {
  let held: Omit<HeldDirectory, 'isOthers'> | undefined
  try {
    held = process.platform === 'linux' ? await hold(path) : await lookUp(path)
    await access(held.entrance, constants.X_OK)
    return { ...held, isOthers: await canOthersChange(held, trusted) }
  } catch (cause) {
    await held?.release()
    throw new Error(inWords(cause as NodeJS.ErrnoException, path), { cause })
  }
}

async function hold(path: string): Promise<Omit<HeldDirectory, 'isOthers'>> {
  const directory = await open(path, pathOnly | constants.O_DIRECTORY)
  const entrance = `/proc/self/fd/${directory.fd}`
  try {
    return { path: await readlink(entrance), entrance, release: () => directory.close() }
  } catch (error) {
    await directory.close()
    throw error
  }
}

/** Where there is no `/proc`, nothing can be held: on the machines of developers, who have no policy. */
async function lookUp(path: string): Promise<Omit<HeldDirectory, 'isOthers'>> {
  const real = await realpath(path)
  return { path: real, entrance: real, release: async () => {} }
}

/**
 * A directory is as trustworthy as everything above it. In a folder with the sticky bit (`/tmp`) others can add
 * directories, but not exchange those of trusted users.
 */
async function canOthersChange(
  { path, entrance }: Pick<HeldDirectory, 'path' | 'entrance'>,
  trusted: readonly number[],
): Promise<boolean> {
  const parts = path.split('/').filter((part) => part !== '')
  for (let depth = 0; depth <= parts.length; depth += 1) {
    const isLast = depth === parts.length
    // The last one is the held one itself, whatever has that path now.
    const place = isLast ? `${entrance}/.` : `/${parts.slice(0, depth).join('/')}`
    const found = await lstat(place).catch(() => undefined)
    if (found === undefined || !trusted.includes(found.uid)) return true
    const isSticky = (found.mode & 0o1000) !== 0 && !isLast
    if ((found.mode & 0o022) !== 0 && !isSticky) return true
  }
  return false
}

function inWords({ code, message }: NodeJS.ErrnoException, path: string): string {
  switch (code) {
    case 'ENOENT':
      return `the directory ${path} does not exist`
    case 'ENOTDIR':
      return `${path} is not a directory`
    case 'EACCES':
      return `the agent may not enter the directory ${path}`
    default:
      return `the directory ${path} cannot be opened: ${message}`
  }
}
