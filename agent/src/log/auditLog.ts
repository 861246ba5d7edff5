import { continuation } from '../../../src/chain/auditChain.ts'
import { type ChainHead, chainHeadOf, chainLine, entriesOf } from '../../../src/chain/hashChain.ts'
import type { Audit, AuditedCommand, ReceivedEntry } from './audit.ts'
import type { Log } from './log.ts'
import type { LogFile } from './logFile.ts'

export interface AuditLogOptions {
  /** Whose log it is: stands in each line, so that no other server's log can take its place. */
  readonly agentId: string
  /** Undefined: nothing is audited. */
  readonly file: LogFile | undefined
  /** A second place for the same lines. */
  readonly copy: ((line: string) => void) | undefined
  readonly log: Pick<Log, 'error' | 'warn'>
  /** Own clock, milliseconds. */
  readonly now: () => number
}

/** A command that was received, as the journal knows it. */
export interface Received {
  readonly audited: AuditedCommand
  readonly entry: ReceivedEntry
}

/**
 * One JSON line for each thing that happens to a command, each chained to the one before. A line is in the file at once,
 * and survives the end of this process. A failure of power it survives after {@link AuditLog.sync}; until then the journal
 * vouches for the lines that say what is executed, see {@link AuditLog.restore}.
 */
export class AuditLog {
  readonly #o: AuditLogOptions
  #head: ChainHead
  /** Whether a part of a line may stand at the end of the file. */
  #isTorn: boolean
  /** Whether the file goes on with a chain of an older one, and does not say so yet. */
  #isContinuation: boolean

  constructor(options: AuditLogOptions) {
    this.#o = options
    const tail = options.file?.tail() ?? ''
    // Logrotate may have moved it away while no agent was running.
    this.#head = chainHeadOf(tail === '' ? (options.file?.tail(true) ?? '') : tail)
    this.#isContinuation = tail === '' && this.#head.seq > 0
    this.#isTorn = tail !== '' && !tail.endsWith('\n')
  }

  /** Notes that the agent started, and what limits it. */
  started(posture: object): void {
    this.#write({ event: 'started', ...posture })
  }

  readonly note: Audit = (event, command, more) => this.#write({ event, ...command, ...more })

  /** Writes again what the log has lost of this: the machine failed, or somebody cut it off. */
  restore(received: readonly Received[]): void {
    const { file, log } = this.#o
    if (file === undefined || received.length === 0) return
    const entries = entriesOf(file.tail())
    const kept = new Set(entries.map(({ hash }) => hash))
    const oldest = entries[0]?.seq ?? 0
    // What is older than the part that was read may be in it, or in a file that logrotate has moved away.
    const lost = received.filter(({ entry: { seq, hash } }) => seq >= oldest && !kept.has(hash))
    for (const { audited, entry } of lost) {
      const { seq, hash: _, ...content } = entry
      this.#write({ event: 'received', ...audited, ...content, restored: seq })
    }
    if (lost.length > 0)
      log.warn(`The audit log had lost ${lost.length} entries, which are written again from the journal.`)
  }

  /** Resolves when everything that was written is on disk for good, or cannot be brought there, which is logged. */
  async sync(): Promise<void> {
    const problem = await this.#o.file?.sync()
    if (problem !== undefined)
      this.#o.log.error(`The audit log may lose lines if this machine fails: ${problem}`)
  }

  /**
   * Goes on in the file that has the log's name now. A new one begins with a line, so that the chain goes on after a restart.
   * @returns why that is impossible, in words
   */
  reopen(): string | undefined {
    const problem = this.#o.file?.reopen()
    this.#continue()
    return problem
  }

  #continue(): void {
    const { file } = this.#o
    if (file === undefined || this.#head.seq === 0 || !(this.#isContinuation || file.isContinuation)) return
    this.#isTorn = false
    this.#isContinuation = this.#append({ event: continuation }) === 'failed'
  }

  #write(entry: object): ReturnType<Audit> {
    this.#o.file?.ready()
    this.#continue()
    return this.#append(entry)
  }

  #append(entry: object): ReturnType<Audit> {
    const { agentId, file, copy, log, now } = this.#o
    if (file === undefined && copy === undefined) return 'unaudited'
    const { line, head } = chainLine(this.#head, { time: new Date(now()).toISOString(), agentId, ...entry })
    copy?.(line)
    if (file === undefined) {
      this.#head = head
      return 'unaudited'
    }
    if (!file.append(this.#isTorn ? `\n${line}` : line)) {
      this.#isTorn = true
      log.error(`Cannot write the audit log; the entry is: ${line.trim()}`)
      return 'failed'
    }
    this.#isTorn = false
    this.#head = head
    return head
  }
}
