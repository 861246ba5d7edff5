import { closeSync, openSync, readSync } from 'node:fs'

/** Read at a time, bytes. */
const pieceBytes = 1024 * 1024

/**
 * Reads what a person names: a file, or a pipe as in `<(…)`, and no more of it than makes sense. A device has no end, and a
 * file of gigabytes would take as much memory before anything looks at it.
 * @throws Error in words, or of the system
 */
export function readBounded(path: string, mostBytes: number): Buffer {
  const descriptor = openSync(path, 'r')
  try {
    return readAtMost(descriptor, mostBytes)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * The same of what is open. Its size is not asked for: it may grow, and files of the kernel say that they are empty.
 * @throws Error in words, or of the system
 */
export function readAtMost(descriptor: number, mostBytes: number): Buffer {
  const pieces: Buffer[] = []
  for (let bytes = 0; ; ) {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, mostBytes + 1))
    const read = readSync(descriptor, piece, 0, piece.length, null)
    if (read === 0) return Buffer.concat(pieces)
    bytes += read
    if (bytes > mostBytes) throw new Error(`it has more than ${mostBytes.toLocaleString('en')} bytes`)
    pieces.push(piece.subarray(0, read))
  }
}
