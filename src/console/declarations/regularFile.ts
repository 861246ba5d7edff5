import { constants, type FileHandle, open, stat } from 'node:fs/promises'

/** A folder, a pipe, a socket or a device: a link in a repository can lead to any of them. */
export class NotAFile extends Error {
  override readonly name = 'NotAFile'

  constructor(path: string) {
    super(`${path} is not a file.`)
  }
}

/**
 * Opens nothing but files: a pipe would be waited for, a device has no end, and opening one may do something.
 * @returns undefined when nothing is there
 * @throws NotAFile
 */
export async function openFile(path: string): Promise<FileHandle | undefined> {
  const found = await ifThere(stat(path))
  if (found === undefined) return undefined
  if (!found.isFile()) throw new NotAFile(path)
  // A pipe that has taken its place is not waited for, either.
  const handle = await ifThere(open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)))
  if (handle === undefined || (await handle.stat()).isFile()) return handle
  await handle.close()
  throw new NotAFile(path)
}

/** Read at a time, bytes: most scripts and workspace files are smaller. */
const pieceBytes = 64 * 1024

/** Its first `most` bytes. The file may grow meanwhile, and files of the kernel say that they are empty. */
export async function readAtMost(handle: FileHandle, most: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for (let left = most; left > 0; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(pieceBytes, left)))
    if (bytesRead === 0) break
    pieces.push(buffer.subarray(0, bytesRead))
    left -= bytesRead
  }
  return new Uint8Array(Buffer.concat(pieces))
}

/** Undefined when there is nothing at a path, or no end to its links. */
export async function ifThere<T>(looking: Promise<T>): Promise<T | undefined> {
  return looking.catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code ?? '')) return undefined
    throw error
  })
}
