import type { Facts, FactValue } from '../../../src/protocol/facts.ts'

/** Facts nested deeper than this are an accident, and masters refuse them. */
const maxDepth = 64
/** Values in the facts of one source, maps and lists included, every alias of YAML written out. */
const maxValues = 100_000
/** Characters of keys and texts in the facts of one source, every alias of YAML written out. */
const maxCharacters = 8 * 1024 * 1024

/**
 * Makes facts of plain data that a parser gave, which may hold the same object many times.
 * @throws Error in words when it is not a map, or larger than facts are
 */
export function toFacts(value: unknown): Facts {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('expected a map of facts (JSON or YAML), or lines of key=value')
  }
  const left = { values: maxValues, characters: maxCharacters }
  const text = (characters: string) => {
    left.characters -= characters.length
    if (left.characters < 0) throw new Error(`facts of more than ${maxCharacters} characters`)
    return characters
  }
  const copy = (item: unknown, depth: number): FactValue => {
    if (depth > maxDepth) throw new Error(`facts nested deeper than ${maxDepth} levels`)
    left.values -= 1
    if (left.values < 0) throw new Error(`facts of more than ${maxValues} values`)
    if (typeof item === 'string') return text(item)
    if (Array.isArray(item)) return item.map((each) => copy(each, depth + 1))
    if (typeof item === 'object' && item !== null) {
      return Object.fromEntries(Object.entries(item).map(([key, each]) => [text(key), copy(each, depth + 1)]))
    }
    return item as number | boolean | null
  }
  return copy(value, 0) as Facts
}
