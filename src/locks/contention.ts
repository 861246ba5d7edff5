/** The entries of one lock: a file each, of which only the name counts. */
export interface LockEntries {
  /** Names of all that were there when this was called; of those that come and go meanwhile, some. */
  names(): Promise<readonly string[]>
  create(name: string): Promise<void>
  /** Removes it if it is there. */
  remove(name: string): Promise<void>
}

/** Looks at most this often for the end of a contest. Each is a pause. */
const mostLooks = 500

/**
 * Contends for a lock by an entry of its own. Nothing is ever replaced, and no name is used twice, so that a process which
 * was stopped for any time between two steps can do no harm when it goes on. The lock belongs to an entry that was there
 * when its process saw no other living one: of two, the one that came later sees the other.
 * @param own the name of the entry, which nobody else has
 * @param isAlive whether the process of an entry may be alive; it must not be wrong about a living one
 * @returns whether the lock is taken now; its entries are then `own` and `heldMark(own)`
 */
export async function contend(
  own: string,
  entries: LockEntries,
  isAlive: (name: string) => Promise<boolean>,
  pause: () => Promise<unknown>,
): Promise<boolean> {
  let isPublished = false
  try {
    for (let looks = 0; looks < mostLooks; looks += 1) {
      const { rivals, isHeld } = await livingRivals(own, entries, isAlive)
      if (isHeld) break
      if (rivals.length === 0 && isPublished) {
        await entries.create(heldMark(own))
        return true
      }
      if (rivals.length === 0) {
        await entries.create(own)
        isPublished = true
        continue
      }
      // Several at a time: the first by name stays, the others make way until it has the lock, or has gone.
      if (isPublished && rivals.some((rival) => rival < own)) {
        await entries.remove(own)
        isPublished = false
      }
      await pause()
    }
  } catch (error) {
    await leave(own, entries).catch(() => {})
    throw error
  }
  if (isPublished) await entries.remove(own)
  return false
}

/** Lets a lock go. Others see it as an attempt in between, and wait for its end. */
export async function leave(own: string, entries: LockEntries): Promise<void> {
  await entries.remove(heldMark(own))
  await entries.remove(own)
}

export function heldMark(name: string): string {
  return `${name}${heldSuffix}`
}

/** The entry that the mark says to hold the lock; undefined for what is no mark. */
export function markedAsHeld(name: string): string | undefined {
  return name.endsWith(heldSuffix) ? name.slice(0, -heldSuffix.length) : undefined
}

const heldSuffix = '.held'

async function livingRivals(
  own: string,
  entries: LockEntries,
  isAlive: (name: string) => Promise<boolean>,
): Promise<{ rivals: string[]; isHeld: boolean }> {
  const names = new Set(await entries.names())
  const rivals: string[] = []
  for (const name of names) {
    // A mark without its entry is what remains of one that is just being removed.
    if (name === own || markedAsHeld(name) !== undefined) continue
    if (!(await isAlive(name))) {
      // Where it cannot be removed it still does no harm.
      await leave(name, entries).catch(() => {})
      continue
    }
    if (names.has(heldMark(name))) return { rivals, isHeld: true }
    rivals.push(name)
  }
  return { rivals, isHeld: false }
}
