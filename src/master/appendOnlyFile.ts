import { appendFile as appendFileWithCallback } from 'node:fs'
import { promisify } from 'node:util'

/** Costs half of what the one of `node:fs/promises` does. */
const appendFile = promisify(appendFileWithCallback)

/**
 * A file that only grows, readable by its owner only: appends are taken at once, written soon in their order, and gathered
 * into few writes. Open only while it is written: a master remembers hundreds of runs.
 */
export class AppendOnlyFile {
  readonly path: string
  readonly #before: () => Promise<void>
  #pending: Uint8Array[] = []
  #writing: Promise<void> = Promise.resolve()
  #failure: Error | undefined

  /** @param before what must be on disk before anything that was appended here */
  constructor(path: string, before: () => Promise<void> = () => Promise.resolve()) {
    this.path = path
    this.#before = before
  }

  append(...parts: Uint8Array[]): void {
    if (this.#pending.length === 0) this.#writing = this.#writing.then(() => this.#writePending())
    this.#pending.push(...parts)
  }

  /** @throws Error when the disk refused something that was appended. Nothing is written after that. */
  async flush(): Promise<void> {
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure
  }

  async #writePending(): Promise<void> {
    const parts = this.#pending
    this.#pending = []
    if (this.#failure !== undefined) return
    try {
      await this.#before()
      await appendFile(this.path, Buffer.concat(parts), { mode: 0o600 })
    } catch (cause) {
      const reason = (cause as Error).message
      this.#failure = new Error(`${this.path} cannot be written: ${reason}`, { cause })
    }
  }
}
