import type { Audit } from './audit.ts'
import { type ChainHead, chainHeadOf, chainLine } from './auditChain.ts'
import type { Log } from './log.ts'
import type { LogFile } from './logFile.ts'

export interface AuditLogOptions {
  /** Undefined: nothing is audited. */
  readonly file: LogFile | undefined
  /** A second place for the same lines. */
  readonly copy: ((line: string) => void) | undefined
  readonly log: Pick<Log, 'error'>
  /** Own clock, milliseconds. */
  readonly now: () => number
}

/** One JSON line for each thing that happens to a command, each chained to the one before. */
export class AuditLog {
  readonly #o: AuditLogOptions
  #head: ChainHead
  /** Whether a part of a line may stand at the end of the file. */
  #isTorn: boolean

  constructor(options: AuditLogOptions) {
    this.#o = options
    const tail = options.file?.tail() ?? ''
    this.#head = chainHeadOf(tail)
    this.#isTorn = tail !== '' && !tail.endsWith('\n')
  }

  /** Notes that the agent started, and what limits it. */
  started(posture: object): void {
    this.#write({ event: 'started', ...posture })
  }

  readonly note: Audit = (event, command, more) => this.#write({ event, ...command, ...more })

  #write(entry: object): boolean {
    const { file, copy, log, now } = this.#o
    if (file === undefined && copy === undefined) return true
    const { line, head } = chainLine(this.#head, { time: new Date(now()).toISOString(), ...entry })
    copy?.(line)
    if (file === undefined) {
      this.#head = head
      return true
    }
    if (!file.append(this.#isTorn ? `\n${line}` : line)) {
      this.#isTorn = true
      log.error(`Cannot write the audit log; the entry is: ${line.trim()}`)
      return false
    }
    this.#isTorn = false
    this.#head = head
    return true
  }
}
