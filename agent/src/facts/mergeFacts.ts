import type { Facts, FactValue } from '../../../src/protocol/facts.ts'

/**
 * Merges facts in order: maps are merged key by key, `classes` are gathered, anything else is replaced by the
 * later one.
 */
export function mergeFacts(parts: readonly Facts[]): Facts {
  const classes = new Set<FactValue>()
  let merged: Facts = {}
  for (const part of parts) {
    if (Array.isArray(part.classes)) for (const word of part.classes) classes.add(word)
    merged = mergeMaps(merged, part)
  }
  return classes.size === 0 ? merged : { ...merged, classes: [...classes] }
}

/** Keys such as `__proto__` stay data: entries define own properties, assignments would not. */
function mergeMaps(earlier: Facts, later: Facts): Facts {
  const merged = new Map(Object.entries(earlier))
  for (const [key, value] of Object.entries(later)) {
    const present = merged.get(key)
    merged.set(key, isMap(present) && isMap(value) ? mergeMaps(present, value) : value)
  }
  return Object.fromEntries(merged)
}

function isMap(value: FactValue | undefined): value is { [key: string]: FactValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Where each fact comes from: path of every leaf, its value, and the name of the source that had the last word. */
export function explainFacts(
  bySource: ReadonlyMap<string, Facts>,
): Array<{ path: string; value: FactValue; source: string }> {
  const leaves = new Map<string, { value: FactValue; source: string }>()
  for (const [source, facts] of bySource) {
    for (const [path, value] of leavesOf(facts, '')) {
      for (const known of leaves.keys()) {
        // A scalar replaces a map and the other way round.
        if (known.startsWith(`${path}.`) || path.startsWith(`${known}.`)) leaves.delete(known)
      }
      leaves.set(path, { value, source })
    }
  }
  return [...leaves].map(([path, leaf]) => ({ path, ...leaf }))
}

function* leavesOf(facts: Facts, prefix: string): Iterable<[path: string, value: FactValue]> {
  for (const [key, value] of Object.entries(facts)) {
    const path = prefix + key
    if (isMap(value) && Object.keys(value).length > 0) yield* leavesOf(value, `${path}.`)
    else yield [path, value]
  }
}
