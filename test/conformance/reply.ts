import { sealBody, sealPacked } from './body.ts'
import { digestOf, type Piece, type Segment } from './frames.ts'

export interface From {
  readonly runId: string
  readonly agentId: string
  readonly hostname: string
}

/** The bodies of the reply to one run, each as it was sent. */
export class Reply {
  readonly #from: From
  readonly #most: number
  readonly #limit: number
  readonly #frames: string[] = []
  readonly #sent: Piece[] = []
  #pending: Piece[] = []
  #kept = 0
  #dropped = { 1: 0, 2: 0 }
  #result: string | undefined

  /** @param most largest body, bytes @param limit bytes of output that are kept, here only the first of them */
  constructor(from: From, most: number, limit: number) {
    this.#from = from
    this.#most = most
    this.#limit = limit
  }

  write(stream: 1 | 2, bytes: Buffer): void {
    const kept = bytes.subarray(0, Math.max(0, this.#limit - this.#kept))
    this.#kept += kept.length
    this.#dropped[stream] += bytes.length - kept.length
    if (kept.length > 0) this.#pending.push({ stream, bytes: kept })
  }

  /** Frames of what was written since the last call. */
  takeFrames(): string[] {
    const before = this.#frames.length
    while (this.#pending.length > 0) this.#frames.push(this.#frame(this.#take()))
    return this.#frames.slice(before)
  }

  finish(outcome: object, durationMs: number): string {
    const stream = (number: 1 | 2) => {
      const bytes = Buffer.concat(
        this.#sent.filter((piece) => piece.stream === number).map((piece) => piece.bytes),
      )
      const droppedBytes = this.#dropped[number]
      return { ...digestOf(bytes), droppedBytes, ...(droppedBytes > 0 ? { droppedAt: bytes.length } : {}) }
    }
    this.#result = sealBody({
      ...{ type: 'result', ...this.#from, sentAt: Date.now(), outcome, durationMs },
      ...{ frames: this.#frames.length, stdout: stream(1), stderr: stream(2) },
    })
    return this.#result
  }

  get result(): string | undefined {
    return this.#result
  }

  frame(number: number): string | undefined {
    return this.#frames[number]
  }

  /** As much as surely has room: base64 of incompressible data, and 2,000 bytes for the rest. */
  #take(): Piece[] {
    let room = Math.floor(((this.#most - 2_000) * 3) / 4)
    const taken: Piece[] = []
    while (room > 0 && this.#pending.length > 0 && taken.length < 50) {
      const [{ stream, bytes }, ...rest] = this.#pending as [Piece, ...Piece[]]
      taken.push({ stream, bytes: bytes.subarray(0, room) })
      this.#pending = bytes.length > room ? [{ stream, bytes: bytes.subarray(room) }, ...rest] : rest
      room -= bytes.length
    }
    this.#sent.push(...taken)
    return taken
  }

  #frame(pieces: readonly Piece[]): string {
    const segments: Segment[] = pieces.map(({ stream, bytes }) => [stream, bytes.length])
    const message = {
      type: 'output',
      ...this.#from,
      sentAt: Date.now(),
      frame: this.#frames.length,
      segments,
    }
    const data = Buffer.concat(pieces.map(({ bytes }) => bytes))
    return (data.length > 1_000 ? sealPacked : sealBody)(message, data)
  }
}
