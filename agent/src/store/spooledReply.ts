import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  read as readWithCallback,
  truncateSync,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import type { SpoolRoom } from './spoolRoom.ts'

const read = promisify(readWithCallback)

/** A body of a reply, encoded as it goes to the queue. */
export interface SpooledBody {
  readonly kind: 'output' | 'result'
  readonly body: string
}

/** Where a body is: `at` bytes from the file's begin; `text` where it is in memory. */
interface Place {
  readonly kind: SpooledBody['kind']
  readonly at: number
  readonly length: number
  readonly text?: string
}

/** Bodies that are kept in memory while the disk does not take them, bytes. */
const unsavedBytesMost = 4 * 1024 * 1024

/** A result of this size is kept in memory too, so that the usual reply, which is nothing else, is never read back, bytes. */
const keptResultBytesMost = 64 * 1024

/** Neither the disk nor memory should take more of this reply, or can. */
export class SpoolFull extends Error {
  override readonly name = 'SpoolFull'
}

/**
 * The bodies of one reply in a file: one per line, `o` or `r` in front, output frames in the order of their numbers and
 * the result last. Not flushed: it survives the death of the agent, and after that of the machine the journal
 * tells that the run was interrupted. What is not flushed is, as a rule, but copied to the system's memory: handing that
 * to a thread would cost more than doing it.
 */
export class SpooledReply {
  readonly #path: string
  readonly #room: SpoolRoom | undefined
  /** Bytes of the room that it takes. */
  #taken = 0
  /** Open while the reply is written only: thousands of replies may have to wait for SQS. */
  #file: number | undefined
  #end = 0
  readonly #bodies: Place[] = []
  #unsavedBytes = 0
  #broken = false
  #closed = false

  /** Looks at a reply as it is on disk now; it may be growing at this very moment, so the file is left as it is. */
  static read(path: string): Promise<SpooledReply | undefined> {
    return SpooledReply.#open(path, 'r')
  }

  /** Reopens a reply that is no longer written; a torn last line is cut off. */
  static resume(path: string, room?: SpoolRoom): Promise<SpooledReply | undefined> {
    return SpooledReply.#open(path, 'r+', room)
  }

  static async #open(path: string, flags: 'r' | 'r+', room?: SpoolRoom): Promise<SpooledReply | undefined> {
    const reply = new SpooledReply(path, room)
    let file: number
    try {
      file = openSync(path, flags)
    } catch {
      return undefined
    }
    try {
      await reply.#index(file)
      reply.#count()
      if (flags === 'r+' && fstatSync(file).size > reply.#end) ftruncateSync(file, reply.#end)
      return reply
    } finally {
      closeSync(file)
    }
  }

  /** @param room that it takes until it is closed; none for one that is only read */
  constructor(path: string, room?: SpoolRoom) {
    this.#path = path
    this.#room = room
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

  /** @throws SpoolFull when there is no room, or neither the disk nor memory has any; a result is always taken */
  append({ kind, body }: SpooledBody): void {
    const line = `${kind === 'output' ? 'o' : 'r'} ${body}\n`
    if (kind === 'output' && this.#room?.hasFor(line.length) === false)
      throw new SpoolFull('the replies that are not delivered take all the space that they may')
    try {
      if (this.#broken) throw new Error('an earlier write failed')
      // Only a new reply begins with an empty file.
      this.#file ??= openSync(this.#path, this.#end === 0 ? 'w+' : 'r+', 0o600)
      // An almost full disk takes a part, and says so by the number only.
      if (writeSync(this.#file, line, this.#end) < line.length) throw new Error('the disk is full')
      const place = { kind, at: this.#end + 2, length: body.length }
      const isKept = kind === 'result' && body.length <= keptResultBytesMost
      this.#bodies.push(isKept ? { ...place, text: body } : place)
      this.#end += line.length
      this.#count()
    } catch {
      this.#giveUpFile()
      if (kind === 'output' && this.#unsavedBytes + body.length > unsavedBytesMost) {
        throw new SpoolFull('no room for more output')
      }
      this.#unsavedBytes += body.length
      this.#bodies.push({ kind, at: 0, length: body.length, text: body })
    }
    if (kind === 'result') this.#closeFile()
  }

  /** Length of the body at `index`, bytes. */
  lengthOf(index: number): number {
    return this.#placeOf(index).length
  }

  /**
   * The body at `index`, from 0.
   * @throws Error when the disk does not give it
   */
  body(index: number): string {
    const { at, length, text } = this.#placeOf(index)
    if (!this.#closed && text !== undefined) return text
    const buffer = Buffer.allocUnsafe(length)
    // What is left in the buffer is whatever was in memory before.
    if (this.#closed || this.#read(buffer, at) !== length) {
      throw new Error(`cannot read body ${index} of ${this.#path}`)
    }
    return buffer.toString('latin1')
  }

  /** Forgets the bodies from `index` on, of a reply that was reopened. */
  cutOff(index: number): void {
    const last = this.#bodies[index - 1]
    this.#bodies.length = index
    this.#end = last === undefined ? 0 : last.at + last.length + 1
    try {
      truncateSync(this.#path, this.#end)
    } catch {
      this.#broken = true
    }
    this.#count()
  }

  /** After this, nothing is written to the file, and nothing can be read from it. */
  close(): void {
    this.#broken = true
    this.#closed = true
    this.#count()
    this.#closeFile()
  }

  #count(): void {
    const bytes = this.#closed ? 0 : this.#end
    this.#room?.take(bytes - this.#taken)
    this.#taken = bytes
  }

  #placeOf(index: number): Place {
    const place = this.#bodies[index]
    if (place === undefined) throw new RangeError(`no body ${index} in ${this.#path}`)
    return place
  }

  #read(buffer: Buffer, at: number): number {
    const file = this.#file ?? openSync(this.#path, 'r')
    try {
      return readSync(file, buffer, 0, buffer.length, at)
    } finally {
      if (file !== this.#file) closeSync(file)
    }
  }

  #closeFile(): void {
    const file = this.#file
    // First of all: a number that is closed may be another file's at once.
    this.#file = undefined
    try {
      if (file !== undefined) closeSync(file)
    } catch {
      // What the disk has to say now would not bring back what it took.
    }
  }

  /** Nothing is written behind what may be half a line. */
  #giveUpFile(): void {
    this.#broken = true
    try {
      if (this.#file !== undefined) ftruncateSync(this.#file, this.#end)
    } catch {
      // Readers skip a torn last line.
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
