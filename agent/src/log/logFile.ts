import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** A file that lines are appended to and that can be opened anew after logrotate has moved it away. */
export class LogFile {
  readonly #path: string
  readonly #mode: number
  #descriptor: number

  /**
   * @param mode permissions of a file that is created
   * @throws Error when the file cannot be opened
   */
  constructor(path: string, mode = 0o640) {
    this.#path = path
    this.#mode = mode
    this.#descriptor = this.#open()
  }

  /** A full disk must not stop the agent: a line that cannot be written is lost, and `false` says so. */
  append(line: string): boolean {
    try {
      return writeSync(this.#descriptor, line) > 0
    } catch {
      return false
    }
  }

  reopen(): void {
    const previous = this.#descriptor
    this.#descriptor = this.#open()
    closeSync(previous)
  }

  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o750 })
    return openSync(this.#path, 'a', this.#mode)
  }
}
