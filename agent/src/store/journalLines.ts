import { createHash } from 'node:crypto'
import type { AuditedCommand, ReceivedEntry } from '../log/audit.ts'
import type { Received } from '../log/auditLog.ts'
import type { Principal } from '../policy/principal.ts'

/** A run that the agent took on: written durably before anything of it is executed. */
export interface BegunRun {
  readonly runId: string
  /** Own clock, milliseconds. */
  readonly at: number
  readonly replyTo: string
  /** For the audit line of a run whose end was not witnessed. */
  readonly audited: AuditedCommand
  /** Who had it executed. Earlier versions did not note it. */
  readonly by?: Principal
}

/** Lines of the journal's file. */
export type JournalLine =
  | { readonly t: 'memory'; readonly since: number }
  /** `received`: its line in the audit log, which this one vouches for until that is on disk for good. */
  | ({ readonly t: 'begun'; readonly received?: ReceivedEntry } & BegunRun)
  | { readonly t: 'barred'; readonly runId: string; readonly at: number }
  | { readonly t: 'delivered'; readonly runId: string }
  | { readonly t: 'known'; readonly runId: string; readonly at: number; readonly by?: Principal }

const kinds: ReadonlySet<unknown> = new Set<JournalLine['t']>([
  'memory',
  'begun',
  'barred',
  'delivered',
  'known',
])

export function printLine(line: JournalLine): string {
  const json = JSON.stringify(line)
  return `${checksum(json)} ${json}\n`
}

/**
 * Damage to the unfinished last line is a write that nobody waited out; damage elsewhere, or a line of a kind that this
 * version does not know, is lost memory.
 */
export function readLines(text: string): { lines: JournalLine[]; damaged: { whole: number; torn: boolean } } {
  const rows = text.split('\n')
  const last = rows.pop() ?? ''
  const lines: JournalLine[] = []
  let whole = 0
  for (const row of rows) {
    if (row === '') continue
    const json = row.slice(9)
    const line = row[8] === ' ' && row.slice(0, 8) === checksum(json) ? JSON.parse(json) : undefined
    // One of a later version may say of a run that it was taken on: to pass over it would be to forget that.
    if (line !== undefined && kinds.has(line.t)) lines.push(line)
    else whole += 1
  }
  return { lines, damaged: { whole, torn: last !== '' } }
}

/** What the audit log has to hold, as far as these lines say. */
export function receivedIn(lines: readonly JournalLine[]): Received[] {
  return lines.flatMap((line) =>
    line.t === 'begun' && line.received !== undefined
      ? [{ audited: line.audited, entry: line.received }]
      : [],
  )
}

function checksum(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, 8)
}
