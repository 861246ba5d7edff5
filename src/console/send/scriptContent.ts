import type { BigIntStats } from 'node:fs'
import { constants, type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises'
import path from 'node:path'

/** No command can carry a larger script: `bodyBounds.command`, in base64. Bytes. */
export const mostScriptBytes = 3 * 1024 * 1024

/** A file whose content is not sent. `why` is `outside` its folder, not a `file`, too `large`, or `changing` all the time. */
export class NotAScript extends Error {
  override readonly name = 'NotAScript'
  readonly why: 'outside' | 'kind' | 'large' | 'changing'

  constructor(file: string, why: NotAScript['why']) {
    super(`${file}: ${why}`)
    this.why = why
  }
}

/** How often a file is opened again that is replaced between the look at its path and the opening. */
const mostAttempts = 3

/**
 * The content of a file that is named relative to a folder, which a repository may have chosen: any file of the user could be
 * sent to servers. Links on the way are followed, if they stay in the folder. What is read is what was checked, even if links
 * change meanwhile: the open file must be the one that then lies at a real path inside the folder.
 * @param folder absolute
 * @returns undefined when there is no such file
 * @throws NotAScript
 */
export async function readInside(folder: string, file: string): Promise<Uint8Array | undefined> {
  if (isAbsolute(file)) throw new NotAScript(file, 'outside')
  const root = await realpath(folder)
  const named = path.resolve(root, file)
  if (!isBelow(root, named)) throw new NotAScript(file, 'outside')
  const pathInside = async () => {
    const real = await ifThere(realpath(named))
    if (real !== undefined && !isBelow(root, real)) throw new NotAScript(file, 'outside')
    return real
  }
  for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
    const real = await pathInside()
    if (real === undefined) return undefined
    const handle = await openRegular(real, file)
    if (handle === undefined) continue
    try {
      const opened = await handle.stat({ bigint: true })
      const now = await pathInside()
      const there = now === undefined ? undefined : await ifThere(lstat(now, { bigint: true }))
      if (there !== undefined && isSameFile(opened, there)) return await readWhole(handle, file)
    } finally {
      await handle.close()
    }
  }
  throw new NotAScript(file, 'changing')
}

/**
 * The content of a file that the user has named.
 * @param file absolute
 * @returns undefined when there is no such file
 * @throws NotAScript
 */
export async function readScript(file: string): Promise<Uint8Array | undefined> {
  const handle = await openRegular(file, file)
  if (handle === undefined) return undefined
  try {
    return await readWhole(handle, file)
  } finally {
    await handle.close()
  }
}

/** Opens nothing but files: a pipe would be waited for, and opening a device may do something. */
async function openRegular(at: string, file: string): Promise<FileHandle | undefined> {
  const found = await ifThere(stat(at))
  if (found === undefined) return undefined
  if (!found.isFile()) throw new NotAScript(file, 'kind')
  // A pipe that has taken its place is not waited for, either.
  const handle = await ifThere(open(at, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)))
  if (handle === undefined || (await handle.stat()).isFile()) return handle
  await handle.close()
  throw new NotAScript(file, 'kind')
}

async function readWhole(handle: FileHandle, file: string): Promise<Uint8Array> {
  if ((await handle.stat()).size > mostScriptBytes) throw new NotAScript(file, 'large')
  // It may grow, and files of the kernel say that they are empty.
  const buffer = Buffer.alloc(mostScriptBytes + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
    length += bytesRead
    if (length > mostScriptBytes) throw new NotAScript(file, 'large')
    if (bytesRead === 0) return new Uint8Array(buffer.subarray(0, length))
  }
}

async function ifThere<T>(looking: Promise<T>): Promise<T | undefined> {
  return looking.catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code ?? '')) return undefined
    throw error
  })
}

function isSameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino
}

/** On every system: people with different systems share a repository. */
function isAbsolute(file: string): boolean {
  return path.posix.isAbsolute(file) || path.win32.isAbsolute(file)
}

function isBelow(folder: string, file: string): boolean {
  const relative = path.relative(folder, file)
  return relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative)
}
