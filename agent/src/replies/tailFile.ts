import { type FileHandle, open, rm } from 'node:fs/promises'
import type { Chunk } from '../../../src/protocol/frames.ts'

/** Gathered in memory before it is written, bytes. */
const batchBytes = 64 * 1024
const headerBytes = 5

/**
 * The last bytes of endless output, kept on disk in two files that take turns, so that neither disk nor memory
 * grows.
 */
export class TailFile {
  readonly #limitBytes: number
  #older: Records
  #newer: Records
  #fresh: Chunk[] = []
  #freshBytes = 0
  /** Bytes ever written, by stream. */
  readonly total = { 1: 0, 2: 0 }

  /** @param limitBytes how many of the last bytes {@link read} gives */
  constructor(path: string, limitBytes: number) {
    this.#limitBytes = limitBytes
    this.#older = new Records(`${path}.tail0`)
    this.#newer = new Records(`${path}.tail1`)
  }

  /** @throws Error of the file system; what could not be written is then missing */
  async write(chunk: Chunk): Promise<void> {
    this.total[chunk.stream] += chunk.bytes.length
    if (this.#limitBytes === 0) return
    this.#fresh.push(chunk)
    this.#freshBytes += chunk.bytes.length
    if (this.#freshBytes >= batchBytes) await this.#store()
  }

  /**
   * The last bytes in their order, in pieces.
   * @throws Error when the disk does not give them
   */
  async *read(): AsyncGenerator<Chunk> {
    let excess = this.#older.bytes + this.#newer.bytes + this.#freshBytes - this.#limitBytes
    for await (const { stream, bytes } of this.#all()) {
      const cut = Math.min(Math.max(excess, 0), bytes.length)
      excess -= cut
      if (cut < bytes.length) yield { stream, bytes: bytes.subarray(cut) }
    }
  }

  async remove(): Promise<void> {
    await this.#older.remove()
    await this.#newer.remove()
  }

  async *#all(): AsyncGenerator<Chunk> {
    yield* this.#older.read()
    yield* this.#newer.read()
    yield* this.#fresh
  }

  async #store(): Promise<void> {
    const chunks = this.#fresh
    this.#fresh = []
    this.#freshBytes = 0
    if (this.#newer.bytes >= this.#limitBytes) {
      const reused = this.#older
      this.#older = this.#newer
      this.#newer = reused
      reused.clear()
    }
    await this.#newer.append(chunks)
  }
}

/** A file of records: stream, length, bytes. */
class Records {
  /** Bytes of output within. */
  bytes = 0
  readonly #path: string
  #file: FileHandle | undefined
  #end = 0

  constructor(path: string) {
    this.#path = path
  }

  async append(chunks: readonly Chunk[]): Promise<void> {
    this.#file ??= await open(this.#path, 'w+', 0o600)
    const parts = chunks.flatMap(({ stream, bytes }) => [headerOf(stream, bytes.length), bytes])
    const record = Buffer.concat(parts)
    const { bytesWritten } = await this.#file.write(record, 0, record.length, this.#end)
    if (bytesWritten < record.length) throw new Error('the disk is full')
    this.#end += record.length
    for (const { bytes } of chunks) this.bytes += bytes.length
  }

  async *read(): AsyncGenerator<Chunk> {
    if (this.#file === undefined) return
    const header = Buffer.allocUnsafe(headerBytes)
    for (let at = 0; at < this.#end; ) {
      await readWhole(this.#file, header, at)
      const bytes = Buffer.allocUnsafe(header.readUInt32LE(1))
      await readWhole(this.#file, bytes, at + headerBytes)
      at += headerBytes + bytes.length
      yield { stream: header[0] === 1 ? 1 : 2, bytes }
    }
  }

  clear(): void {
    this.bytes = 0
    this.#end = 0
  }

  async remove(): Promise<void> {
    if (this.#file === undefined) return
    await this.#file.close()
    await rm(this.#path, { force: true })
  }
}

/** @throws Error when there is less: what is left in the buffer is whatever was in memory before */
async function readWhole(file: FileHandle, buffer: Buffer, at: number): Promise<void> {
  const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
  if (bytesRead < buffer.length) throw new Error('the end of the output is no longer on disk')
}

function headerOf(stream: 1 | 2, length: number): Buffer {
  const header = Buffer.allocUnsafe(headerBytes)
  header[0] = stream
  header.writeUInt32LE(length, 1)
  return header
}
