import { createHash } from 'node:crypto'
import type { ResultMessage, Segment, StreamDigest } from './messages.ts'

/** A piece of output as it was written. */
export interface Chunk {
  readonly stream: 1 | 2
  readonly bytes: Uint8Array
}

/** Raw bytes that one frame carries at most, however well they compress: what the master unpacks at a time. */
export const maxFrameBytes = 1024 * 1024

/** Bytes that may wait for a missing earlier frame, per reply. Frames beyond are dropped, and asked for again. */
const maxHeldBytes = 64 * 1024 * 1024

export interface PackedFrame {
  readonly body: string
  /** Raw bytes of output within. */
  readonly bytes: number
  readonly rest: Chunk[]
}

/**
 * Packs output into bodies of at most `limitBytes` (the queue's `MaximumMessageSize`), as full as they go.
 * `seal` makes a body of segments and data; its size may depend on how well the data compresses, so the packer
 * tries, and remembers what worked.
 */
export function createFramePacker(
  limitBytes: number,
  seal: (segments: Segment[], data: Uint8Array) => string,
) {
  let guess = Math.min(limitBytes, maxFrameBytes)
  return {
    /** @throws Error when not even one byte fits into `limitBytes` */
    pack(pending: readonly Chunk[]): PackedFrame {
      const available = pending.reduce((sum, { bytes }) => sum + bytes.length, 0)
      const overhead = seal([], new Uint8Array()).length
      let size = Math.min(available, guess)
      for (;;) {
        const { segments, data, rest } = take(pending, size)
        const body = seal(segments, data)
        if (body.length <= limitBytes) {
          guess = Math.min(maxFrameBytes, Math.max(1, Math.floor(size * (limitBytes / body.length))))
          return { body, bytes: data.length, rest }
        }
        const fitting = Math.floor((size * (limitBytes - overhead)) / (body.length - overhead))
        size = Math.min(fitting, size - 1)
        if (size < 1)
          throw new Error(`the queue's MaximumMessageSize of ${limitBytes} bytes has no room for output`)
      }
    },
  }
}

/** Puts the frames of one reply together again, whatever the order and however often they arrive. */
export class ReplyAssembly {
  #next = 0
  readonly #held = new Map<number, Chunk[]>()
  #heldBytes = 0
  #result: ResultMessage | undefined
  readonly #streams = { 1: startDigest(), 2: startDigest() }

  /** Frames that are here without a gap. */
  get frames(): number {
    return this.#next
  }

  /** Picks up where an earlier assembly stood: after `frames` frames, whose output was `chunks`. */
  static resume(frames: number, chunks: Iterable<Chunk>): ReplyAssembly {
    const assembly = new ReplyAssembly()
    assembly.#next = frames
    for (const chunk of chunks) assembly.#count(chunk)
    return assembly
  }

  /** Takes a frame; returns the output that is now in order, in the order in which it was written. */
  add(frame: number, segments: readonly Segment[], data: Uint8Array): Chunk[] {
    if (frame < this.#next || this.#held.has(frame)) return []
    if (this.#result !== undefined && frame >= this.#result.frames) return []
    const chunks = split(segments, data)
    if (frame > this.#next) {
      if (this.#heldBytes + data.length > maxHeldBytes) return []
      this.#held.set(frame, chunks)
      this.#heldBytes += data.length
      return []
    }
    const released: Chunk[] = []
    for (let ready: Chunk[] | undefined = chunks; ready !== undefined; ready = this.#takeHeld()) {
      this.#next += 1
      for (const chunk of ready) {
        this.#count(chunk)
        released.push(chunk)
      }
    }
    return released
  }

  /** Takes the reply's result, which says how many frames there are. Only the first one counts. */
  finish(result: ResultMessage): void {
    this.#result ??= result
  }

  /** Frame numbers known to exist and not here. Before the result only gaps below a frame that is here. */
  missing(): number[] {
    const end =
      this.#result?.frames ?? Math.max(this.#next, ...[...this.#held.keys()].map((frame) => frame + 1))
    const missing: number[] = []
    for (let frame = this.#next; frame < end; frame += 1) if (!this.#held.has(frame)) missing.push(frame)
    return missing
  }

  /**
   * `open`: something is still missing. `complete`: every byte that the agent sent is here and has the agent's
   * SHA-256. `damaged`: all frames are here, and they are not what the agent says it sent.
   */
  state(): 'open' | 'complete' | 'damaged' {
    if (this.#result === undefined || this.#next < this.#result.frames) return 'open'
    const intact = fits(this.#streams[1], this.#result.stdout) && fits(this.#streams[2], this.#result.stderr)
    return intact ? 'complete' : 'damaged'
  }

  #count({ stream, bytes }: Chunk): void {
    this.#streams[stream].hash.update(bytes)
    this.#streams[stream].bytes += bytes.length
  }

  #takeHeld(): Chunk[] | undefined {
    const chunks = this.#held.get(this.#next)
    if (chunks === undefined) return undefined
    this.#held.delete(this.#next)
    for (const { bytes } of chunks) this.#heldBytes -= bytes.length
    return chunks
  }
}

function take(
  pending: readonly Chunk[],
  size: number,
): { segments: Segment[]; data: Uint8Array; rest: Chunk[] } {
  const segments: Segment[] = []
  const parts: Uint8Array[] = []
  const rest: Chunk[] = []
  let room = size
  for (const { stream, bytes } of pending) {
    const length = Math.min(room, bytes.length)
    if (length > 0) {
      const last = segments.at(-1)
      if (last !== undefined && last[0] === stream) last[1] += length
      else segments.push([stream, length])
      parts.push(bytes.subarray(0, length))
      room -= length
    }
    if (length < bytes.length) rest.push({ stream, bytes: bytes.subarray(length) })
  }
  return { segments, data: Buffer.concat(parts), rest }
}

function split(segments: readonly Segment[], data: Uint8Array): Chunk[] {
  const chunks: Chunk[] = []
  let offset = 0
  for (const [stream, length] of segments) {
    chunks.push({ stream, bytes: data.subarray(offset, offset + length) })
    offset += length
  }
  if (offset !== data.length) throw new Error(`a frame of ${data.length} bytes whose segments say ${offset}`)
  return chunks
}

function startDigest() {
  return { hash: createHash('sha256'), bytes: 0 }
}

function fits(stream: ReturnType<typeof startDigest>, digest: StreamDigest): boolean {
  return stream.bytes === digest.bytes && stream.hash.copy().digest('hex') === digest.sha256
}
