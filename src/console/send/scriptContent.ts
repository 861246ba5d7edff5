import type { BigIntStats } from 'node:fs'
import { type FileHandle, lstat, realpath } from 'node:fs/promises'
import path from 'node:path'
import { ifThere, NotAFile, openFile, readAtMost } from '../declarations/regularFile.ts'

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
    const handle = await openScript(real, file)
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
  const handle = await openScript(file, file)
  if (handle === undefined) return undefined
  try {
    return await readWhole(handle, file)
  } finally {
    await handle.close()
  }
}

/** Opens it if it is a file. */
async function openScript(at: string, file: string): Promise<FileHandle | undefined> {
  return openFile(at).catch((error) => {
    throw error instanceof NotAFile ? new NotAScript(file, 'kind') : error
  })
}

async function readWhole(handle: FileHandle, file: string): Promise<Uint8Array> {
  if ((await handle.stat()).size > mostScriptBytes) throw new NotAScript(file, 'large')
  const content = await readAtMost(handle, mostScriptBytes + 1)
  if (content.length > mostScriptBytes) throw new NotAScript(file, 'large')
  return content
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
