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
  #isContinuation = false

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
    this.ready()
    if (this.#descriptor === undefined || this.#isDeleted()) return false
    try {
      if (writeSync(this.#descriptor, line) < Buffer.byteLength(line)) return false
      this.#isContinuation = false
      return true
    } catch {
      return false
    }
  }

  /** Opens the file where that is needed for a line. */
  ready(): void {
    if (this.#problem !== undefined || this.#isDeleted()) this.#open()
  }

  /** Whether the open file is new and empty, and the one before it was moved away, not deleted: as by logrotate. */
  get isContinuation(): boolean {
    return this.#isContinuation
  }

  /** Resolves when the disk has for good what was appended; otherwise why not, in words. */
  async sync(): Promise<string | undefined> {
    if (this.#descriptor === undefined) return this.#problem
    return syncData(this.#descriptor).then(() => undefined, reasonOf)
  }

  /** The last part of what is in the file, as text; at most `bytes`. @param moved of what logrotate has made of it last */
  tail(moved = false, bytes = 1024 * 1024): string {
    let descriptor: number | undefined
    try {
      descriptor = openSync(moved ? `${this.#path}.1` : this.#path, 'r')
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
    return this.#descriptor === undefined ? undefined : statOf(this.#descriptor)
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
    const [before, after] = [statOf(previous), this.#stat()]
    const isOther = before !== undefined && (before.ino !== after?.ino || before.dev !== after.dev)
    this.#isContinuation = isOther && before.nlink > 0 && after?.size === 0
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

function statOf(descriptor: number) {
  try {
    return fstatSync(descriptor)
  } catch {
    return undefined
  }
}
