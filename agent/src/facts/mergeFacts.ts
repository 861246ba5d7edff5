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

/** One fact, the names that lead to it, and the sources that it comes from. */
export interface ExplainedFact {
  readonly path: readonly [string, ...string[]]
  readonly value: FactValue
  readonly sources: readonly string[]
}

/** Where each fact comes from: the source that had the last word, or all of them where words are gathered. */
export function explainFacts(bySource: ReadonlyMap<string, Facts>): ExplainedFact[] {
  const parts = [...bySource].reverse()
  return [...leavesOf(mergeFacts([...bySource.values()]))].map(([path, value]) => {
    if (path.length === 1 && path[0] === 'classes' && Array.isArray(value)) {
      const gathered = [...bySource].filter(([, facts]) => Array.isArray(facts.classes))
      return { path, value, sources: gathered.map(([source]) => source) }
    }
    const last = parts.find(([, facts]) => valueAt(facts, path) !== undefined)
    return { path, value, sources: last === undefined ? [] : [last[0]] }
  })
}

function* leavesOf(facts: Facts): Iterable<readonly [ExplainedFact['path'], FactValue]> {
  for (const [key, value] of Object.entries(facts)) {
    if (!isMap(value) || Object.keys(value).length === 0) yield [[key], value]
    else for (const [path, leaf] of leavesOf(value)) yield [[key, ...path], leaf]
  }
}

function valueAt(facts: Facts, path: readonly string[]): FactValue | undefined {
  let value: FactValue | undefined = facts
  for (const key of path) value = isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}
