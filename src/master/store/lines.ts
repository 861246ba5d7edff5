import { open } from 'node:fs/promises'

/** Size of one read, bytes. */
const chunkBytes = 256 * 1024

/** Longer lines are ignored, bytes: we write none, as even a record of 100,000 agents has lines of only 30 MB. */
const longestLineBytes = 128 * 1024 * 1024

const newline = 0x0a

/**
 * The lines of a text file, in batches: memory is bounded by the longest line, however large the file is. A last line
 * without a line end is ignored, since it may still be written; so is a line that is too long to be ours.
 * @param startsAt where a line begins, bytes
 * @returns also the position after the last line, bytes
 */
export async function* linesOf(
  path: string,
  longestBytes = longestLineBytes,
  startsAt = 0,
): AsyncGenerator<{ readonly lines: readonly string[]; readonly end: number }> {
  const file = await open(path)
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    const begun = new BegunLine(longestBytes)
    for (let position = startsAt; ; ) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
      if (bytesRead === 0) return
      const bytes = chunk.subarray(0, bytesRead)
      const lines: string[] = []
      let from = 0
      for (let to = bytes.indexOf(newline); to !== -1; to = bytes.indexOf(newline, from)) {
        const line = begun.end(bytes.subarray(from, to))
        if (line !== undefined) lines.push(line)
        from = to + 1
      }
      begun.add(bytes.subarray(from))
      position += bytesRead
      if (from > 0) yield { lines, end: position - (bytesRead - from) }
    }
  } finally {
    await file.close()
  }
}

/** The beginning of a line that continues in the next chunk. */
class BegunLine {
  readonly #longestBytes: number
  #parts: Uint8Array[] = []
  #bytes = 0

  constructor(longestBytes: number) {
    this.#longestBytes = longestBytes
  }

  /** Copies the part, because the buffer of the chunk is used again. */
  add(part: Uint8Array): void {
    this.#bytes += part.length
    if (this.#bytes <= this.#longestBytes) this.#parts.push(Uint8Array.from(part))
    else this.#parts = []
  }

  /** The whole line, with its last part; undefined when it is too long. */
  end(last: Buffer): string | undefined {
    const parts = this.#parts
    const bytes = this.#bytes + last.length
    this.#parts = []
    this.#bytes = 0
    if (bytes > this.#longestBytes) return undefined
    return (parts.length === 0 ? last : Buffer.concat([...parts, last])).toString('utf8')
  }
}
