import { writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { LocalizableError, say, sentenceOf } from '../../text/localizable.ts'

/** A file to which nothing was written for so long is closed, milliseconds: to open it costs more than to write. */
const closedAfterMs = 500

/**
 * Up to so much is written at once, bytes: it is but copied to the system's memory, and to hand that to a thread would cost
 * ten times as much. More would keep the editor's other extensions waiting.
 */
const writtenAtOnceBytes = 64 * 1024

/**
 * A file that only grows, readable by its owner only: appends are taken at once, written soon in their order, and those of
 * one turn of the event loop together. Open only while it grows: a master remembers hundreds of runs.
 */
export class AppendOnlyFile {
  readonly path: string
  readonly #before: () => Promise<void>
  #pending: (Uint8Array | string)[] = []
  #writing: Promise<void> = Promise.resolve()
  #file: FileHandle | undefined
  #idle: NodeJS.Timeout | undefined
  #failure: Error | undefined

  /** @param before what must be on disk before anything that was appended here */
  constructor(path: string, before: () => Promise<void> = () => Promise.resolve()) {
    this.path = path
    this.#before = before
  }

  append(...parts: (Uint8Array | string)[]): void {
    if (this.#pending.length === 0)
      this.#writing = this.#writing.then(() => nextTurn()).then(() => this.#writePending())
    this.#pending.push(...parts)
  }

  /** Writes nothing more. */
  refuse(reason: Error): void {
    this.#fail(reason)
  }

  /** @throws Error when the disk refused something that was appended. Nothing is written after that. */
  async flush(): Promise<void> {
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure
  }

  async #writePending(): Promise<void> {
    const bytes = joined(this.#pending)
    this.#pending = []
    if (this.#failure !== undefined) return
    try {
      await this.#before()
      this.#file ??= await open(this.path, 'a', 0o600)
      await writeAll(this.#file, bytes)
      this.#closeSoon()
    } catch (cause) {
      this.#fail(cause as Error)
      await this.#close().catch(() => {})
    }
  }

  #fail(cause: Error): void {
    this.#failure ??= new LocalizableError(say('{0} cannot be written: {1}', this.path, sentenceOf(cause)), {
      cause,
    })
  }

  #closeSoon(): void {
    if (this.#idle !== undefined) this.#idle.refresh()
    else this.#idle = setTimeout(() => this.#closeInTurn(), closedAfterMs).unref()
  }

  /** After what is being written; what comes then opens it again. */
  #closeInTurn(): void {
    this.#idle = undefined
    // Some disks say only then that they did not take it.
    this.#writing = this.#writing.then(() => this.#close()).catch((cause) => this.#fail(cause))
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}

/** With small lines, how a write is made costs more than the write. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  const isSmall = bytes.length <= writtenAtOnceBytes
  for (let done = 0; done < bytes.length; )
    done += isSmall ? writeSync(file.fd, bytes, done) : (await file.write(bytes, done)).bytesWritten
}

/** Text that stands together is encoded together: most of what is written is many short lines. */
function joined(parts: readonly (Uint8Array | string)[]): Uint8Array {
  const pieces: Uint8Array[] = []
  let text = ''
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part
      continue
    }
    if (text !== '') pieces.push(Buffer.from(text))
    text = ''
    pieces.push(part)
  }
  if (text !== '') pieces.push(Buffer.from(text))
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
}
