import { type FileHandle, open } from 'node:fs/promises'

/** A file that only grows: appends are taken at once, written soon in their order, and gathered into few writes. */
export class AppendOnlyFile {
  readonly handle: FileHandle
  readonly path: string
  #pending: Uint8Array[] = []
  #writing: Promise<void> = Promise.resolve()
  #failure: Error | undefined

  private constructor(handle: FileHandle, path: string) {
    this.handle = handle
    this.path = path
  }

  /** Opens or creates the file, readable by its owner only. */
  static async open(path: string): Promise<AppendOnlyFile> {
    return new AppendOnlyFile(await open(path, 'a+', 0o600), path)
  }

  append(...parts: Uint8Array[]): void {
    if (this.#pending.length === 0) this.#writing = this.#writing.then(() => this.#writePending())
    this.#pending.push(...parts)
  }

  /** @throws Error when the disk refused something that was appended */
  async flush(): Promise<void> {
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure
  }

  async close(): Promise<void> {
    await this.#writing
    await this.handle.close()
  }

  async #writePending(): Promise<void> {
    const parts = this.#pending
    this.#pending = []
    if (this.#failure !== undefined) return
    try {
      await this.handle.appendFile(Buffer.concat(parts))
    } catch (cause) {
      this.#failure = new Error(`${this.path} cannot be written: ${(cause as Error).message}`, { cause })
    }
  }
}
