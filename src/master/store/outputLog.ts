import { type FileHandle, open, truncate } from 'node:fs/promises'
import type { Chunk } from '../../protocol/frames.ts'
import { LocalizableError, say } from '../../text/localizable.ts'
import { AppendOnlyFile } from './appendOnlyFile.ts'

/**
 * The outputs of all agents of one run in one append-only file, as 10,000 agents must not mean 10,000 files. A record is
 * a line `<agentId> <stream> <bytes>`, followed by the bytes.
 */
export class OutputLog {
  readonly #file: AppendOnlyFile
  readonly #kept: Map<string, Kept>
  #end: number
  /** The file while it is read. */
  #open: { readonly file: Promise<FileHandle>; readers: number } | undefined

  private constructor(path: string, { kept, end }: Scan) {
    this.#file = new AppendOnlyFile(path)
    this.#kept = kept
    this.#end = end
  }

  /** Reads the log at `path`, or an empty one if it does not exist. An incomplete record at the end is ignored. */
  static async open(path: string, accountedFor?: AccountedFor): Promise<OutputLog> {
    return new OutputLog(path, await scan(path, accountedFor))
  }

  /** The same, for appending: what is ignored is truncated. For one process at a time. */
  static async resume(path: string, accountedFor?: AccountedFor): Promise<OutputLog> {
    const found = await scan(path, accountedFor)
    if (found.size > found.end) await truncate(path, found.end)
    return new OutputLog(path, found)
  }

  /** Reads the records that another process has appended since. */
  async readFurther(accountedFor: AccountedFor): Promise<void> {
    const { end } = await scan(this.#file.path, accountedFor, this.#kept, this.#end)
    this.#end = end
  }

  /** Bytes of output stored for this agent. */
  bytes(agentId: string): number {
    return this.#kept.get(agentId)?.bytes ?? 0
  }

  /** Bytes that the log takes on disk. */
  get totalBytes(): number {
    return this.#end
  }

  append(agentId: string, chunks: readonly Chunk[]): void {
    for (const { stream, bytes } of chunks) {
      const head = Buffer.from(`${agentId} ${stream} ${bytes.length}\n`)
      keep(this.#kept, agentId, { stream, offset: this.#end + head.length, length: bytes.length })
      this.#end += head.length + bytes.length
      this.#file.append(head, bytes)
    }
  }

  /**
   * Output of one agent in the order it was written, from byte `from`, at most `limit` bytes.
   * @throws Error when it could not be written or read
   */
  async read(agentId: string, from = 0, limit = Number.POSITIVE_INFINITY): Promise<Chunk[]> {
    const wanted = [...piecesOf(this.#kept.get(agentId)?.places ?? [], from, limit)]
    if (wanted.length === 0) return []
    await this.#file.flush()
    return this.#withFile(async (file) => {
      const chunks: Chunk[] = []
      for (const { stream, offset, length } of wanted) {
        const bytes = Buffer.alloc(length)
        const { bytesRead } = await file.read(bytes, 0, length, offset)
        if (bytesRead < length) throw new LocalizableError(say('{0} has been truncated.', this.#file.path))
        chunks.push({ stream, bytes })
      }
      return chunks
    })
  }

  /** Reads that overlap share one open file: a page reads thousands of small outputs at once. */
  async #withFile<T>(act: (file: FileHandle) => Promise<T>): Promise<T> {
    this.#open ??= { file: open(this.#file.path), readers: 0 }
    const shared = this.#open
    shared.readers += 1
    try {
      return await act(await shared.file)
    } finally {
      shared.readers -= 1
      if (shared.readers === 0) {
        if (this.#open === shared) this.#open = undefined
        await shared.file.then(
          (file) => file.close(),
          () => {},
        )
      }
    }
  }

  /** Makes all further writes fail with `reason`. */
  refuse(reason: Error): void {
    this.#file.refuse(reason)
  }

  /** Resolves when all that was appended is in the file. */
  flush(): Promise<void> {
    return this.#file.flush()
  }
}

/** Bytes of an agent's output that the run's events cover. Bytes after them arrive again, and must not be stored twice. */
export type AccountedFor = (agentId: string) => number

interface Kept {
  /** Offset and length of each piece; the length is negative on stderr. Plain numbers, as there may be millions. */
  readonly places: number[]
  bytes: number
}

interface Place {
  readonly stream: 1 | 2
  readonly offset: number
  readonly length: number
}

interface Scan {
  readonly kept: Map<string, Kept>
  /** End of the last record that counts, bytes. */
  readonly end: number
  readonly size: number
}

function keep(kept: Map<string, Kept>, agentId: string, { stream, offset, length }: Place): void {
  let known = kept.get(agentId)
  if (known === undefined) {
    known = { places: [], bytes: 0 }
    kept.set(agentId, known)
  }
  known.places.push(offset, stream === 1 ? length : -length)
  known.bytes += length
}

function* piecesOf(places: readonly number[], from: number, limit: number): Generator<Place> {
  let position = 0
  let room = limit
  for (let index = 0; index < places.length; index += 2) {
    const [offset = 0, signed = 0] = [places[index], places[index + 1]]
    const length = Math.abs(signed)
    const skip = Math.max(0, from - position)
    position += length
    if (skip >= length) continue
    if (room <= 0) return
    const stream = signed > 0 ? 1 : 2
    const piece: Place = { stream, offset: offset + skip, length: Math.min(length - skip, room) }
    room -= piece.length
    yield piece
  }
}

async function scan(
  path: string,
  accountedFor: AccountedFor = () => Number.POSITIVE_INFINITY,
  kept = new Map<string, Kept>(),
  from = 0,
): Promise<Scan> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return { kept, end: from, size: from }
  try {
    const { size } = await file.stat()
    const heads = new Heads(file)
    let end = from
    while (end < size) {
      const head = await heads.at(end)
      if (head === undefined || head.offset + head.length > size) break
      const { agentId, ...place } = head
      if ((kept.get(agentId)?.bytes ?? 0) + place.length > accountedFor(agentId)) break
      keep(kept, agentId, place)
      end = place.offset + place.length
    }
    return { kept, end, size }
  } finally {
    await file.close()
  }
}

/** Longest head: an agent id of 128 characters, a stream, a length. Bytes. */
const maxHeadBytes = 160

/** Size of one read, bytes: many small records share one read, and large ones are skipped without reading them. */
const windowBytes = 16 * 1024

/** Reads only the heads of records, so that a log of hundreds of megabytes opens quickly. */
class Heads {
  readonly #file: FileHandle
  readonly #window = Buffer.alloc(windowBytes)
  #start = 0
  #length = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  async at(position: number): Promise<(Place & { agentId: string }) | undefined> {
    if (position < this.#start || position + maxHeadBytes > this.#start + this.#length) {
      this.#start = position
      this.#length = (await this.#file.read(this.#window, 0, windowBytes, position)).bytesRead
    }
    const at = position - this.#start
    const text = this.#window.toString('latin1', at, Math.min(this.#length, at + maxHeadBytes))
    const [line, agentId = '', stream, length] = /^(\S{1,128}) ([12]) (\d{1,15})\n/.exec(text) ?? []
    if (line === undefined) return undefined
    return { agentId, stream: stream === '1' ? 1 : 2, offset: position + line.length, length: Number(length) }
  }
}
