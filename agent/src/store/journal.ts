import { writeSync } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '../log/log.ts'
import { type BegunRun, type JournalLine, printLine, readLines } from './journalLines.ts'

/** Run ids older than this are forgotten, milliseconds; commands of that age are then not executed any more. */
const rememberedMs = 24 * 3600_000
/** Most run ids that are remembered. */
const rememberedRuns = 10_000
/** Lines beyond what is remembered before the file is written anew. */
const slackLines = 2_000

interface Waiting {
  readonly text: string
  readonly durable: boolean
  resolve(): void
  reject(error: unknown): void
}

/** Half a line may be on disk already: the next one must not continue it. */
const lineBreak: Waiting = { text: '\n', durable: false, resolve() {}, reject() {} }

/**
 * The agent's memory of runs: what it took on and must never take on again, and whose reply is not delivered yet.
 * An append-only file of lines, each with a checksum of its own; damaged lines are left out with a log line.
 */
export class Journal {
  readonly #path: string
  readonly #log: Log
  readonly #now: () => number
  #file: FileHandle
  #lines = 0
  /** Length of the file up to its last whole write. */
  #bytes = 0
  /** Own clock: what was sent before this may have been executed without our knowing it. */
  #since: number
  readonly #known = new Map<string, number>()
  readonly #undelivered = new Map<string, BegunRun>()
  #waiting: Waiting[] = []
  #isWriting = false
  #writing: Promise<void> = Promise.resolve()

  /** @throws Error when the file can be neither read nor written */
  static async open(path: string, log: Log, now: () => number): Promise<Journal> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    const { lines, damaged } = readLines(text ?? '')
    const journal = new Journal(path, log, now, await open(path, 'a', 0o600))
    journal.#bytes = (await journal.#file.stat()).size
    for (const line of lines) journal.#learn(line)
    if (damaged.whole > 0) {
      journal.#since = now()
      log.warn(
        `${damaged.whole} damaged lines in the journal ${path} were left out. Commands sent before now are not executed, because they may have been.`,
      )
    } else if (damaged.torn) {
      log.warn(`Ignored the incomplete last line of the journal ${path}; it had no effect.`)
    }
    // With a full disk the old file has to do; what cannot be appended to it will not be executed.
    await journal.#rewrite().catch((error) => {
      journal.#tell(error)
      journal.#waiting.push(lineBreak)
    })
    return journal
  }

  private constructor(path: string, log: Log, now: () => number, file: FileHandle) {
    this.#path = path
    this.#log = log
    this.#now = now
    this.#file = file
    this.#since = now()
  }

  /** Own clock, milliseconds: commands sent before this are beyond the agent's memory. */
  get remembersSince(): number {
    return this.#since
  }

  /** Whether the run was taken on, or barred, at any time that the agent remembers. */
  knows(runId: string): boolean {
    return this.#known.has(runId)
  }

  /** Runs whose reply was not delivered, oldest first. */
  undelivered(): BegunRun[] {
    return [...this.#undelivered.values()]
  }

  /**
   * Resolves when it is on disk: only then may the run be executed.
   * @throws Error when it cannot be written
   */
  async begin(run: BegunRun): Promise<void> {
    try {
      await this.#append({ t: 'begun', ...run }, true)
    } catch (error) {
      this.#known.delete(run.runId)
      this.#undelivered.delete(run.runId)
      throw error
    }
  }

  /** The run must never be taken on. Resolves when that is on disk. */
  bar(runId: string): Promise<void> {
    return this.#append({ t: 'barred', runId, at: this.#now() }, true)
  }

  /** Losing this means delivering twice, which does no harm, so nobody waits for the disk. */
  delivered(runId: string): void {
    this.#append({ t: 'delivered', runId }, false).catch((error) => {
      this.#log.warn(`Cannot write the journal ${this.#path}: ${error.message}`)
    })
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file.close()
  }

  #append(line: JournalLine, durable: boolean): Promise<void> {
    this.#learn(line)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text: printLine(line), durable, resolve, reject })
      if (!this.#isWriting) this.#writing = this.#write()
    })
  }

  /** Everything that waits goes to disk together, so a burst of commands costs few flushes. */
  async #write(): Promise<void> {
    this.#isWriting = true
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting
        this.#waiting = []
        try {
          await this.#writeBatch(batch)
        } catch (error) {
          for (const { reject } of batch) reject(error)
          if (await this.#cutOffTornLine()) continue
          this.#waiting.unshift(lineBreak)
          if (this.#waiting.length === 1) return
        }
        if (this.#lines > this.#known.size + slackLines)
          await this.#rewrite().catch((error) => this.#tell(error))
      }
    } finally {
      this.#isWriting = false
    }
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const text = batch.map((entry) => entry.text).join('')
    const bytes = Buffer.byteLength(text)
    // An almost full disk takes a part, and says so by the number only.
    if (writeSync(this.#file.fd, text) < bytes) throw new Error('the disk is full')
    if (batch.some(({ durable }) => durable)) await this.#file.datasync()
    this.#bytes += bytes
    for (const { resolve } of batch) resolve()
  }

  /** Whether the file ends with a whole line again. Otherwise what stands there stays, and counts. */
  async #cutOffTornLine(): Promise<boolean> {
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

  #learn(line: JournalLine): void {
    this.#lines += 1
    switch (line.t) {
      case 'memory':
        this.#since = line.since
        return
      case 'begun': {
        const { t: _, ...run } = line
        this.#known.set(run.runId, run.at)
        this.#undelivered.set(run.runId, run)
        return
      }
      case 'barred':
      case 'known':
        this.#known.set(line.runId, line.at)
        return
      case 'delivered':
        this.#undelivered.delete(line.runId)
    }
  }

  /** Writes what is still worth remembering into a new file that takes the old one's place at once. */
  async #rewrite(): Promise<void> {
    this.#forget()
    const lines: JournalLine[] = [{ t: 'memory', since: this.#since }]
    for (const [runId, at] of this.#known) {
      const run = this.#undelivered.get(runId)
      lines.push(run === undefined ? { t: 'known', runId, at } : { t: 'begun', ...run })
    }
    const fresh = `${this.#path}.new`
    const text = lines.map(printLine).join('')
    await rm(fresh, { force: true })
    const file = await open(fresh, 'a', 0o600)
    try {
      await file.writeFile(text)
      await file.datasync()
      await rename(fresh, this.#path)
      await syncDirectory(dirname(this.#path))
    } catch (error) {
      await file.close()
      throw error
    }
    const previous = this.#file
    this.#file = file
    this.#lines = lines.length
    this.#bytes = Buffer.byteLength(text)
    await previous.close()
  }

  #forget(): void {
    const oldest = this.#now() - rememberedMs
    for (const [runId, at] of this.#known) {
      if (at >= oldest && this.#known.size <= rememberedRuns) break
      if (this.#undelivered.has(runId)) continue
      this.#known.delete(runId)
      this.#since = Math.max(this.#since, at)
    }
  }

  #tell(error: Error): void {
    this.#log.warn(`Cannot shorten the journal ${this.#path}: ${error.message}`)
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
