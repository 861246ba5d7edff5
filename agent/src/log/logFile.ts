import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { reasonOf } from './log.ts'

const syncData = promisify(fdatasync)

/**
 * A file that lines are appended to, and that can be reopened after logrotate has moved it away. Nothing here throws:
 * a log that cannot be written is no reason for a server to lose its agent.
 */
export class LogFile {
  readonly #path: string
  readonly #mode: number
  #descriptor: number | undefined
  #problem: string | undefined

  /** @param mode permissions of a file that is created */
  constructor(path: string, mode = 0o640) {
    this.#path = path
    this.#mode = mode
    this.#open()
  }

  /** Why the file of this name cannot be opened, in words; undefined when it is open. */
  get problem(): string | undefined {
    return this.#problem
  }

  /**
   * Whether the whole line is in the file. A file that could not be opened is tried again with each line; one that was
   * deleted is made again, since what is written to it is read by nobody.
   */
  append(line: string): boolean {
    if (this.#problem !== undefined || this.#isDeleted()) this.#open()
    if (this.#descriptor === undefined || this.#isDeleted()) return false
    try {
      return writeSync(this.#descriptor, line) === Buffer.byteLength(line)
    } catch {
      return false
    }
  }

  /** Whether the open file has nothing in it. */
  get isEmpty(): boolean {
    return this.#stat()?.size === 0
  }

  /** Resolves when the disk has for good what was appended; otherwise why not, in words. */
  async sync(): Promise<string | undefined> {
    if (this.#descriptor === undefined) return this.#problem
    return syncData(this.#descriptor).then(() => undefined, reasonOf)
  }

  /** The last part of what is in the file, as text; at most `bytes`. */
  tail(bytes = 1024 * 1024): string {
    let descriptor: number | undefined
    try {
      descriptor = openSync(this.#path, 'r')
      const { size } = fstatSync(descriptor)
      const buffer = Buffer.alloc(Math.min(size, bytes))
      const length = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length)
      return buffer.subarray(0, length).toString('utf8')
    } catch {
      return ''
    } finally {
      if (descriptor !== undefined) closeSync(descriptor)
    }
  }

  /**
   * Opens the file of this name. While that is impossible, lines go on into the file that was open before.
   * @returns the problem, in words
   */
  reopen(): string | undefined {
    this.#open()
    return this.#problem
  }

  #isDeleted(): boolean {
    return this.#stat()?.nlink === 0
  }

  #stat() {
    try {
      return this.#descriptor === undefined ? undefined : fstatSync(this.#descriptor)
    } catch {
      return undefined
    }
  }

  #open(): void {
    const previous = this.#descriptor
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o750 })
      this.#descriptor = openSync(this.#path, 'a', this.#mode)
    } catch (error) {
      this.#problem = `${this.#path} cannot be opened: ${(error as Error).message}`
      return
    }
    this.#problem = undefined
    if (previous === undefined) return
    try {
      // Nobody can do so later.
      fdatasyncSync(previous)
    } catch {
      // A pipe has no disk, and a full disk has its say with the next line.
    }
    try {
      closeSync(previous)
    } catch {
      // What a full disk has to say about the old file changes nothing.
    }
  }
}
