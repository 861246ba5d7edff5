import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  read as readWithCallback,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'

const read = promisify(readWithCallback)

/** A body of a reply, encoded as it goes to the queue. */
export interface SpooledBody {
  readonly kind: 'output' | 'result'
  readonly body: string
}

/** Bodies that are kept in memory while the disk does not take them, bytes. */
const unsavedBytesMost = 4 * 1024 * 1024

/** The disk does not take more of this reply, and memory should not. */
export class SpoolFull extends Error {
  override readonly name = 'SpoolFull'
}

/**
 * The bodies of one reply in a file: a line each, `o` or `r` in front, output frames in the order of their numbers and
 * the result last. Not flushed: it survives the death of the agent, and after that of the machine the journal
 * tells that the run was interrupted. What is not flushed is, as a rule, but copied to the system's memory: handing that
 * to a thread would cost more than doing it.
 */
export class SpooledReply {
  readonly #path: string
  #file: number | undefined
  #end = 0
  readonly #bodies: Array<{ kind: SpooledBody['kind']; at: number; length: number; unsaved?: string }> = []
  #unsavedBytes = 0
  #broken = false

  /** Looks at a reply as it is on disk now; it may be growing at this very moment, so the file is left as it is. */
  static read(path: string): Promise<SpooledReply | undefined> {
    return SpooledReply.#open(path, 'r')
  }

  /** Takes up a reply that nobody writes any more; a torn last line is cut off. */
  static takeUp(path: string): Promise<SpooledReply | undefined> {
    return SpooledReply.#open(path, 'r+')
  }

  static async #open(path: string, flags: 'r' | 'r+'): Promise<SpooledReply | undefined> {
    const reply = new SpooledReply(path)
    try {
      reply.#file = openSync(path, flags)
    } catch {
      return undefined
    }
    try {
      await reply.#index(reply.#file)
      if (flags === 'r+' && fstatSync(reply.#file).size > reply.#end) ftruncateSync(reply.#file, reply.#end)
      return reply
    } catch (error) {
      reply.close()
      throw error
    }
  }

  constructor(path: string) {
    this.#path = path
  }

  /** Bodies so far. */
  get count(): number {
    return this.#bodies.length
  }

  /** Output frames so far: their numbers are 0 up to this. */
  get frames(): number {
    return this.#bodies.filter(({ kind }) => kind === 'output').length
  }

  get isFinished(): boolean {
    return this.#bodies.at(-1)?.kind === 'result'
  }

  /** @throws SpoolFull when neither the disk nor memory has room; a result is always taken */
  append({ kind, body }: SpooledBody): void {
    const line = `${kind === 'output' ? 'o' : 'r'} ${body}\n`
    try {
      if (this.#broken) throw new Error('an earlier write failed')
      // Only a new reply begins with an empty file.
      this.#file ??= openSync(this.#path, this.#bodies.length === 0 ? 'w+' : 'r+', 0o600)
      // An almost full disk takes a part, and says so by the number only.
      if (writeSync(this.#file, line, this.#end) < line.length) throw new Error('the disk is full')
      this.#bodies.push({ kind, at: this.#end + 2, length: body.length })
      this.#end += line.length
    } catch {
      this.#giveUpFile()
      if (kind === 'output' && this.#unsavedBytes + body.length > unsavedBytesMost) {
        throw new SpoolFull('no room for more output')
      }
      this.#unsavedBytes += body.length
      this.#bodies.push({ kind, at: 0, length: body.length, unsaved: body })
    }
  }

  /**
   * The body at `index`, from 0.
   * @throws Error when the disk does not give it
   */
  body(index: number): string {
    const found = this.#bodies[index]
    if (found === undefined) throw new RangeError(`no body ${index} in ${this.#path}`)
    if (found.unsaved !== undefined) return found.unsaved
    const buffer = Buffer.allocUnsafe(found.length)
    const read = this.#file === undefined ? 0 : readSync(this.#file, buffer, 0, found.length, found.at)
    // What is left in the buffer is whatever was in memory before.
    if (read !== found.length) throw new Error(`${this.#path} does not give body ${index}`)
    return buffer.toString('latin1')
  }

  /** Nothing more is written to the file, and nothing that is in it can be had. */
  close(): void {
    this.#broken = true
    const file = this.#file
    // First of all: a number that is closed may be another file's at once.
    this.#file = undefined
    if (file !== undefined) closeSync(file)
  }

  /** Nothing is written behind what may be half a line. */
  #giveUpFile(): void {
    this.#broken = true
    try {
      if (this.#file !== undefined) ftruncateSync(this.#file, this.#end)
    } catch {
      // Whoever reads it leaves out a torn last line.
    }
  }

  async #index(file: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(64 * 1024)
    let start = 0
    let position = 0
    let first = ''
    for (;;) {
      const { bytesRead } = await read(file, buffer, 0, buffer.length, position)
      if (bytesRead === 0) break
      for (let offset = 0; offset < bytesRead; ) {
        if (first === '') first = String.fromCharCode(buffer[offset] as number)
        const newline = buffer.subarray(0, bytesRead).indexOf(0x0a, offset)
        if (newline === -1) break
        const end = position + newline
        if (first === 'o' || first === 'r') {
          this.#bodies.push({
            kind: first === 'o' ? 'output' : 'result',
            at: start + 2,
            length: end - start - 2,
          })
        }
        start = end + 1
        first = ''
        offset = newline + 1
      }
      position += bytesRead
    }
    this.#end = start
  }
}
