import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { describeFailure, runToEnd } from '../execution/program.ts'
import { decodeText } from '../formats/decodeText.ts'
import { remoteFileSystemOf } from './remoteFiles.ts'

/** Largest file of facts, bytes. */
const maxBytes = 4 * 1024 * 1024

export interface FileContent {
  /** Differs when the file has changed; undefined where finding out would need the network. */
  readonly stamp: string | undefined
  readonly text: string
  /** What a person should know of its encoding. */
  readonly warnings: readonly string[]
}

/**
 * Reads a file without blocking: a named pipe is refused, and a file on a network file system, whose server may not
 * respond, is read by a program that can be abandoned.
 * @param knownStamp that of an earlier reading
 * @returns undefined when the file still has that stamp
 * @throws Error in words
 */
export async function readBoundedFile(
  path: string,
  knownStamp: string | undefined,
  timeoutMs: number,
): Promise<FileContent | undefined> {
  if ((await remoteFileSystemOf(path)) !== undefined) {
    const { exitCode, stdout, complaint } = await runToEnd('cat', ['--', path], { timeoutMs })
    if (exitCode !== 0) throw new Error(describeFailure(exitCode, complaint))
    return contentOf(stdout, undefined)
  }
  // Without O_NONBLOCK, opening a named pipe waits for somebody to write into it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY).catch(inWords)
  try {
    const found = await file.stat()
    if (found.isDirectory()) throw new Error('a directory')
    if (!found.isFile()) throw new Error('not a regular file')
    const stamp = [found.mtimeMs, found.ctimeMs, found.size, found.ino, found.dev].join(' ')
    if (stamp === knownStamp) return undefined
    return contentOf(await readAll(file), stamp)
  } finally {
    await file.close()
  }
}

function contentOf(bytes: Uint8Array, stamp: string | undefined): FileContent {
  const { text, warning } = decodeText(bytes)
  return { stamp, text, warnings: warning === undefined ? [] : [warning] }
}

/** A file may grow while it is read, and those of `/proc` do not tell their size. */
async function readAll(file: FileHandle): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(64 * 1024))
    if (bytesRead === 0) return Buffer.concat(parts)
    bytes += bytesRead
    if (bytes > maxBytes) throw new Error(`larger than ${maxBytes} bytes`)
    parts.push(buffer.subarray(0, bytesRead))
  }
}

function inWords(cause: NodeJS.ErrnoException): never {
  const reasons: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'not readable',
    ENXIO: 'not a regular file',
  }
  throw new Error(reasons[cause.code ?? ''] ?? cause.message, { cause })
}
