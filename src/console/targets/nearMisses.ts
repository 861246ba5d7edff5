import type { FactIndex, IndexedPath } from '../../protocol/filter/factIndex.ts'
import { globMatches } from '../../protocol/filter/glob.ts'
import { filterFromLists } from '../../protocol/filter/lists.ts'
import { parseFilter } from '../../protocol/filter/parse.ts'
import { printExact, printPath } from '../../protocol/filter/print.ts'
import {
  allOf,
  anyOf,
  type Condition,
  type FactPath,
  type Filter,
  negate,
  type OneOrMore,
  type Present,
  type Term,
  type Value,
} from '../../protocol/filter/syntax.ts'
import { FilterSyntaxError } from '../../protocol/filter/syntaxError.ts'
import { type WrittenFilter, writeFilter } from '../../protocol/filter/writtenFilter.ts'
import { closestWord } from '../../text/closestWord.ts'
import { type Localizable, say } from '../../text/localizable.ts'
import { knownValues } from './knownValues.ts'

/** Filters that are returned at most, and for one mistake. */
const mostMisses = 4
/** Terms that may be wrong at once. */
const mostWrong = 8

/**
 * Filters that `text` may have meant, the most likely first: with paths and values that agents have, where it has others.
 * Whether they match anybody is not looked at.
 */
export function nearMisses(text: string, index: FactIndex): WrittenFilter[] {
  const found = new Map<string, WrittenFilter>()
  for (const filter of readingsOf(text)) {
    for (const meant of correctionsOf(filter, index)) {
      const written = writeFilter(meant)
      if (written.text !== text.trim() && found.size < mostMisses) found.set(written.text, written)
    }
  }
  return [...found.values()]
}

/** Filters `path=value` for a word that is a value of facts: `web` may be a role. */
export function valuesNamed(word: string, index: FactIndex): WrittenFilter[] {
  return knownValues(index)
    .named(word)
    .slice(0, mostMisses)
    .map(({ at, value }) => writeFilter(isExactly(at, value)))
}

/** Values that a reason lists. */
const mostListed = 8

/** Why a filter matches none of the agents: a fact or a value that none of them has, or that no agent has all of it. */
export function whyNobody(filter: Filter, index: FactIndex): Localizable | undefined {
  if (filter.kind === 'everyone') return undefined
  const terms = termsOf(filter)
  const wrong = terms.find((term) => meantBy(term, index) !== 'known')
  if (wrong === undefined) return terms.length > 1 ? say('No agent matches all of it.') : undefined
  const path = printPath(wrong.path)
  const own = index.paths.get(path)
  if (wrong.kind === 'present') return say('No agent has a fact or class {0}.', path)
  if (own === undefined) return say('No agent has a fact {0}.', path)
  const values = [...own.values.keys()]
  const shown = values.slice(0, mostListed).map(printExact).join(', ')
  return values.length > mostListed || own.hasMore
    ? say('Agents have for {0}: {1}, and others.', path, shown)
    : say('Agents have for {0}: {1}.', path, shown)
}

/** The filter, or what else was meant where it cannot be read: `role:web`, `role web`, `role=web,az=a`. */
function readingsOf(text: string): Filter[] {
  const [, path = '', value = ''] = pair.exec(text) ?? []
  const readings = [
    () => parseFilter(text),
    ...(path === '' ? [] : [() => parseFilter(`${path}=${value}`)]),
    () => filterFromLists({ with: [text], without: [] }),
  ]
  const read: Filter[] = []
  for (const reading of readings) {
    try {
      read.push(reading())
    } catch (error) {
      if (!(error instanceof FilterSyntaxError)) throw error
    }
  }
  return read
}

const pair = /^\s*([^\s=:<>!~"'(),]{1,200})(?:\s*:\s*|\s+(?:is\s+|equals\s+)?)([^\s=:<>!~"'(),]{1,200})\s*$/

function correctionsOf(filter: Filter, index: FactIndex): Filter[] {
  if (filter.kind === 'everyone') return []
  const wrong = termsOf(filter)
    .map((term) => ({ term, meant: meantBy(term, index) }))
    .filter(({ meant }) => meant !== 'known')
    .slice(0, mostWrong)
  if (wrong.length === 0) return [filter]
  const best = new Map<Term, Term>()
  for (const { term, meant } of wrong)
    if (meant !== 'known' && meant[0] !== undefined) best.set(term, meant[0])
  if (best.size === 0) return []
  const [first] = wrong
  const others = first === undefined || first.meant === 'known' ? [] : first.meant.slice(1, mostMisses)
  return [
    replaced(filter, best),
    ...others.map((term) => replaced(filter, new Map([...best, [first?.term ?? term, term]]))),
  ]
}

function termsOf(condition: Condition): Term[] {
  switch (condition.kind) {
    case 'and':
      return condition.all.flatMap(termsOf)
    case 'or':
      return condition.any.flatMap(termsOf)
    case 'not':
      return termsOf(condition.condition)
    default:
      return [condition]
  }
}

function replaced(condition: Condition, by: ReadonlyMap<Term, Term>): Condition {
  const each = <C extends readonly Condition[]>(parts: C) =>
    parts.map((part) => replaced(part, by)) as unknown as OneOrMore<Condition>
  switch (condition.kind) {
    case 'and':
      return allOf(each(condition.all))
    case 'or':
      return anyOf(each(condition.any))
    case 'not':
      return negate(replaced(condition.condition, by))
    default:
      return by.get(condition) ?? condition
  }
}

/** Terms with what agents have; `known` where nothing is wrong with it. */
function meantBy(term: Term, index: FactIndex): readonly Term[] | 'known' {
  const paths = pathsFor(term.path, index)
  if (term.kind === 'present') return hasPath(term.path, index) ? 'known' : presentMeant(term, paths, index)
  if (term.kind !== 'equals') {
    if (hasPath(term.path, index)) return 'known'
    return paths.map((at) => ({ ...term, path: at.path }))
  }
  const own = index.paths.get(printPath(term.path))
  if (own !== undefined && term.values.every((value) => isThere(value, own))) return 'known'
  const meant: Term[] = []
  for (const at of own === undefined ? paths : [own, ...paths.filter((other) => other !== own)]) {
    const values = term.values.map((value) => (isThere(value, at) ? value : valueIn(value, at)))
    if (values.every((value) => value !== undefined))
      meant.push({ ...term, path: at.path, values: values as unknown as OneOrMore<Value> })
  }
  const [only, ...more] = term.values
  if (more.length === 0 && only.kind === 'exact') {
    for (const { at, value } of knownValues(index).named(only.text)) meant.push(isExactly(at, value))
  }
  return meant
}

function presentMeant(term: Present, paths: readonly IndexedPath[], index: FactIndex): Term[] {
  const word = term.path.map((segment) => (segment.kind === 'name' ? segment.name : '*')).join('.')
  const { named, choices } = knownValues(index)
  const classes = likeliest(word, [...(index.paths.get('classes')?.values.keys() ?? [])])
  const wanted = word.toLowerCase()
  const like = choices.filter(({ value }) => value.toLowerCase().startsWith(wanted))
  const close = likeliest(
    word,
    choices.map(({ value }) => value),
  )
  return [
    ...named(word).map(({ at, value }) => isExactly(at, value)),
    ...paths.map(({ path }): Term => ({ kind: 'present', path })),
    ...(classes === undefined ? [] : [{ kind: 'present', path: [{ kind: 'name', name: classes }] } as const]),
    ...[...like, ...choices.filter(({ value }) => value === close)].map(({ at, value }) =>
      isExactly(at, value),
    ),
  ]
}

/** A leaf, a map with facts in it, or a class. */
function hasPath(path: FactPath, index: FactIndex): boolean {
  const text = printPath(path)
  if (index.paths.has(text)) return true
  const name = path.map((segment) => (segment.kind === 'name' ? segment.name : '*')).join('.')
  if (index.paths.get('classes')?.values.has(name)) return true
  return knownValues(index)
    .paths(text)
    .some((at) => at.text.startsWith(`${text}.`))
}

/** Paths that this one may stand for. */
function pathsFor(path: FactPath, index: FactIndex): IndexedPath[] {
  const text = printPath(path)
  const { paths, commonPaths } = knownValues(index)
  const close = index.paths.get(likeliest(text, commonPaths) ?? '')
  const found = paths(text).filter((at) => at.text !== text)
  return [...new Set([...found, ...(close === undefined || close.text === text ? [] : [close])])].slice(0, 10)
}

function isThere(value: Value, at: IndexedPath): boolean {
  if (value.kind === 'network') return true
  if (value.kind === 'exact') return at.values.has(value.text)
  return [...at.values.keys()].some((known) => globMatches(value.pattern, known))
}

function valueIn(value: Value, at: IndexedPath): Value | undefined {
  const known = [...at.values.keys()]
  if (value.kind === 'glob') {
    const pattern = value.pattern.toLowerCase()
    return known.some((text) => globMatches(pattern, text)) ? { kind: 'glob', pattern } : undefined
  }
  if (value.kind === 'network') return value
  const wanted = value.text.toLowerCase()
  const text =
    known.find((candidate) => candidate.toLowerCase() === wanted) ??
    likeliest(value.text, known) ??
    known.find((candidate) => wanted.length >= 2 && candidate.toLowerCase().startsWith(wanted))
  return text === undefined ? undefined : { kind: 'exact', text }
}

function isExactly({ path }: IndexedPath, text: string): Term {
  return { kind: 'equals', path, values: [{ kind: 'exact', text }] }
}

/** The word that was probably meant: another number is no slip of the keyboard, nor is another short word. */
function likeliest(word: string, known: readonly string[]): string | undefined {
  if (word.length < 3) return undefined
  const found = closestWord(word, known)
  return found !== undefined && digitsOf(found) === digitsOf(word) ? found : undefined
}

function digitsOf(word: string): string {
  return word.replace(/\D/g, '')
}
