import type { ReceivedEntry } from '../log/audit.ts'
import type { AuditLog } from '../log/auditLog.ts'
import { type Log, reasonOf } from '../log/log.ts'
import type { Principal } from '../policy/principal.ts'
import { JournalFile } from './journalFile.ts'
import { type BegunRun, type JournalLine, printLine, receivedIn } from './journalLines.ts'
import { readJournal } from './readJournal.ts'
import { RunMemory } from './runMemory.ts'

/** Lines beyond what is remembered before the file is rewritten. */
const slackLines = 2_000
/** Between two attempts to write down again what only this process knows, milliseconds. */
const restoreEveryMs = 10_000

type Disk =
  | { readonly state: 'fine' }
  /** What is on the disk is out of force; this process remembers. */
  | { readonly state: 'aside'; readonly problem: string }
  /** What is on the disk is in force, and cannot be added to: nothing is taken on. */
  | { readonly state: 'refusing'; readonly problem: string }

type AuditKeeping = Pick<AuditLog, 'restore' | 'sync'>

/** The clocks that a memory goes by. */
export interface JournalClocks {
  /** SQS's clock, milliseconds: own clocks are set, and may be years off. A guess as long as it is not known. */
  readonly sqs: () => number
  readonly isSqsKnown: () => boolean
  /** A clock that nobody sets, milliseconds. */
  readonly steady: () => number
}

/**
 * The agent's memory of runs: what it took on and must never take on again, and whose reply is not delivered yet.
 * A file of lines, each with a checksum of its own; damaged lines are left out with a log line.
 *
 * While the disk takes nothing, this process remembers, and what is on the disk is invalidated: the next process that
 * opens it does not execute what was sent before. If not even that is possible, no command is accepted.
 *
 * The one sync before a run is the audit log's, too: the line of the journal holds what the audit log says of the run, and
 * writes it again if that has lost it. The audit log is synced itself before the journal forgets such a line, and while the
 * journal is not on disk.
 */
export class Journal {
  readonly #file: JournalFile
  readonly #path: string
  readonly #log: Log
  readonly #clocks: JournalClocks
  readonly #audit: AuditKeeping
  readonly #openedAt: number
  readonly #memory = new RunMemory()
  #lines = 0
  /** Whether the beginning of the memory was held against SQS's clock: a file's may be in the future, as its writer's clock was. */
  #isSinceSure = false
  #disk: Disk = { state: 'fine' }
  #puttingAside: Promise<void> | undefined
  #triedAt = Number.NEGATIVE_INFINITY

  /** @throws Error when there is a file that cannot be read */
  static async open(path: string, log: Log, clocks: JournalClocks, audit: AuditKeeping): Promise<Journal> {
    const journal = new Journal(path, log, clocks, audit)
    await journal.#read()
    await journal.#rewrite().catch((error) => journal.#tell(error))
    // An empty line says nothing, but whether the disk takes lines.
    await journal.#append('\n').catch(() => {})
    return journal
  }

  private constructor(path: string, log: Log, clocks: JournalClocks, audit: AuditKeeping) {
    this.#path = path
    this.#file = new JournalFile(path)
    this.#log = log
    this.#clocks = clocks
    this.#audit = audit
    this.#openedAt = clocks.steady()
  }

  /** SQS's clock, milliseconds: commands issued before this are beyond the agent's memory. A guess until SQS has answered. */
  get remembersSince(): number {
    return this.#makeSinceSure()
  }

  /** Whether the run was taken on, or barred, at any time that the agent remembers. */
  knows(runId: string): boolean {
    return this.#memory.knows(runId)
  }

  /** Who had the run executed; undefined for a run that is not known, or was taken on by an earlier version. */
  ownerOf(runId: string): Principal | undefined {
    return this.#memory.ownerOf(runId)
  }

  /** Runs whose reply was not delivered, oldest first. */
  undelivered(): BegunRun[] {
    return this.#memory.undelivered()
  }

  /** What is wrong with the memory on disk, in words. */
  get problem(): string | undefined {
    return this.#disk.state === 'fine' ? undefined : this.#disk.problem
  }

  /**
   * Resolves when it is on disk, or when nothing on the disk would say that the run was not taken on: only then may it be
   * executed.
   * @param received its line in the audit log, if there is one
   * @throws Error when neither is possible
   */
  async begin(run: Omit<BegunRun, 'at'>, received?: ReceivedEntry): Promise<void> {
    const begun = { ...run, at: this.#clocks.sqs(), ...(received === undefined ? {} : { received }) }
    try {
      await this.#record({ t: 'begun', ...begun })
      if (this.#disk.state === 'aside') await this.#audit.sync()
    } catch (error) {
      this.#memory.unlearn(run.runId)
      throw error
    }
  }

  /**
   * The run must never be taken on. Resolves as `begin` does.
   * @throws Error
   */
  bar(runId: string): Promise<void> {
    return this.#record({ t: 'barred', runId, at: this.#clocks.sqs() })
  }

  /** Losing this means delivering twice, which does no harm, so nobody waits for the disk. */
  delivered(runId: string): void {
    this.#note({ t: 'delivered', runId })
  }

  async close(): Promise<void> {
    if (this.#disk.state === 'aside') await this.#restore()
    await this.#file.close()
  }

  /** What was remembered since a time to come was remembered since this was opened, at the latest. A guess is not kept. */
  #makeSinceSure(): number {
    const opened = this.#clocks.sqs() - (this.#clocks.steady() - this.#openedAt)
    const { since = opened } = this.#memory
    if (this.#isSinceSure) return since
    const sure = Math.min(since, opened)
    this.#isSinceSure = this.#clocks.isSqsKnown()
    if (this.#isSinceSure && sure !== this.#memory.since) this.#note({ t: 'memory', since: sure })
    return sure
  }

  async #record(line: JournalLine): Promise<void> {
    this.#makeSinceSure()
    this.#learn(line)
    // This process knows it now, and the disk says nothing that would contradict.
    if (this.#disk.state === 'aside') return this.#restoreFromTimeToTime()
    await this.#append(printLine(line))
    await this.#rewriteWhenLong()
  }

  async #append(text: string): Promise<void> {
    try {
      await this.#file.append(text, true)
    } catch (error) {
      return this.#putAside(reasonOf(error))
    }
    if (this.#disk.state === 'refusing') this.#becomeFine()
  }

  #note(line: JournalLine): void {
    this.#learn(line)
    if (this.#disk.state === 'aside') return
    this.#file.append(printLine(line), false).catch((error) => {
      this.#log.warn(`Cannot write the journal ${this.#path}: ${reasonOf(error)}`)
    })
  }

  /** @throws Error when the disk's memory stays in force */
  async #putAside(reason: string): Promise<void> {
    // What came together fails together.
    this.#puttingAside ??= this.#file.setAside().finally(() => {
      this.#puttingAside = undefined
    })
    const cannot = `Cannot write the journal ${this.#path} (${reason})`
    try {
      await this.#puttingAside
    } catch (error) {
      const problem = `${cannot}, or set it aside (${reasonOf(error)}): commands are refused.`
      if (this.#disk.state !== 'refusing') this.#log.error(problem)
      this.#disk = { state: 'refusing', problem }
      throw new Error(`${reason}, and the journal cannot be set aside`)
    }
    if (this.#disk.state === 'aside') return
    const problem = `${cannot}: runs are remembered in memory only. After a restart, commands sent before it are not executed. Free some space.`
    this.#log.error(problem)
    this.#disk = { state: 'aside', problem }
    this.#triedAt = this.#clocks.steady()
  }

  async #restoreFromTimeToTime(): Promise<void> {
    if (this.#clocks.steady() - this.#triedAt < restoreEveryMs) return
    this.#triedAt = this.#clocks.steady()
    await this.#restore()
  }

  /** Writes down all that this process knows, if the disk takes it. */
  async #restore(): Promise<void> {
    try {
      await this.#rewrite()
      this.#becomeFine()
    } catch {} // It is tried again.
  }

  #becomeFine(): void {
    this.#disk = { state: 'fine' }
    this.#log.info(`The journal ${this.#path} is complete again.`)
  }

  async #rewriteWhenLong(): Promise<void> {
    if (this.#lines > this.#memory.size + slackLines) {
      // Once is enough, also when it fails.
      this.#lines = this.#memory.size
      await this.#rewrite().catch((error) => this.#tell(error))
    }
  }

  #learn(line: JournalLine): void {
    this.#lines += 1
    this.#memory.learn(line)
  }

  async #read(): Promise<void> {
    const lines = await readJournal(this.#file, this.#memory, this.#log, this.#path)
    this.#lines = lines.length
    this.#audit.restore(receivedIn(lines))
  }

  /** Writes what is still worth remembering into a new file. */
  async #rewrite(): Promise<void> {
    const { sqs, isSqsKnown } = this.#clocks
    this.#memory.forget(isSqsKnown() ? sqs() : undefined)
    await this.#file.replace(async () => {
      await this.#audit.sync()
      const lines = this.#memory.lines()
      this.#lines = lines.length
      return lines.map(printLine).join('')
    })
  }

  #tell(error: unknown): void {
    this.#log.warn(`Cannot shorten the journal ${this.#path}: ${reasonOf(error)}`)
  }
}
