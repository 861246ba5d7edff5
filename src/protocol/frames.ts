import { createHash, type Hash } from 'node:crypto'
import { bodyBounds } from './bounds.ts'
import type { Segment, StreamDigest } from './messages.ts'

/** A piece of output as it was written. */
export interface Chunk {
  readonly stream: 1 | 2
  readonly bytes: Uint8Array
}

/** Most raw bytes in one frame, however well they compress: this bounds what the master unpacks at a time. */
export const maxFrameBytes = bodyBounds.dataBytes

/** Most segments in one frame: with 3 marks each well within what masters read (`bounds.ts`). */
export const maxFrameSegments = 8192

/** Most bytes that may wait for a missing earlier frame, per reply. Further frames are dropped and requested again. */
const maxHeldBytes = 64 * 1024 * 1024

/** Cost of holding a frame beyond its bytes, so that empty frames are limited too. */
const heldFrameBytes = 256

/** Share of the limit from which a body counts as full: another try would cost more than the request that it saves. */
const fullEnough = 0.9

/** Tries to fill a body further, or to reduce it by proportion. After that it is halved until it is small enough. */
const maxTries = 4

export interface PackedFrame {
  readonly body: string
  /** Raw bytes of output in it. */
  readonly bytes: number
  readonly rest: Chunk[]
}

/**
 * Packs output into nearly full bodies of at most `limitBytes` (the queue's `MaximumMessageSize`). `seal` makes a body of
 * segments and data; its size may depend on how well the data compresses, so the packer tries sizes and remembers what
 * worked.
 */
export function createFramePacker(
  limitBytes: number,
  seal: (segments: Segment[], data: Uint8Array) => string,
) {
  let guess = maxFrameBytes
  return {
    /** @throws Error when `limitBytes` has no room for even one byte */
    pack(pending: readonly Chunk[]): PackedFrame {
      const total = pending.reduce((sum, { bytes }) => sum + bytes.length, 0)
      const available = Math.min(total, maxFrameBytes, bytesOfSegments(pending, maxFrameSegments))
      const overhead = seal([], new Uint8Array()).length
      let best: (PackedFrame & { readonly estimate: number }) | undefined
      let tooLarge = available + 1
      let size = Math.min(available, guess)
      for (let tries = 1; ; tries += 1) {
        const { segments, data, rest } = take(pending, size)
        const body = seal(segments, data)
        const payload = Math.max(1, body.length - overhead)
        const estimate = Math.floor((size * (limitBytes - overhead)) / payload)
        if (body.length <= limitBytes) {
          best = { body, bytes: size, rest, estimate }
          if (body.length >= limitBytes * fullEnough || tries >= maxTries) break
          const larger = Math.min(estimate, tooLarge - 1)
          if (larger <= size) break
          size = larger
        } else {
          if (best !== undefined) break
          tooLarge = size
          size = Math.min(estimate, tries < maxTries ? size - 1 : size >> 1)
          if (size < 1)
            throw new Error(`the queue's MaximumMessageSize of ${limitBytes} bytes has no room for output`)
        }
      }
      const { body, bytes, rest, estimate } = best
      // When there was little to pack, the result says nothing about how much there was room for.
      if (bytes < available || bytes > guess) guess = Math.min(maxFrameBytes, Math.max(bytes, estimate))
      return { body, bytes, rest }
    },
  }
}

/** What a result says about the reply's frames: their number, and the SHA-256 (hex) of their contents. */
export interface PromisedOutput {
  readonly frames: number
  readonly stdout: Pick<StreamDigest, 'sha256'>
  readonly stderr: Pick<StreamDigest, 'sha256'>
}

const emptySha256 = createHash('sha256').digest('hex')

/** Reassembles the frames of one reply, in whatever order and however often they arrive. */
export class ReplyAssembly {
  #next = 0
  /** One more than the highest frame number seen. */
  #end = 0
  readonly #held = new Map<number, Chunk[]>()
  #heldBytes = 0
  #promised: PromisedOutput | undefined
  #isIntact: boolean | undefined
  /** Of the bytes in order so far; created with the first byte, as most streams of most replies are empty. */
  readonly #streams: { 1?: Hash; 2?: Hash } = {}

  /** Frames received without a gap. */
  get frames(): number {
    return this.#next
  }

  /** Bytes that wait in memory for an earlier frame. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Continues an earlier assembly after `frames` frames, whose output was `chunks`. */
  static resume(frames: number, chunks: Iterable<Chunk>): ReplyAssembly {
    const assembly = new ReplyAssembly()
    assembly.#next = assembly.#end = frames
    for (const chunk of chunks) assembly.#hash(chunk)
    return assembly
  }

  /**
   * Adds a frame; returns the output that is now in order, in the order in which it was written.
   * @throws Error when the segments do not match the data, or are too many; the frame then counts as missing
   */
  add(frame: number, segments: readonly Segment[], data: Uint8Array): Chunk[] {
    if (frame < this.#next || this.#held.has(frame)) return []
    if (this.#promised !== undefined && frame >= this.#promised.frames) return []
    if (data.length > maxFrameBytes) throw new Error(`a frame of ${data.length} bytes`)
    const chunks = split(segments, data)
    if (frame > this.#next) {
      const bytes = data.length + heldFrameBytes
      if (this.#heldBytes + bytes > maxHeldBytes) return []
      this.#held.set(frame, chunks)
      this.#heldBytes += bytes
      this.#end = Math.max(this.#end, frame + 1)
      return []
    }
    const released: Chunk[] = []
    for (let ready: Chunk[] | undefined = chunks; ready !== undefined; ready = this.#takeHeld()) {
      this.#next += 1
      for (const chunk of ready) {
        this.#hash(chunk)
        released.push(chunk)
      }
    }
    this.#end = Math.max(this.#end, this.#next)
    return released
  }

  /** Sets what the reply's result says about its frames. Only the first call counts. */
  finish(promised: PromisedOutput): void {
    this.#promised ??= promised
  }

  /**
   * Numbers of frames that exist and have not arrived, the first `most` of them. Before the result these are only gaps
   * below a received frame. Bounded, because the numbers are another party's claim.
   */
  missing(most = 1000): number[] {
    const end = this.#promised?.frames ?? this.#end
    const missing: number[] = []
    for (let frame = this.#next; frame < end && missing.length < most; frame += 1)
      if (!this.#held.has(frame)) missing.push(frame)
    return missing
  }

  /**
   * `open`: something is still missing. `complete`: every byte that the agent sent has arrived, with the agent's SHA-256.
   * `damaged`: all frames have arrived, but they are not what the agent says it sent.
   */
  state(): 'open' | 'complete' | 'damaged' {
    if (this.#promised === undefined || this.#next < this.#promised.frames) return 'open'
    this.#isIntact ??= this.#hasDigests(this.#promised)
    return this.#isIntact ? 'complete' : 'damaged'
  }

  /** Finishes the digests: call it once, when nothing more can come. */
  #hasDigests({ stdout, stderr }: PromisedOutput): boolean {
    const [one, two] = [this.#streams[1]?.digest('hex'), this.#streams[2]?.digest('hex')]
    return (one ?? emptySha256) === stdout.sha256 && (two ?? emptySha256) === stderr.sha256
  }

  #hash({ stream, bytes }: Chunk): void {
    this.#streams[stream] ??= createHash('sha256')
    this.#streams[stream].update(bytes)
  }

  #takeHeld(): Chunk[] | undefined {
    const chunks = this.#held.get(this.#next)
    if (chunks === undefined) return undefined
    this.#held.delete(this.#next)
    this.#heldBytes -= heldFrameBytes
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

/** Bytes in the first `most` segments that these chunks make. */
function bytesOfSegments(chunks: readonly Chunk[], most: number): number {
  let [segments, bytes] = [0, 0]
  let last: Chunk['stream'] | undefined
  for (const {
    stream,
    bytes: { length },
  } of chunks) {
    if (length > 0 && stream !== last) {
      if (segments === most) break
      segments += 1
      last = stream
    }
    bytes += length
  }
  return bytes
}

function split(segments: readonly Segment[], data: Uint8Array): Chunk[] {
  const chunks: Chunk[] = []
  let offset = 0
  for (const [stream, length] of segments) {
    if (length > 0) chunks.push({ stream, bytes: data.subarray(offset, offset + length) })
    offset += length
  }
  if (offset !== data.length) throw new Error(`a frame of ${data.length} bytes whose segments say ${offset}`)
  return chunks
}
