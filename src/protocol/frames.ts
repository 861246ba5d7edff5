import { createHash, type Hash } from 'node:crypto'
import type { Segment, StreamDigest } from './messages.ts'

/** A piece of output as it was written. */
export interface Chunk {
  readonly stream: 1 | 2
  readonly bytes: Uint8Array
}

/** Raw bytes that one frame carries at most, however well they compress: what the master unpacks at a time. */
export const maxFrameBytes = 1024 * 1024

/** Bytes that may wait for a missing earlier frame, per reply. Frames beyond are dropped, and asked for again. */
const maxHeldBytes = 64 * 1024 * 1024

/** What holding a frame costs beyond its bytes: empty frames must not be held without limit either. */
const heldFrameBytes = 256

/** A body this full is full enough: one more try would cost more than the request that it saves. */
const fullEnough = 0.9

/** Tries to fill a body further, or to make it fit by proportion. After that many it is halved until it fits. */
const maxTries = 4

export interface PackedFrame {
  readonly body: string
  /** Raw bytes of output within. */
  readonly bytes: number
  readonly rest: Chunk[]
}

/**
 * Packs output into bodies of at most `limitBytes` (the queue's `MaximumMessageSize`), nearly as full as they go.
 * `seal` makes a body of segments and data; its size may depend on how well the data compresses, so the packer
 * tries, and remembers what worked.
 */
export function createFramePacker(
  limitBytes: number,
  seal: (segments: Segment[], data: Uint8Array) => string,
) {
  let guess = maxFrameBytes
  return {
    /** @throws Error when not even one byte fits into `limitBytes` */
    pack(pending: readonly Chunk[]): PackedFrame {
      const total = pending.reduce((sum, { bytes }) => sum + bytes.length, 0)
      const available = Math.min(total, maxFrameBytes)
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
      // A few bytes that were all there was say nothing about how much would have fitted.
      if (bytes < available || bytes > guess) guess = Math.min(maxFrameBytes, Math.max(bytes, estimate))
      return { body, bytes, rest }
    },
  }
}

/** What a result says of the frames before it: how many there are, and the SHA-256 (hex) of what they hold. */
export interface PromisedOutput {
  readonly frames: number
  readonly stdout: Pick<StreamDigest, 'sha256'>
  readonly stderr: Pick<StreamDigest, 'sha256'>
}

const emptySha256 = createHash('sha256').digest('hex')

/** Puts the frames of one reply together again, whatever the order and however often they arrive. */
export class ReplyAssembly {
  #next = 0
  /** One more than the highest frame number seen. */
  #end = 0
  readonly #held = new Map<number, Chunk[]>()
  #heldBytes = 0
  #promised: PromisedOutput | undefined
  #isIntact: boolean | undefined
  /** Of what is in order; made with the first byte, as most streams of most replies are empty. */
  readonly #streams: { 1?: Hash; 2?: Hash } = {}

  /** Frames that are here without a gap. */
  get frames(): number {
    return this.#next
  }

  /** What waits in memory for an earlier frame. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Picks up where an earlier assembly stood: after `frames` frames, whose output was `chunks`. */
  static resume(frames: number, chunks: Iterable<Chunk>): ReplyAssembly {
    const assembly = new ReplyAssembly()
    assembly.#next = assembly.#end = frames
    for (const chunk of chunks) assembly.#hash(chunk)
    return assembly
  }

  /**
   * Takes a frame; returns the output that is now in order, in the order in which it was written.
   * @throws Error when the segments are not those of the data, or too many; the frame counts as missing then
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

  /** Takes what the reply's result says of its frames. Only the first one counts. */
  finish(promised: PromisedOutput): void {
    this.#promised ??= promised
  }

  /**
   * Frame numbers known to exist and not here, the first `most` of them. Before the result only gaps below a frame that is
   * here. Bounded, because the numbers are what somebody else says.
   */
  missing(most = 1000): number[] {
    const end = this.#promised?.frames ?? this.#end
    const missing: number[] = []
    for (let frame = this.#next; frame < end && missing.length < most; frame += 1)
      if (!this.#held.has(frame)) missing.push(frame)
    return missing
  }

  /**
   * `open`: something is still missing. `complete`: every byte that the agent sent is here and has the agent's
   * SHA-256. `damaged`: all frames are here, and they are not what the agent says it sent.
   */
  state(): 'open' | 'complete' | 'damaged' {
    if (this.#promised === undefined || this.#next < this.#promised.frames) return 'open'
    this.#isIntact ??= this.#fits(this.#promised)
    return this.#isIntact ? 'complete' : 'damaged'
  }

  /** Ends the digests: to be asked once, when nothing more can come. */
  #fits({ stdout, stderr }: PromisedOutput): boolean {
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
