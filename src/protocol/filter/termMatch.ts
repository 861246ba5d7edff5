import { childOf, childrenOf, type Facts, type FactValue, factAt } from '../facts.ts'
import { isWithin, type Network, networkOf } from './address.ts'
import { globMatches } from './glob.ts'
import { compareToBound, decimalOf } from './order.ts'
import { compilePattern } from './pattern.ts'
import type { Compare, FactPath, Term, Value } from './syntax.ts'

/** Whether one term holds for these facts. Of an array, one matching element is enough. */
export function termHolds(term: Term, facts: Facts): boolean {
  const found = valuesAt(facts, term.path)
  switch (term.kind) {
    case 'present':
      return found.some(isPresent) || isClass(facts, namesOf(term.path)?.join('.'))
    case 'equals':
      return someScalar(found, (fact) => term.values.some((value) => valueFits(value, fact)))
    case 'matches':
      return someScalar(found, (fact) => {
        const text = String(fact)
        return text.length <= LONGEST_SEARCHED && compilePattern(term.pattern).test(text)
      })
    case 'compare':
      return someScalar(found, (fact) => standsIn(term, fact))
  }
}

/** The values at the path: none, one, or several where the path has a `*`. Null counts as none. */
export function valuesAt(facts: Facts, path: FactPath): FactValue[] {
  const names = namesOf(path)
  if (names) {
    const value = factAt(facts, names)
    return value === undefined || value === null ? [] : [value]
  }
  let values: FactValue[] = [facts]
  for (const segment of path) {
    const next: FactValue[] = []
    for (const value of values) {
      const children = segment.kind === 'each' ? childrenOf(value) : [childOf(value, segment.name)]
      for (const child of children) {
        if (child !== undefined && child !== null && next.length < MOST_VALUES) next.push(child)
      }
    }
    values = next
  }
  return values
}

/** The names of a path without `*`; undefined for a path with `*`. Joined by dots they may name a class. */
export function namesOf(path: FactPath): string[] | undefined {
  const names = path.flatMap((segment) => (segment.kind === 'name' ? [segment.name] : []))
  return names.length === path.length ? names : undefined
}

/** `false` counts as absent, also as text: some fact sources have only text. */
export function isPresent(value: FactValue): boolean {
  return value !== false && value !== 'false'
}

/** Most values checked of one path or array; the rest is ignored. Real facts stay far below. */
const MOST_VALUES = 100_000

/** UTF-16 units. Longer texts match no glob and no regular expression. */
const LONGEST_SEARCHED = 65_536

type Scalar = string | number | boolean

function isClass(facts: Facts, name: string | undefined): boolean {
  const classes = factAt(facts, ['classes'])
  return name !== undefined && Array.isArray(classes) && classes.includes(name)
}

/** Whether one of the values, or an element of an array among them, passes. Maps and nulls never do. */
function someScalar(values: readonly FactValue[], passes: (scalar: Scalar) => boolean): boolean {
  const pending: (readonly FactValue[])[] = [values]
  let seen = 0
  for (let batch = pending.pop(); batch; batch = pending.pop()) {
    for (const value of batch) {
      if (++seen > MOST_VALUES) return false
      if (Array.isArray(value)) pending.push(value)
      else if (typeof value !== 'object' && passes(value)) return true
    }
  }
  return false
}

function valueFits(value: Value, fact: Scalar): boolean {
  switch (value.kind) {
    case 'exact':
      return value.text === String(fact) || (typeof fact === 'number' && numberOf(value.text) === fact)
    case 'glob':
      return String(fact).length <= LONGEST_SEARCHED && globMatches(value.pattern, String(fact))
    case 'network':
      return typeof fact === 'string' && isWithin(rangeOf(value), fact)
  }
}

function numberOf(text: string): number | undefined {
  return text.endsWith('%') ? undefined : decimalOf(text)
}

function rangeOf(value: Value & { kind: 'network' }): Network {
  const known = ranges.get(value)
  if (known) return known
  const range = networkOf(value.network)
  if (!range)
    throw new Error(
      `A filter contains ${value.network}, which is not a network; create filters with parseFilter.`,
    )
  ranges.set(value, range)
  return range
}

/** A cache, as for patterns. */
const ranges = new WeakMap<Value, Network>()

function standsIn({ operator, bound }: Compare, fact: Scalar): boolean {
  const order = compareToBound(fact, bound)
  if (order === undefined) return false
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}
