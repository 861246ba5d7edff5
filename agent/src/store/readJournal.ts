import type { Log } from '../log/log.ts'
import type { JournalFile } from './journalFile.ts'
import { type JournalLine, readLines } from './journalLines.ts'
import type { RunMemory } from './runMemory.ts'

/**
 * Lets the memory learn what is on disk, and says what of it was lost.
 * @returns the lines, the oldest first
 * @throws Error when there is a file that cannot be read
 */
export async function readJournal(
  file: Pick<JournalFile, 'read' | 'readSetAside'>,
  memory: RunMemory,
  log: Log,
  path: string,
): Promise<JournalLine[]> {
  const [aside, text] = [await file.readSetAside(), await file.read()]
  const earlier = readLines(aside ?? '')
  const { lines, damaged } = readLines(text ?? '')
  const all = [...earlier.lines.filter(({ t }) => t !== 'memory'), ...lines]
  for (const line of all) memory.learn(line)
  if (damaged.whole > 0) {
    memory.since = undefined
    log.warn(
      `${damaged.whole} damaged lines in the journal ${path} were left out. Commands sent before now are not executed, because they may have been.`,
    )
  } else if (damaged.torn) {
    log.warn(`Ignored the incomplete last line of the journal ${path}; it had no effect.`)
  }
  if (aside !== undefined && memory.since === undefined) {
    log.warn(
      `The journal ${path} could not be written for a time. Commands sent before now are not executed, because they may have been.`,
    )
  }
  return all
}
