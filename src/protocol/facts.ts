/** The value of a fact: any JSON value. */
export type FactValue = string | number | boolean | null | FactValue[] | { [key: string]: FactValue }

/**
 * What an agent knows about its server. Words of text files (puppet's `classes.txt`) are in the top-level array `classes`.
 */
export type Facts = { [key: string]: FactValue }

/**
 * The fact at `path`, one key per level (array elements by their index, from "0"), or undefined. A top-level key that
 * contains dots (`"ec2.role"`) is found by the path `ec2.role` when there is no nested value. Only own keys count:
 * `constructor` and `__proto__` are found only where the data has them.
 */
export function factAt(facts: Facts, path: readonly string[]): FactValue | undefined {
  let value: FactValue | undefined = facts
  for (const key of path) {
    value = childOf(value, key)
    if (value === undefined) return path.length > 1 ? childOf(facts, path.join('.')) : undefined
  }
  return value
}

/** The value under `key` of a map, or at index `key` of an array; undefined for anything else. */
export function childOf(value: FactValue, key: string): FactValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return INDEX.test(key) ? value[Number(key)] : undefined
  return Object.hasOwn(value, key) ? value[key] : undefined
}

/** At most 15 digits, so that `Number` is exact. */
const INDEX = /^(?:0|[1-9]\d{0,14})$/

/** Every value directly inside a map or an array; none for anything else. */
export function childrenOf(value: FactValue): FactValue[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}

/** A fact as one line of text. */
export function printFact(value: FactValue): string {
  if (typeof value === 'string') return value
  if (value === null || typeof value !== 'object') return String(value)
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join(', ')
  return JSON.stringify(value)
}
