import { fstatSync } from 'node:fs'
import type { LogLevel } from './log.ts'

/** As syslog numbers them, see sd-daemon(3). */
const priorities: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 }

/**
 * How a line of the log is written to systemd's journal: with its priority, and without the time, which the journal notes.
 * @param variables of this process; `JOURNAL_STREAM` names the device and inode of the journal's stream
 * @returns undefined when the descriptor is something else
 */
export function connectedJournal(
  { JOURNAL_STREAM }: Readonly<Record<string, string | undefined>>,
  descriptor: number,
): ((line: string, level: LogLevel) => string) | undefined {
  if (JOURNAL_STREAM === undefined) return undefined
  try {
    const { dev, ino } = fstatSync(descriptor)
    if (JOURNAL_STREAM !== `${dev}:${ino}`) return undefined
  } catch {
    return undefined
  }
  return (line, level) => `<${priorities[level]}>${line.slice(line.indexOf(' ') + 1)}`
}
