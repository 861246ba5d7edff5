import { createHash } from 'node:crypto'
import type { Message } from './messages.ts'

/** `[stream, bytes]`: 1 is stdout, 2 is stderr. */
export type Segment = readonly [stream: 1 | 2, bytes: number]

export interface Piece {
  readonly stream: 1 | 2
  readonly bytes: Buffer
}

/** The output of a reply, from its frames. */
export class Assembly {
  readonly #frames = new Map<number, readonly Piece[]>()
  #result: Message | undefined

  /** Takes an `output` or a `result`. @throws Error where segments and data differ */
  add(message: Message, data: Buffer): void {
    if (message.type === 'result') this.#result ??= message
    const { frame, segments } =
      ((message.type === 'result' ? message.last : message) as {
        frame?: number
        segments?: readonly Segment[]
      }) ?? {}
    if (frame === undefined || segments === undefined || this.#frames.has(frame)) return
    let at = 0
    const pieces = segments.map(([stream, length]) => {
      const bytes = data.subarray(at, at + length)
      at += length
      return { stream, bytes }
    })
    if (at !== data.length) throw new Error('the segments are not of this data')
    this.#frames.set(frame, pieces)
  }

  get missing(): number[] {
    return Array.from({ length: Number(this.#result?.frames ?? 0) }, (_, frame) => frame).filter(
      (frame) => !this.#frames.has(frame),
    )
  }

  /** All is there, and what the agent says that it sent. */
  get isComplete(): boolean {
    return this.#result !== undefined && this.missing.length === 0 && this.#hasDigests(this.#result)
  }

  /** As far as there is no gap. */
  get pieces(): Piece[] {
    const pieces: Piece[] = []
    for (let frame = 0; this.#frames.has(frame); frame += 1) pieces.push(...(this.#frames.get(frame) ?? []))
    return pieces
  }

  of(stream: 1 | 2): Buffer {
    return Buffer.concat(this.pieces.filter((piece) => piece.stream === stream).map(({ bytes }) => bytes))
  }

  #hasDigests({ stdout, stderr }: Message): boolean {
    return [stdout, stderr].every((told, index) => {
      const bytes = this.of(index === 0 ? 1 : 2)
      const { sha256, bytes: length } = told as { sha256: string; bytes: number }
      return length === bytes.length && sha256 === sha256Of(bytes)
    })
  }
}

/** What a result says of a stream of which nothing was left out. */
export function digestOf(bytes: Uint8Array) {
  return { bytes: bytes.length, sha256: sha256Of(bytes), droppedBytes: 0 }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
