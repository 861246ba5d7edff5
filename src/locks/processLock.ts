import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { contend, leave, markedAsHeld } from './contention.ts'
import { earlierTouchedAt, isHeldByEarlierVersion } from './earlierLock.ts'
import { entryName, LockFolder, markOf } from './lockFolder.ts'
import { lifeOf, markOfThisProcess } from './processMark.ts'

/** A lock on something that only one process may use at a time. It ends with the process at the latest. */
export interface ProcessLock {
  /** Aborts when the lock is lost: its folder was removed, or this process was suspended for too long. */
  readonly lost: AbortSignal
  /** May be called again. */
  release(): Promise<void>
}

export interface LockPace {
  /** How often a holder touches its entry, for processes that cannot see the holder's process, milliseconds. */
  readonly touchEveryMs: number
  /** For this long after a touch the holder counts as alive without further checks, milliseconds. */
  readonly freshMs: number
  /** An entry whose process cannot be seen counts as dead when it stays untouched over this many checks. */
  readonly looks: number
  /** Between two checks, milliseconds. */
  readonly lookEveryMs: number
}

/** The same for all processes that share a lock. A holder that is suspended for less than 10 s keeps it. */
const usualPace: LockPace = { touchEveryMs: 3_000, freshMs: 10_000, looks: 20, lookEveryMs: 500 }

/** Pause between two checks during a contest, milliseconds; with jitter up to twice this. */
const pauseMs = 5

/**
 * Takes the lock `path` (the path of a folder that the lock creates) for this process.
 *
 * On the same machine (Linux: in the same container) the system says whether a holder is alive, by its process id and
 * start time. Otherwise the holder has to keep touching its entry; detecting that it is gone then takes 10 s. Clocks are
 * not trusted: only that a time changes counts, not its value.
 * @returns undefined when a process that may be alive holds it, including this one
 * @throws Error when the folder cannot be created or read
 */
export async function takeLock(path: string, pace: LockPace = usualPace): Promise<ProcessLock | undefined> {
  if (await isHeldByEarlierVersion(path)) return undefined
  const mark = markOfThisProcess()
  const own = entryName(randomBytes(8).toString('hex'), mark)
  const folder = new LockFolder(path)
  const givenUp = new Set<string>()
  const isAlive = async (name: string): Promise<boolean> => {
    if (givenUp.has(name)) return false
    const other = markOf(name)
    const life = other === undefined ? 'unknown' : lifeOf(other, mark)
    if (life === 'alive' || (life === 'unknown' && (await isTouched(folder, name, pace)))) return true
    givenUp.add(name)
    return false
  }
  const lost = new AbortController()
  let isHeld = false
  // Also while contending: checking the others may take long.
  const touching = setInterval(async () => {
    if ((await folder.touch(own)) || !isHeld) return
    clearInterval(touching)
    lost.abort()
  }, pace.touchEveryMs)
  touching.unref()
  try {
    // Why touch: this process may have been suspended, and counted as dead, just before it got the lock.
    isHeld =
      (await contend(own, folder, isAlive, () => delay(pauseMs * (1 + Math.random())))) &&
      (await folder.touch(own))
  } finally {
    if (!isHeld) clearInterval(touching)
  }
  if (!isHeld) {
    await leave(own, folder)
    return undefined
  }
  return {
    lost: lost.signal,
    async release() {
      isHeld = false
      clearInterval(touching)
      await leave(own, folder)
      await folder.tidy()
    },
  }
}

/** Whether a process that may be alive holds the lock. Answers at once: a holder whose process cannot be seen counts as alive. */
export async function isLocked(path: string): Promise<boolean> {
  return (await holderOf(path)).kind !== 'none'
}

/** Who holds a lock: `elsewhere` is another container or machine, or a process of an earlier version. */
export type LockHolder =
  | { readonly kind: 'none' }
  | { readonly kind: 'here'; readonly pid: number }
  | { readonly kind: 'elsewhere' }

/** Which process holds the lock. Answers at once: a holder whose process cannot be seen counts as alive. */
export async function holderOf(path: string): Promise<LockHolder> {
  if (await isHeldByEarlierVersion(path)) return { kind: 'elsewhere' }
  const own = markOfThisProcess()
  let holder: LockHolder = { kind: 'none' }
  for (const name of await new LockFolder(path).names()) {
    const mark = markOf(markedAsHeld(name) ?? '')
    if (mark === undefined || lifeOf(mark, own) === 'dead') continue
    if (mark.space === own.space) return { kind: 'here', pid: mark.pid }
    holder = { kind: 'elsewhere' }
  }
  return holder
}

/**
 * When a process last showed that it holds the lock, or held it until it died: by the clock of that process, milliseconds. It
 * shows this every 3 s. Undefined when the lock was given back.
 */
export async function lastHeldAt(path: string): Promise<number | undefined> {
  const earlier = await earlierTouchedAt(path)
  if (earlier !== undefined) return earlier
  const folder = new LockFolder(path)
  const times = (await folder.names()).map((name) => {
    const entry = markedAsHeld(name)
    return entry === undefined ? undefined : folder.touchedAt(entry)
  })
  const known = (await Promise.all(times)).filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

async function isTouched(folder: LockFolder, name: string, pace: LockPace): Promise<boolean> {
  const first = await folder.touchedAt(name)
  if (first === undefined) return false
  if (Math.abs(Date.now() - first) < pace.freshMs) return true
  // Counted, not timed: after a machine wakes up, its processes need a moment to continue.
  for (let left = pace.looks; left > 0; left -= 1) {
    await delay(pace.lookEveryMs)
    const touchedAt = await folder.touchedAt(name)
    if (touchedAt !== first) return touchedAt !== undefined
  }
  return false
}
