import { writeSync } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

interface Waiting {
  readonly text: string
  readonly durable: boolean
  resolve(): void
  reject(error: unknown): void
}

/** Half a line may be on disk already: the next one must not continue it. */
const lineBreak: Waiting = { text: '\n', durable: false, resolve() {}, reject() {} }

/** Lines on disk, appended one after the other, or all rewritten together. Everything happens in the requested order. */
export class JournalFile {
  readonly #path: string
  #file: FileHandle | undefined
  /** Length of the file up to its last whole write. */
  #bytes = 0
  /** Whether the disk knows for good that this file has this name. */
  #isNamed = false
  #waiting: Waiting[] = []
  /** What is under way; what is asked for meanwhile comes after it. */
  #work: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** @throws Error when there is a file that cannot be read */
  async read(): Promise<string | undefined> {
    const text = await readIfThere(this.#path)
    if (text !== undefined && text !== '' && !text.endsWith('\n')) this.#waiting.unshift(lineBreak)
    return text
  }

  /** What was set aside by {@link setAside}, if the file was not rewritten since. */
  readSetAside(): Promise<string | undefined> {
    return readIfThere(this.#asidePath)
  }

  /**
   * Adds lines; those that wait go to disk together, so that a burst costs few flushes.
   * @param durable resolve when the disk has them for good
   * @throws Error when they are not in the file
   */
  append(text: string, durable: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, durable, resolve, reject })
      void this.#enqueue(() => this.#flush())
    })
  }

  /**
   * Writes a new file that takes the old one's place at once, for good.
   * @param text asked for when its turn has come: what was added before is in the old file, what is added later comes after it
   * @throws Error when the old one is still there
   */
  replace(text: () => string | Promise<string>): Promise<void> {
    return this.#enqueue(async () => this.#replace(await text()))
  }

  /**
   * Renames the file permanently: the next process that opens the journal knows that something happened after it. Renaming
   * takes no room, so a full disk does it.
   * @throws Error when the file still has its name
   */
  setAside(): Promise<void> {
    return this.#enqueue(async () => {
      await rename(this.#path, this.#asidePath).catch(ignoreMissing)
      await syncDirectory(dirname(this.#path))
      const previous = this.#file
      this.#file = undefined
      await previous?.close().catch(() => {})
    })
  }

  async close(): Promise<void> {
    await this.#enqueue(async () => {
      await this.#file?.close()
      this.#file = undefined
    })
  }

  get #asidePath(): string {
    return `${this.#path}.aside`
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => {})
    return done
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting.splice(0)
    if (batch.length === 0) return
    try {
      await this.#writeBatch(batch)
    } catch (error) {
      for (const { reject } of batch) reject(error)
      if (!(await this.#cutOffTornLine())) this.#waiting.unshift(lineBreak)
    }
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    this.#file ??= await this.#open()
    const text = batch.map((entry) => entry.text).join('')
    const bytes = Buffer.byteLength(text)
    // An almost full disk takes a part, and says so by the number only.
    if (writeSync(this.#file.fd, text) < bytes) throw new Error('the disk is full')
    if (batch.some(({ durable }) => durable)) {
      await this.#file.datasync()
      await this.#nameForGood()
    }
    this.#bytes += bytes
    for (const { resolve } of batch) resolve()
  }

  async #nameForGood(): Promise<void> {
    if (!this.#isNamed) await syncDirectory(dirname(this.#path))
    this.#isNamed = true
  }

  async #open(): Promise<FileHandle> {
    const file = await open(this.#path, 'a', 0o600)
    this.#isNamed = false
    this.#bytes = (await file.stat()).size
    return file
  }

  /** Whether the file ends with a whole line again. Otherwise what stands there stays, and counts. */
  async #cutOffTornLine(): Promise<boolean> {
    if (this.#file === undefined) return true
    try {
      await this.#file.truncate(this.#bytes)
      return true
    } catch {
      this.#bytes = await this.#file.stat().then(
        ({ size }) => size,
        () => this.#bytes,
      )
      return false
    }
  }

  async #replace(text: string): Promise<void> {
    const fresh = `${this.#path}.new`
    await rm(fresh, { force: true })
    const file = await open(fresh, 'a', 0o600)
    try {
      await file.writeFile(text)
      await file.datasync()
      await rename(fresh, this.#path)
    } catch (error) {
      await file.close()
      // What little room it took may be what somebody else needs.
      await rm(fresh, { force: true }).catch(() => {})
      throw error
    }
    const previous = this.#file
    this.#file = file
    this.#bytes = Buffer.byteLength(text)
    this.#isNamed = false
    this.#waiting = this.#waiting.filter((waiting) => waiting !== lineBreak)
    await previous?.close().catch(() => {})
    await this.#nameForGood()
    await rm(this.#asidePath, { force: true }).catch(() => {})
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreMissing)
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
