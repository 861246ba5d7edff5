import { type FileHandle, open } from 'node:fs/promises'

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
 * tells that the run was interrupted.
 */
export class SpooledReply {
  readonly #path: string
  #file: FileHandle | undefined
  #end = 0
  readonly #bodies: Array<{ kind: SpooledBody['kind']; at: number; length: number; unsaved?: string }> = []
  #unsavedBytes = 0
  #broken = false

  /** Looks at a reply as it is on disk now; it may be growing at this very moment, so the file is left as it is. */
  static async read(path: string): Promise<SpooledReply | undefined> {
    const file = await open(path, 'r').catch(() => undefined)
    if (file === undefined) return undefined
    const reply = new SpooledReply(path)
    reply.#file = file
    await reply.#index(file)
    return reply
  }

  /** Takes up a reply that nobody writes any more; a torn last line is cut off. */
  static async takeUp(path: string): Promise<SpooledReply | undefined> {
    const file = await open(path, 'r+').catch(() => undefined)
    if (file === undefined) return undefined
    const reply = new SpooledReply(path)
    reply.#file = file
    const { size } = await file.stat()
    await reply.#index(file)
    if (size > reply.#end) await file.truncate(reply.#end)
    return reply
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
  async append({ kind, body }: SpooledBody): Promise<void> {
    const line = `${kind === 'output' ? 'o' : 'r'} ${body}\n`
    try {
      if (this.#broken) throw new Error('an earlier write failed')
      // Only a new reply begins with an empty file.
      this.#file ??= await open(this.#path, this.#bodies.length === 0 ? 'w+' : 'r+', 0o600)
      const { bytesWritten } = await this.#file.write(line, this.#end)
      // An almost full disk takes a part, and says so by the number only.
      if (bytesWritten < line.length) throw new Error('the disk is full')
      this.#bodies.push({ kind, at: this.#end + 2, length: body.length })
      this.#end += line.length
    } catch {
      this.#broken = true
      await this.#file?.truncate(this.#end).catch(() => {})
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
  async body(index: number): Promise<string> {
    const found = this.#bodies[index]
    if (found === undefined) throw new RangeError(`no body ${index} in ${this.#path}`)
    if (found.unsaved !== undefined) return found.unsaved
    const buffer = Buffer.allocUnsafe(found.length)
    const read = await this.#file?.read(buffer, 0, found.length, found.at)
    // What is left in the buffer is whatever was in memory before.
    if (read?.bytesRead !== found.length) throw new Error(`${this.#path} does not give body ${index}`)
    return buffer.toString('latin1')
  }

  /** The result's body, once it is there. */
  async result(): Promise<string | undefined> {
    return this.isFinished ? this.body(this.#bodies.length - 1) : undefined
  }

  async close(): Promise<void> {
    this.#broken = true
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #index(file: FileHandle): Promise<void> {
    const buffer = Buffer.allocUnsafe(64 * 1024)
    let start = 0
    let position = 0
    let first = ''
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
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
