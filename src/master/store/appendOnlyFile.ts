import { writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { LocalizableError, say, sentenceOf } from '../../text/localizable.ts'

/** A file is closed after this time without a write, milliseconds: opening costs more than writing. */
const closedAfterMs = 500

/**
 * Up to this many bytes are written synchronously: they are only copied to the system's memory, and using a thread would
 * cost ten times as much. More would block the editor's other extensions.
 */
const writtenAtOnceBytes = 64 * 1024

/**
 * A file that only grows, readable only by its owner: appends return at once and are written soon, in order, those of one
 * turn of the event loop together. It is open only while it grows, since a master has hundreds of runs.
 */
export class AppendOnlyFile {
  readonly path: string
  readonly #before: () => Promise<void>
  #pending: (Uint8Array | string)[] = []
  #writing: Promise<void> = Promise.resolve()
  #file: FileHandle | undefined
  #idle: NodeJS.Timeout | undefined
  #failure: Error | undefined

  /** @param before resolves when data is on disk that must be there before anything appended here */
  constructor(path: string, before: () => Promise<void> = () => Promise.resolve()) {
    this.path = path
    this.#before = before
  }

  append(...parts: (Uint8Array | string)[]): void {
    if (this.#pending.length === 0)
      this.#writing = this.#writing.then(() => nextTurn()).then(() => this.#writePending())
    this.#pending.push(...parts)
  }

  /** Makes all further writes fail with `reason`. */
  refuse(reason: Error): void {
    this.#fail(reason)
  }

  /** @throws Error when something appended could not be written. Nothing is written after that. */
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

  /** Closes the file after the current write; a later append opens it again. */
  #closeInTurn(): void {
    this.#idle = undefined
    // Some file systems report a failed write only on close.
    this.#writing = this.#writing.then(() => this.#close()).catch((cause) => this.#fail(cause))
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}

/** Synchronous for small amounts, where handing over the write costs more than the write. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  const isSmall = bytes.length <= writtenAtOnceBytes
  for (let done = 0; done < bytes.length; )
    done += isSmall ? writeSync(file.fd, bytes, done) : (await file.write(bytes, done)).bytesWritten
}

/** Encodes consecutive texts together, since most writes are many short lines. */
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
