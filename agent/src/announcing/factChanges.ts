import { createHash } from 'node:crypto'
import type { Facts, FactValue } from '../../../src/protocol/facts.ts'

/** Facts of facter that change from minute to minute. Masters get them in the usual interval. */
const volatileFacts = new Set([
  'load_averages',
  'memoryfree',
  'memoryfree_mb',
  'sp_uptime',
  'swapfree',
  'swapfree_mb',
  'system_uptime',
  'uptime',
  'uptime_days',
  'uptime_hours',
  'uptime_minutes',
  'uptime_seconds',
])

/** The same within maps of other facts. */
const volatileWithin: Readonly<Record<string, readonly string[]>> = {
  memory: ['available', 'available_bytes', 'capacity', 'used', 'used_bytes'],
  mountpoints: ['available', 'available_bytes', 'capacity', 'used', 'used_bytes'],
  system_profiler: ['uptime'],
}

/**
 * Finds from one reading to the next whether a change should reach masters at once. A fact that also changed the time
 * before is one that always changes: it waits for the usual interval, whatever its name.
 */
export class FactChanges {
  #known = new Map<string, { readonly digest: string; readonly isRestless: boolean }>()
  #problems = ''

  /** Whether facts or problems differ from those of the call before by more than what always changes. */
  isNews(facts: Facts, problems: readonly string[]): boolean {
    const before = this.#known
    this.#known = new Map()
    let isNews = false
    for (const [name, value] of Object.entries(facts)) {
      if (volatileFacts.has(name)) continue
      const digest = digestOf(name, value)
      const known = before.get(name)
      const hasChanged = known?.digest !== digest
      if (hasChanged && known?.isRestless !== true) isNews = true
      this.#known.set(name, { digest, isRestless: hasChanged && known !== undefined })
    }
    for (const name of before.keys()) if (!this.#known.has(name)) isNews = true
    // Without numbers, as in `has not answered for 60 s`, process ids and times.
    const told = JSON.stringify(problems).replace(/\d+/g, '0')
    if (told !== this.#problems) isNews = true
    this.#problems = told
    return isNews
  }
}

function digestOf(name: string, value: FactValue): string {
  const left = volatileWithin[name]
  const json = JSON.stringify(
    value,
    left === undefined ? undefined : (key, item) => (left.includes(key) ? 0 : item),
  )
  return createHash('sha256').update(json).digest('base64')
}
