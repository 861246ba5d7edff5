import type { FileHandle } from 'node:fs/promises'
import type { Chunk } from '../protocol/frames.ts'
import { AppendOnlyFile } from './appendOnlyFile.ts'

/**
 * The outputs of all agents of one run in one append-only file: 10,000 agents must not mean 10,000 files. A record is
 * a line `<agentId> <stream> <bytes>` and then the bytes. What a crash leaves torn at the end is cut off on opening.
 */
export class OutputLog {
  readonly #file: AppendOnlyFile
  #end: number
  readonly #records: Map<string, Place[]>

  private constructor(file: AppendOnlyFile, end: number, records: Map<string, Place[]>) {
    this.#file = file
    this.#end = end
    this.#records = records
  }

  static async open(path: string): Promise<OutputLog> {
    const file = await AppendOnlyFile.open(path)
    const { records, end, size } = await scan(file.handle)
    if (size > end) await file.handle.truncate(end)
    return new OutputLog(file, end, records)
  }

  /** Bytes of output kept for this agent. */
  bytes(agentId: string): number {
    return (this.#records.get(agentId) ?? []).reduce((sum, { length }) => sum + length, 0)
  }

  append(agentId: string, chunks: readonly Chunk[]): void {
    for (const { stream, bytes } of chunks) {
      const head = Buffer.from(`${agentId} ${stream} ${bytes.length}\n`)
      place(this.#records, agentId, { stream, offset: this.#end + head.length, length: bytes.length })
      this.#end += head.length + bytes.length
      this.#file.append(head, bytes)
    }
  }

  /**
   * Output of one agent in the order in which it was written, from byte `from`, at most `limit` bytes.
   * @throws Error when the disk refused to take or to give it
   */
  async read(agentId: string, from = 0, limit = Number.POSITIVE_INFINITY): Promise<Chunk[]> {
    await this.#file.flush()
    const chunks: Chunk[] = []
    let position = 0
    let room = limit
    for (const { stream, offset, length } of this.#records.get(agentId) ?? []) {
      const skip = Math.max(0, from - position)
      position += length
      if (skip >= length) continue
      if (room <= 0) break
      const bytes = Buffer.alloc(Math.min(length - skip, room))
      await this.#file.handle.read(bytes, 0, bytes.length, offset + skip)
      room -= bytes.length
      chunks.push({ stream, bytes })
    }
    return chunks
  }

  /** Resolves when all that was appended is in the file. */
  flush(): Promise<void> {
    return this.#file.flush()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

interface Place {
  readonly stream: 1 | 2
  readonly offset: number
  readonly length: number
}

/** Longest head: an agent id of 128 characters, a stream, a length. */
const maxHeadBytes = 160

/** Reads record heads only, so that a log of hundreds of megabytes opens quickly. */
async function scan(file: FileHandle): Promise<{ records: Map<string, Place[]>; end: number; size: number }> {
  const { size } = await file.stat()
  const records = new Map<string, Place[]>()
  const buffer = Buffer.alloc(maxHeadBytes)
  let end = 0
  while (end < size) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, end)
    const newline = buffer.subarray(0, bytesRead).indexOf(0x0a)
    const head = /^(\S+) ([12]) (\d+)$/.exec(buffer.toString('latin1', 0, Math.max(0, newline)))
    if (head === null) break
    const [, agentId = '', stream, length] = head
    const offset = end + newline + 1
    if (offset + Number(length) > size) break
    place(records, agentId, { stream: stream === '1' ? 1 : 2, offset, length: Number(length) })
    end = offset + Number(length)
  }
  return { records, end, size }
}

function place(records: Map<string, Place[]>, agentId: string, at: Place): void {
  const places = records.get(agentId)
  if (places === undefined) records.set(agentId, [at])
  else places.push(at)
}
