/** The entries of one lock: empty files, of which only the names count. */
export interface LockEntries {
  /** Names of all entries that existed at the call. One created or removed during the call may be listed or not. */
  names(): Promise<readonly string[]>
  create(name: string): Promise<void>
  /** Removes it if it is there. */
  remove(name: string): Promise<void>
}

/** Checks at most this many times whether a contest has ended, with a pause between checks. */
const mostLooks = 500

/**
 * Contends for a lock by creating an entry. Entries are never replaced and names are never reused, so a process that was
 * suspended between two steps does no harm when it continues. An entry holds the lock when it existed at a moment at which
 * its process saw no other living entry: of two entries, the later one always sees the earlier.
 * @param own the name of the entry, unique to this attempt
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
      // Several at a time: the first by name stays, the others withdraw until it has the lock or is gone.
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

/** Releases a lock. In between, others see an attempt, and wait for it to end. */
export async function leave(own: string, entries: LockEntries): Promise<void> {
  await entries.remove(heldMark(own))
  await entries.remove(own)
}

export function heldMark(name: string): string {
  return `${name}${heldSuffix}`
}

/** The entry that holds the lock according to this mark; undefined when the name is not a mark. */
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
    // A mark without its entry belongs to an entry that is just being removed.
    if (name === own || markedAsHeld(name) !== undefined) continue
    if (!(await isAlive(name))) {
      // A dead entry that cannot be removed does no harm.
      await leave(name, entries).catch(() => {})
      continue
    }
    if (names.has(heldMark(name))) return { rivals, isHeld: true }
    rivals.push(name)
  }
  return { rivals, isHeld: false }
}
