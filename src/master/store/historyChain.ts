import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import { type ChainHead, chainHeadOf, chainLine, chainStart } from '../../chain/hashChain.ts'
import { type ProcessLock, takeLock } from '../../locks/processLock.ts'
import { runIdsIn } from './runFolders.ts'

/** How long to wait for other processes that write the chain, milliseconds. After that the entry is left out. */
const patienceMs = 5_000
/** Between two attempts to get hold of the chain, milliseconds; with jitter up to twice this. */
const pauseMs = 10
/** Run ids in one line: longer lists take several. */
const idsPerLine = 1_000
/** What is read to find the last line, bytes: many times the longest line. */
const tailBytes = 1024 * 1024
/** A shorter chain is not trimmed, bytes. */
const trimmedFromBytes = 512 * 1024

const Part = { runId: v.string(), bytes: v.number(), sha256: v.string() }

/** What the chain says of the records in a history. */
export const ChainEntry = v.variant('event', [
  /** The first line. `unchained`: runs that were there before the history had a chain. */
  v.looseObject({ event: v.literal('opened'), unchained: v.array(v.string()) }),
  /** A run was recorded before its command was sent: the first `bytes` bytes of its record, which are its first line, have this SHA-256. */
  v.looseObject({ event: v.literal('begun'), ...Part }),
  /** The same of all its events so far: when it was over, and when its master let go of it. */
  v.looseObject({ event: v.literal('kept'), ...Part, isReleased: v.boolean() }),
  /** A master goes on with a run. */
  v.looseObject({ event: v.literal('resumed'), runId: v.string() }),
  /** A run was moved here from another history of the same person, with these events. */
  v.looseObject({ event: v.literal('adopted'), ...Part }),
  /** Runs are deleted from here on: by a person, or as there are too many. */
  v.looseObject({ event: v.literal('removed'), runIds: v.array(v.string()) }),
  /** Lines before `first` spoke of deleted runs only, and were left out. */
  v.looseObject({ event: v.literal('trimmed'), first: v.number() }),
])
export type ChainEntry = v.InferOutput<typeof ChainEntry>

/** A line of the chain. Times are the writer's clock, ISO 8601. */
export const ChainedEntry = v.intersect([v.looseObject({ seq: v.number(), time: v.string() }), ChainEntry])
export type ChainedEntry = v.InferOutput<typeof ChainedEntry>

export const chainFileOf = (directory: string) => join(directory, 'chain.ndjson')

/**
 * Vouches for the records of a history: one line for each time that a run is begun, kept or deleted, each chained to the one
 * before, by all processes that share the history. A run is recorded and sent also where this cannot be written; verifying
 * the history then says that the run is not in its chain.
 */
export class HistoryChain {
  readonly #directory: string
  readonly #now: () => number
  #waiting: ChainEntry[] = []
  #writing: Promise<void> = Promise.resolve()

  /** @param now own clock, milliseconds */
  constructor(directory: string, now: () => number = Date.now) {
    this.#directory = directory
    this.#now = now
  }

  /** Resolves when the entry is in the chain, or cannot be brought there. Entries of one moment are written together. */
  append(entry: ChainEntry): Promise<void> {
    this.#waiting.push(entry)
    if (this.#waiting.length === 1) this.#writing = this.#writing.then(() => this.#writeWaiting())
    return this.#writing
  }

  /** The end of the chain. A record that names it tells, later, if the chain was replaced. */
  head(): ChainHead {
    try {
      return withFile(chainFileOf(this.#directory), 'r', (descriptor) => chainHeadOf(tailOf(descriptor).text))
    } catch {
      return chainStart
    }
  }

  async #writeWaiting(): Promise<void> {
    const lock = await this.#hold().catch(() => undefined)
    const entries = this.#waiting.splice(0)
    try {
      const unchained = await this.#unchained(entries)
      if (lock === undefined || lock.lost.aborted) return
      appendEntries(chainFileOf(this.#directory), [...unchained, ...entries], this.#now())
      if (entries.some(({ event }) => event === 'removed')) await this.#trim()
    } catch {
      // See the class: what is not in the chain is told when it is verified.
    } finally {
      await lock?.release().catch(() => {})
    }
  }

  async #hold(): Promise<ProcessLock | undefined> {
    for (const until = performance.now() + patienceMs; performance.now() < until; ) {
      const lock = await takeLock(join(this.#directory, 'chain.lock'))
      if (lock !== undefined) return lock
      await delay(pauseMs * (1 + Math.random()))
    }
    return undefined
  }

  /** The first lines of a new chain. The run that is being begun is not among them. */
  async #unchained(entries: readonly ChainEntry[]): Promise<ChainEntry[]> {
    if (await hasText(chainFileOf(this.#directory))) return []
    const begun = new Set(entries.flatMap((entry) => (entry.event === 'begun' ? [entry.runId] : [])))
    const runIds = (await runIdsIn(this.#directory)).filter((runId) => !begun.has(runId))
    const lines: ChainEntry[] = []
    for (let from = 0; from === 0 || from < runIds.length; from += idsPerLine)
      lines.push({ event: 'opened', unchained: runIds.slice(from, from + idsPerLine) })
    return lines
  }

  /** Leaves out the oldest lines if most of the chain speaks of deleted runs only. */
  async #trim(): Promise<void> {
    const path = chainFileOf(this.#directory)
    const text = await readFile(path, 'utf8')
    if (text.length < trimmedFromBytes) return
    const lines = text.split('\n').slice(0, -1)
    const entries = lines.map(parseChained)
    const removed = new Set(entries.flatMap((entry) => (entry?.event === 'removed' ? entry.runIds : [])))
    // A line that cannot be read stays: it is for the one who verifies.
    const firstKept = entries.findIndex(
      (entry) => entry === undefined || runsOf(entry).some((runId) => !removed.has(runId)),
    )
    const kept = firstKept === -1 ? [] : lines.slice(firstKept)
    if (kept.length > lines.length / 2) return
    const head = chainHeadOf(text)
    const first = (firstKept === -1 ? undefined : entries[firstKept]?.seq) ?? head.seq + 1
    const { line } = chainLine(head, timed({ event: 'trimmed', first }, this.#now()))
    await writeFile(`${path}.new`, `${[...kept, ''].join('\n')}${line}`, { mode: 0o600 })
    await rename(`${path}.new`, path)
  }
}

/** @returns undefined when it is not a line that this version knows */
export function parseChained(line: string): ChainedEntry | undefined {
  try {
    const parsed = v.safeParse(ChainedEntry, JSON.parse(line))
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}

/** The runs that a line vouches for. */
function runsOf(entry: ChainEntry): readonly string[] {
  if (entry.event === 'opened') return entry.unchained
  return 'runId' in entry ? [entry.runId as string] : []
}

function timed(entry: ChainEntry, now: number): object {
  return { time: new Date(now).toISOString(), ...entry }
}

/** In one turn, so that no process that waits for the lock comes between. @throws Error when it is not in the file */
function appendEntries(path: string, entries: readonly ChainEntry[], now: number): void {
  withFile(path, 'a+', (descriptor) => {
    const { text, end } = tailOf(descriptor)
    // A process that ended within a write leaves a part of a line, which says nothing.
    ftruncateSync(descriptor, end)
    let head = chainHeadOf(text)
    let added = ''
    for (const entry of entries) {
      const next = chainLine(head, timed(entry, now))
      added += next.line
      head = next.head
    }
    if (writeSync(descriptor, added) === Buffer.byteLength(added)) return
    ftruncateSync(descriptor, end)
    throw new Error('the disk is full')
  })
}

/** The last whole lines, and where they end, bytes. */
function tailOf(descriptor: number): { readonly text: string; readonly end: number } {
  const { size } = fstatSync(descriptor)
  const buffer = Buffer.alloc(Math.min(size, tailBytes))
  const bytes = buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, size - buffer.length))
  const whole = bytes.lastIndexOf(0x0a) + 1
  return { text: bytes.subarray(0, whole).toString('utf8'), end: size - (bytes.length - whole) }
}

function withFile<Result>(path: string, flags: string, work: (descriptor: number) => Result): Result {
  const descriptor = openSync(path, flags, 0o600)
  try {
    return work(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

async function hasText(path: string): Promise<boolean> {
  return stat(path).then(
    ({ size }) => size > 0,
    () => false,
  )
}
