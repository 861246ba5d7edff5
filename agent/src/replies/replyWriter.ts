import { sealBody } from '../../../src/protocol/envelope.ts'
import {
  type Chunk,
  createFramePacker,
  maxFrameBytes,
  maxFrameSegments,
} from '../../../src/protocol/frames.ts'
import type { Outcome, ResultMessage, Segment } from '../../../src/protocol/messages.ts'
import { type SpooledReply, SpoolFull } from '../store/spooledReply.ts'
import { SentStream } from './sentStream.ts'
import { TailFile } from './tailFile.ts'

/** Output that is ready to be framed without waiting for more, bytes. Text of this size compresses to about 64 KB. */
const frameFromBytes = 256 * 1024
/** Output in memory from which the process has to wait, bytes. */
const holdFromBytes = 1024 * 1024
/** SQS: the smallest `MaximumMessageSize` that a queue can have, bytes. */
const alwaysFittingBytes = 1024

type FramePack = ReturnType<typeof createFramePacker>['pack']

export interface ReplyFrom {
  readonly agentId: string
  readonly hostname: string
}

export interface ReplyWriterOptions {
  readonly runId: string
  readonly from: ReplyFrom
  readonly spooled: SpooledReply
  /** Bytes of output that are kept: the first half and the last half. */
  readonly outputLimitBytes: number
  /** Largest body that the reply queue takes, bytes. It need not be asked for when `bytes` are few. */
  readonly bodyLimit: (bytes: number) => Promise<number>
  /** Path to which the file of the output's end adds its suffix. */
  readonly tailPath: string
  readonly now: () => number
  /** Called when a body has been added to the spool. */
  readonly onBody: () => void
}

/** Turns the output of one run into frames and a result in the spool, within the output limit. */
export class ReplyWriter {
  readonly #o: ReplyWriterOptions
  readonly #streams = { 1: new SentStream(), 2: new SentStream() }
  readonly #tail: TailFile
  #headRoom: number
  #pending: Chunk[] = []
  #pendingBytes = 0
  #frames = 0
  /** Bytes that the limit or a full disk left out, by stream, and before which sent byte they would stand. */
  readonly #dropped = { 1: 0, 2: 0 }
  readonly #droppedAt: { 1: number | undefined; 2: number | undefined } = { 1: undefined, 2: undefined }
  #full = false
  /** Steps that touch the spool, one after the other. */
  #work: Promise<void> = Promise.resolve()
  #packer: { readonly limitBytes: number; readonly pack: FramePack } | undefined

  constructor(options: ReplyWriterOptions) {
    this.#o = options
    this.#headRoom = Math.ceil(options.outputLimitBytes / 2)
    this.#tail = new TailFile(options.tailPath, options.outputLimitBytes - this.#headRoom)
  }

  /** Takes output. When a promise is returned, no more should come until it settles. */
  write({ stream, bytes }: Chunk): Promise<void> | undefined {
    const head = bytes.subarray(0, this.#headRoom)
    const tail = bytes.subarray(head.length)
    this.#headRoom -= head.length
    if (head.length > 0) this.#hold({ stream, bytes: head })
    if (tail.length > 0) return this.#enqueue(() => this.#writeTail({ stream, bytes: tail }))
    if (this.#pendingBytes < frameFromBytes) return undefined
    const packed = this.#enqueue(() => this.#pack(frameFromBytes))
    return this.#pendingBytes >= holdFromBytes ? packed : undefined
  }

  /** Sends what is there. Once the reply is finished there is nothing: its last bytes went with the result. */
  flush(): Promise<void> {
    return this.#enqueue(() => this.#pack(1))
  }

  /** Writes what is left of the output, and the result. */
  finish(outcome: Outcome, durationMs: number): Promise<void> {
    return this.#enqueue(async () => {
      await this.#pack(frameFromBytes)
      for (const stream of [1, 2] as const) {
        this.#droppedAt[stream] ??= this.#streams[stream].bytes + bytesOf(this.#pending, stream)
        this.#dropped[stream] += this.#tail.total[stream]
      }
      await this.#packTail()
      await this.#writeResult(outcome, durationMs)
      await this.#tail.remove().catch(() => {})
    })
  }

  async #packTail(): Promise<void> {
    try {
      for await (const chunk of this.#tail.read()) {
        this.#dropped[chunk.stream] -= chunk.bytes.length
        this.#hold(chunk)
        if (this.#pendingBytes >= holdFromBytes) await this.#pack(frameFromBytes)
      }
    } catch {
      // What the disk does not give back counts as dropped, which it is. The result must not be missing, too.
    }
  }

  async #writeResult(outcome: Outcome, durationMs: number): Promise<void> {
    for (;;) {
      const body = this.#sealResult(outcome, durationMs)
      if (body !== undefined && (this.#pendingBytes === 0 || (await this.#fits(body)))) {
        this.#o.spooled.append({ kind: 'result', body })
        this.#pending = []
        this.#pendingBytes = 0
        this.#o.onBody()
        return
      }
      await this.#packOne()
    }
  }

  async #fits(body: string): Promise<boolean> {
    return body.length <= alwaysFittingBytes || body.length <= (await this.#o.bodyLimit(body.length))
  }

  /** The result with all pending output inside; undefined when that is more than a frame. */
  #sealResult(outcome: Outcome, durationMs: number): string | undefined {
    const segments = segmentsOf(this.#pending)
    if (this.#pendingBytes > maxFrameBytes || segments.length > maxFrameSegments) return undefined
    const streams = { 1: this.#streams[1].copy(), 2: this.#streams[2].copy() }
    for (const { stream, bytes } of this.#pending) streams[stream].add(bytes)
    const data = Buffer.concat(this.#pending.map(({ bytes }) => bytes))
    const message: ResultMessage = {
      type: 'result',
      runId: this.#o.runId,
      ...this.#o.from,
      sentAt: this.#o.now(),
      outcome,
      durationMs,
      frames: this.#frames + (data.length > 0 ? 1 : 0),
      stdout: this.#describe(1, streams[1]),
      stderr: this.#describe(2, streams[2]),
      ...(data.length > 0 ? { last: { frame: this.#frames, segments } } : {}),
    }
    return sealBody(message, data)
  }

  #describe(number: 1 | 2, stream: SentStream): ResultMessage['stdout'] {
    const digest = { bytes: stream.bytes, sha256: stream.sha256(), droppedBytes: this.#dropped[number] }
    const droppedAt = this.#droppedAt[number]
    return digest.droppedBytes === 0 || droppedAt === undefined ? digest : { ...digest, droppedAt }
  }

  async #pack(leastBytes: number): Promise<void> {
    while (this.#pendingBytes >= leastBytes) await this.#packOne()
  }

  async #packOne(): Promise<void> {
    const { runId, from, now, spooled, bodyLimit } = this.#o
    // In base64, with room for what else is in a message.
    const limitBytes = await bodyLimit(4096 + (this.#pendingBytes * 4) / 3)
    if (this.#packer?.limitBytes !== limitBytes) {
      const seal = (segments: Segment[], data: Uint8Array) =>
        sealBody({ type: 'output', runId, ...from, sentAt: now(), frame: this.#frames, segments }, data)
      this.#packer = { limitBytes, pack: createFramePacker(limitBytes, seal).pack }
    }
    if (this.#full) {
      this.#drop(this.#pending.splice(0))
      return
    }
    const { body, bytes, rest } = this.#packer.pack(this.#pending)
    const packed = firstBytes(this.#pending, bytes)
    this.#pending = rest
    this.#pendingBytes -= bytes
    try {
      spooled.append({ kind: 'output', body })
    } catch (error) {
      if (!(error instanceof SpoolFull)) throw error
      this.#full = true
      this.#headRoom = 0
      this.#pendingBytes += bytes
      this.#drop([...packed, ...this.#pending.splice(0)])
      return
    }
    for (const { stream, bytes } of packed) this.#streams[stream].add(bytes)
    this.#frames += 1
    this.#o.onBody()
  }

  #drop(chunks: readonly Chunk[]): void {
    for (const stream of [1, 2] as const) this.#droppedAt[stream] = this.#streams[stream].bytes
    for (const { stream, bytes } of chunks) {
      this.#dropped[stream] += bytes.length
      this.#pendingBytes -= bytes.length
    }
  }

  #hold(chunk: Chunk): void {
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.bytes.length
  }

  async #writeTail(chunk: Chunk): Promise<void> {
    // A full disk: these bytes count as dropped, which is what they are.
    await this.#tail.write(chunk).catch(() => {})
  }

  #enqueue(step: () => Promise<void>): Promise<void> {
    const work = this.#work.then(step)
    // A step that fails tells its caller, and keeps no later one from being done.
    this.#work = work.catch(() => {})
    return work
  }
}

function firstBytes(chunks: readonly Chunk[], count: number): Chunk[] {
  const first: Chunk[] = []
  let left = count
  for (const { stream, bytes } of chunks) {
    if (left === 0) break
    const part = bytes.subarray(0, left)
    first.push({ stream, bytes: part })
    left -= part.length
  }
  return first
}

function segmentsOf(chunks: readonly Chunk[]): Segment[] {
  const segments: Segment[] = []
  for (const { stream, bytes } of chunks) {
    const last = segments.at(-1)
    if (last?.[0] === stream) last[1] += bytes.length
    else segments.push([stream, bytes.length])
  }
  return segments
}

function bytesOf(chunks: readonly Chunk[], stream: 1 | 2): number {
  return chunks.reduce((sum, chunk) => (chunk.stream === stream ? sum + chunk.bytes.length : sum), 0)
}
