import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ChainHead, entriesOf, verifyChain } from '../../chain/hashChain.ts'
import { type ChainedEntry, chainFileOf, parseChained } from './historyChain.ts'
import { linesOf } from './lines.ts'
import { RecordDigest } from './recordDigest.ts'
import { eventsOf } from './runEvents.ts'
import { runIdsIn } from './runFolders.ts'
import { isRunInUse } from './runRecord.ts'
import { contentProblems } from './verifyContent.ts'

/** What the chain of a history says of its records. */
export interface HistoryReport {
  /** Lines of the chain. */
  readonly lines: number
  /** When the chain begins, ISO 8601; undefined when there is none. */
  readonly since: string | undefined
  /** Runs that it vouches for, as they are on disk. */
  readonly vouched: number
  /** Runs of which it vouches for the first events only: their master was killed, or the end of the chain is gone. */
  readonly partly: readonly string[]
  /** Runs that were there before it began: nothing vouches for them. */
  readonly unchained: readonly string[]
  /** Every run that the history has or had, as far back as it knows. */
  readonly known: ReadonlySet<string>
  /** It may have had others before this time, milliseconds since the epoch. */
  readonly knowsSince: number
  /** English sentences. */
  readonly problems: readonly string[]
}

interface Chain {
  readonly text: string
  readonly entries: readonly ChainedEntry[]
  /** Lines of a later version, or of nobody who writes chains. */
  readonly unknown: number
}

/** Parts of a record that the chain vouches for; the longest is the last. */
type Parts = Map<string, Part[]>

interface Part {
  readonly bytes: number
  readonly sha256: string
  /** Nobody has gone on with the run since. */
  readonly isLast?: boolean
}

/**
 * Checks the records of a history against its chain, and the chain in itself.
 * @param directory of the history
 * @throws Error when it cannot be read
 */
export async function verifyHistory(directory: string): Promise<HistoryReport> {
  // Folders first: a run that is begun meanwhile is in the chain, and not the other way round.
  const runIds = await runIdsIn(directory)
  const chain = await readChain(directory)
  const { lines, problems: broken } = verifyChain(chain.text)
  const parts: Parts = new Map()
  for (const entry of chain.entries) {
    if (!isOfOneRun(entry)) continue
    const before = (parts.get(entry.runId) ?? []).map((part) => ({ ...part, isLast: false }))
    const { event } = entry
    if (event === 'resumed' && before.length === 0) continue
    const own =
      event === 'resumed'
        ? []
        : [{ ...entry, isLast: event === 'adopted' || (event === 'kept' && entry.isReleased) }]
    parts.set(entry.runId, [...before, ...own])
  }
  const unchained = chain.entries.flatMap((entry) => (entry.event === 'opened' ? entry.unchained : []))
  const older = new Set(chain.entries.length === 0 ? runIds : unchained)
  const problems = [...broken.map((problem) => `chain.ndjson: ${problem}`), ...trimmingProblems(chain)]
  if (chain.unknown > 0)
    problems.push(
      `chain.ndjson: this version cannot read ${chain.unknown} lines. Verify it with the version that wrote them.`,
    )
  // A run that was moved here was recorded after an entry of the chain that it comes from.
  const adopted = new Set(chain.entries.flatMap((entry) => (entry.event === 'adopted' ? [entry.runId] : [])))
  const hashes = new Map(entriesOf(chain.text).map(({ seq, hash }) => [seq, hash]))
  const partly: string[] = []
  let vouched = 0
  for (const runId of runIds) {
    const path = eventsOf(join(directory, runId))
    const after = adopted.has(runId) ? undefined : await headIn(path)
    if (after !== undefined && isOfAnotherChain(after, hashes, chain.entries[0]?.seq))
      problems.push(
        `Run ${runId} was recorded after entry ${after.seq} of another chain: the chain was replaced or recomputed.`,
      )
    const own = parts.get(runId)
    if (own === undefined) {
      if (older.has(runId) || (await isRunInUse(join(directory, runId)))) continue
      problems.push(
        `Run ${runId} is not in the chain: its record was put there, an earlier version made it, or the chain could not be written.`,
      )
      continue
    }
    const found = await checkEvents(path, own)
    const isWritten = await isRunInUse(join(directory, runId))
    if (found === 'in part' && !isWritten) partly.push(runId)
    const wrong = found === 'whole' && !isWritten ? await contentProblems(join(directory, runId), runId) : []
    if (found !== 'whole' && found !== 'in part') wrong.push(found)
    problems.push(...wrong.map((problem) => `Run ${runId}: ${problem}`))
    if (wrong.length === 0 && found === 'whole') vouched += 1
  }
  problems.push(...(await missing(directory, parts)))
  const removed = chain.entries.flatMap((entry) => (entry.event === 'removed' ? entry.runIds : []))
  const isWhole = chain.entries[0]?.seq === 1 && unchained.length === 0
  const since = chain.entries[0]?.time
  return {
    ...{ lines, since, vouched, partly, problems },
    unchained: runIds.filter((runId) => older.has(runId) && !parts.has(runId)),
    known: new Set([...runIds, ...parts.keys(), ...unchained, ...removed]),
    knowsSince: isWhole ? Number.NEGATIVE_INFINITY : Date.parse(since ?? new Date().toISOString()),
  }
}

async function readChain(directory: string): Promise<Chain> {
  const text = await readFile(chainFileOf(directory), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  // What follows the last line end is being written, or was when its process ended.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const lines = whole.split('\n').filter((line) => line !== '')
  const entries = lines.flatMap((line) => parseChained(line) ?? [])
  return { text: whole, entries, unknown: lines.length - entries.length }
}

/** Lines may be missing before the first only where the chain says that it was trimmed up to there. */
function trimmingProblems({ entries }: Chain): string[] {
  const [first] = entries
  const trimmed = entries.findLast((entry) => entry.event === 'trimmed')
  if (first === undefined || first.seq === 1 || trimmed?.first === first.seq) return []
  return [`chain.ndjson begins with entry ${first.seq}, and does not say why: earlier lines were removed.`]
}

/** Runs that the chain vouches for, that were not deleted by us, and are gone. */
async function missing(directory: string, parts: Parts): Promise<string[]> {
  const there = new Set(await runIdsIn(directory))
  const gone = [...parts.keys()].filter((runId) => !there.has(runId))
  if (gone.length === 0) return []
  // Read again: they may have been deleted meanwhile.
  const { entries } = await readChain(directory)
  const removed = new Set(entries.flatMap((entry) => (entry.event === 'removed' ? entry.runIds : [])))
  return gone
    .filter((runId) => !removed.has(runId))
    .map(
      (runId) => `Run ${runId} is in the chain, and its record is gone: it was not deleted by this program.`,
    )
}

type EntryOfOneRun = Extract<ChainedEntry, { event: 'begun' | 'kept' | 'resumed' | 'adopted' }>

function isOfOneRun(entry: ChainedEntry): entry is EntryOfOneRun {
  const { event } = entry
  return event === 'begun' || event === 'kept' || event === 'resumed' || event === 'adopted'
}

/** Whether the events are those that were written, all of them or the first; otherwise what is wrong, in words. */
async function checkEvents(path: string, parts: readonly Part[]): Promise<string> {
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  )
  if (size === undefined) return 'its events are gone.'
  for (const { bytes, sha256 } of parts) {
    if (size < bytes) return `its events are cut off: there are ${size} bytes, and there were ${bytes}.`
    const digest = await RecordDigest.of(path, bytes)
    if (digest.part().sha256 !== sha256) return 'its events were changed: their digest is another one.'
  }
  const last = parts.at(-1)
  if (last?.bytes === size) return 'whole'
  return last?.isLast === true ? 'events were added after its master had let go of it.' : 'in part'
}

/** @param first number of the first entry; undefined when there is no chain */
function isOfAnotherChain(
  after: ChainHead,
  hashes: ReadonlyMap<number, string | null>,
  first: number | undefined,
): boolean {
  if (after.seq === 0 || (first !== undefined && after.seq < first)) return false
  return hashes.get(after.seq) !== after.hash
}

/** The end of the chain at the time when the record was begun, as the record says; undefined for earlier versions. */
async function headIn(path: string): Promise<ChainHead | undefined> {
  try {
    for await (const { lines } of linesOf(path)) {
      const { after } = JSON.parse(lines[0] ?? '')
      return Number.isSafeInteger(after?.seq) ? after : undefined
    }
  } catch {
    // It is told by its digest, where there is one.
  }
  return undefined
}
