import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { contend, leave, markedAsHeld } from './contention.ts'
import { isHeldByEarlierVersion } from './earlierLock.ts'
import { entryName, LockFolder, markOf } from './lockFolder.ts'
import { lifeOf, markOfThisProcess } from './processMark.ts'

/** A claim on something that only one process may use at a time. Ends with the process, at the latest. */
export interface ProcessLock {
  /** Aborts when the lock was taken away: its folder was removed, or this process was stopped for long and given up. */
  readonly lost: AbortSignal
  /** May be called again. */
  release(): Promise<void>
}

export interface LockPace {
  /** How often a holder touches its entry, for those who cannot see its process, milliseconds. */
  readonly touchEveryMs: number
  /** Within this time after that its process counts as alive without a further look, milliseconds. */
  readonly freshMs: number
  /** An entry of a process that cannot be seen is given up when that did not touch it between so many looks. */
  readonly looks: number
  /** Between two of them, milliseconds. */
  readonly lookEveryMs: number
}

/** The same for all processes that share a lock. A holder that is stopped for less than 10 s is not given up. */
const usualPace: LockPace = { touchEveryMs: 3_000, freshMs: 10_000, looks: 20, lookEveryMs: 500 }

/** Between two looks at a contest with others, milliseconds: up to twice this. */
const pauseMs = 5

/**
 * Claims `path`, a name for a folder of the lock's own, for this process.
 *
 * On one machine (Linux: in one container) the system says whether a holder lives, by its id and the time of its start.
 * Elsewhere that shows by whether it touches its entry, which takes 10 s for one that is gone. No clock is trusted: that a
 * time changes is what counts, not which it is.
 * @returns undefined when a process has it that may be alive, be it this one
 * @throws Error when the folder cannot be made or read
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
  // Also while it contends: that may take as long as others are looked at.
  const touching = setInterval(async () => {
    if ((await folder.touch(own)) || !isHeld) return
    clearInterval(touching)
    lost.abort()
  }, pace.touchEveryMs)
  touching.unref()
  try {
    // The touch: this process may have been stopped, and given up, just before it had the lock.
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

/** Whether a process has the lock that may be alive. Says so at once, and of one that nobody can see as long as it has left its mark. */
export async function isLocked(path: string): Promise<boolean> {
  if (await isHeldByEarlierVersion(path)) return true
  const own = markOfThisProcess()
  for (const name of await new LockFolder(path).names()) {
    const mark = markOf(markedAsHeld(name) ?? '')
    if (mark !== undefined && lifeOf(mark, own) !== 'dead') return true
  }
  return false
}

async function isTouched(folder: LockFolder, name: string, pace: LockPace): Promise<boolean> {
  const first = await folder.touchedAt(name)
  if (first === undefined) return false
  if (Math.abs(Date.now() - first) < pace.freshMs) return true
  // Counted, not timed: after the sleep of a machine its processes need a moment to come back.
  for (let left = pace.looks; left > 0; left -= 1) {
    await delay(pace.lookEveryMs)
    const touchedAt = await folder.touchedAt(name)
    if (touchedAt !== first) return touchedAt !== undefined
  }
  return false
}
