import { type ChainReport, type PlacedLine, verifyLines } from './hashChain.ts'

/**
 * The event of the first line of a log file, if earlier lines of its chain are in an older file. It is written where
 * logrotate has moved that file away, and not where it was deleted or emptied.
 */
export const continuation = 'continued'

/** Checks audit logs: the lines of an agent's files, the oldest first. */
export function verifyAuditLines(all: readonly PlacedLine[]): ChainReport {
  const report = verifyLines(all)
  if (report.first === undefined || report.first === 1) return report
  const begin = all.find(({ line }) => line !== '')
  if (begin === undefined || eventOf(begin.line) === continuation) return report
  const cut = `${begin.at} (entry ${report.first}) is not how a file of the log begins: earlier lines were cut off, or this is a part of a file.`
  return { ...report, problems: [cut, ...report.problems] }
}

function eventOf(line: string): unknown {
  try {
    return JSON.parse(line).event
  } catch {
    return undefined
  }
}
