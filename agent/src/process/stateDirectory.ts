import { chmod, mkdir, stat, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join, relative } from 'node:path'

/** A state directory that the agent cannot work with; the message says what to do. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError'
}

/**
 * Makes the directory and takes it for this process alone: two agents with one memory would execute commands twice.
 * @returns a function that lets it go; the death of the process does so too
 * @throws StateDirectoryError
 */
export async function takeStateDirectory(path: string): Promise<() => Promise<void>> {
  try {
    // Scripts that run as other users lie beneath it: others may pass through, and see nothing.
    await mkdir(path, { recursive: true, mode: 0o711 })
    const { mode, uid } = await stat(path)
    if (uid !== process.getuid?.()) {
      throw new StateDirectoryError(
        `The state directory ${path} belongs to another user: chown it, or configure general.state_dir.`,
      )
    }
    if ((mode & 0o066) !== 0) await chmod(path, 0o711)
  } catch (cause) {
    if (cause instanceof StateDirectoryError) throw cause
    throw new StateDirectoryError(
      `The state directory ${path} cannot be used: ${(cause as Error).message}. Configure general.state_dir.`,
      { cause },
    )
  }
  return lock(shortest(join(path, 'lock')), path)
}

/** A socket's path may have 104 bytes (macOS) or 108 (Linux): in a deep directory the way from here may do. */
function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path)
  return fromHere.length < path.length ? fromHere : path
}

/** A listening socket is a lock that the system lets go whatever happens to the process. */
async function lock(socket: string, path: string): Promise<() => Promise<void>> {
  const taken = await listen(socket)
  if (taken !== undefined) return taken
  if (await isAnswered(socket)) {
    throw new StateDirectoryError(`Another agent is using the state directory ${path}: stop it first.`)
  }
  await unlink(socket).catch(() => {})
  const retaken = await listen(socket)
  if (retaken !== undefined) return retaken
  throw new StateDirectoryError(`Another agent has just taken the state directory ${path}.`)
}

function listen(socket: string): Promise<(() => Promise<void>) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy())
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else
        reject(
          new StateDirectoryError(`The state directory's lock ${socket} cannot be made: ${error.message}`),
        )
    })
    server.listen(socket, () => {
      server.unref()
      resolve(() => new Promise((closed) => server.close(() => closed())))
    })
  })
}

function isAnswered(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket)
    connection.on('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.on('error', () => resolve(false))
  })
}
