import { type Localizable, say } from '../../text/localizable.ts'
import type { FactIndex, IndexedPath } from './factIndex.ts'
import { type FilterSets, noSets } from './filterSets.ts'
import { bareValueAt, FILTER_LIMITS, matchAt } from './lexicon.ts'
import { slotsOf } from './parse.ts'
import { printExact, printPath } from './print.ts'
import type { Slot } from './scanner.ts'

/** What can be inserted at the cursor. Choosing a suggestion replaces the text from `start` to `end` by its `insert`. */
export type Completion = {
  /** UTF-16 offsets into the text. */
  readonly start: number
  readonly end: number
  /** Best first; at most `MOST_SUGGESTIONS` and a few keywords. */
  readonly suggestions: readonly Suggestion[]
}

export type Suggestion = {
  readonly kind: 'path' | 'class' | 'operator' | 'value' | 'keyword' | 'set'
  /** As it is shown. */
  readonly label: string
  /** As it is written in a filter: quoted where needed. */
  readonly insert: string
  /** A short description. */
  readonly detail: Localizable
  /** Agents that have this path, class or value; undefined for operators and keywords. */
  readonly count?: number
}

export const MOST_SUGGESTIONS = 50

/** Suggestions for `text` with the cursor at the UTF-16 offset `cursor`. The text need not be complete. */
export function completeFilter(
  text: string,
  cursor: number,
  index: FactIndex,
  sets: FilterSets = noSets,
): Completion {
  const before = text.slice(0, cursor)
  const slot = before.length > FILTER_LIMITS.textLength ? undefined : slotAtEnd(before, sets)
  if (!slot) return { start: cursor, end: cursor, suggestions: [] }
  const typed = before.slice(slot.start)
  const fitting = [
    ...(slot.kind === 'path' ? namedSets(sets) : []),
    ...suggestionsFor(slot, index, text.trim() === ''),
  ]
    .map((suggestion) => ({ suggestion, rank: rankOf(suggestion, typed) }))
    .filter(({ rank }) => rank < NO_MATCH)
    .sort((a, b) => a.rank - b.rank)
    .map(({ suggestion }) => suggestion)
  let room = MOST_SUGGESTIONS
  return {
    start: slot.start,
    end: cursor + restOfWord(text, cursor, typed).length,
    suggestions: fitting.filter(({ kind }) => kind === 'keyword' || room-- > 0),
  }
}

/**
 * What the parser expects at the end of the text. Right after a word it is still that word, although the parser has
 * moved on; of several slots at one place the first, which covers the most.
 */
function slotAtEnd(text: string, sets: FilterSets): Slot | undefined {
  const slots = slotsOf(text, sets)
  const isInWord = bareValueAt(text, text.length - 1) !== '' || text.endsWith('~')
  const last = isInWord ? slots.filter((slot) => slot.start < text.length).at(-1) : slots.at(-1)
  return last && slots.find((slot) => slot.start === last.start)
}

function restOfWord(text: string, cursor: number, typed: string): string {
  const quote = /^(?:.*\.)?(["'])[^"']*$/s.exec(typed)?.[1]
  if (quote) return matchAt(quote === '"' ? /[^"=\r\n]*"/y : /[^'=\r\n]*'/y, text, cursor)
  return typed === '' ? '' : bareValueAt(text, cursor)
}

function suggestionsFor(slot: Slot, index: FactIndex, isBlank: boolean): Suggestion[] {
  switch (slot.kind) {
    case 'path': {
      const everyone = isBlank ? [keyword('*', say('every agent: {0}', agents(index.agents)))] : []
      return [
        ...paths(index),
        ...classes(index),
        keyword('not', say('what follows does not hold')),
        ...everyone,
      ]
    }
    case 'operator':
      return [...operatorsFor(index.paths.get(printPath(slot.path))), ...connectives(slot.depth)]
    case 'connective':
      return connectives(slot.depth)
    case 'value':
      return values(index.paths.get(printPath(slot.path)))
    case 'list':
      return values(index.paths.get(printPath(slot.path))).map((value) => ({
        ...value,
        insert: `(${value.insert})`,
      }))
    case 'pattern':
      return []
  }
}

function namedSets({ names, meaningOf }: FilterSets): Suggestion[] {
  return names.flatMap((name) => {
    const meaning = meaningOf(name)
    if (meaning?.kind !== 'condition') return []
    return [{ kind: 'set', label: `@${name}`, insert: `@${name}`, detail: say('the set {0}', meaning.text) }]
  })
}

function paths(index: FactIndex): Suggestion[] {
  return [...index.paths.values()]
    .sort((a, b) => b.agents - a.agents || a.path.length - b.path.length || compare(a.text, b.text))
    .map(({ text, agents: count, values, hasMore }) => ({
      kind: 'path',
      label: text,
      insert: text,
      detail: say('{0}, {1}', agents(count), valueCount(values.size, hasMore)),
      count,
    }))
}

function classes(index: FactIndex): Suggestion[] {
  return byCount(index.paths.get('classes')).map(([name, count]) => {
    return {
      kind: 'class',
      label: name,
      insert: classPath(name),
      detail: say('class of {0}', agents(count)),
      count,
    }
  })
}

/** A class is written as a path of one name, including any dots and colons. */
function classPath(name: string): string {
  return printPath([{ kind: 'name', name }])
}

function values(path: IndexedPath | undefined): Suggestion[] {
  return byCount(path).map(([text, count]) => {
    return { kind: 'value', label: text, insert: printExact(text), detail: agents(count), count }
  })
}

function byCount(path: IndexedPath | undefined): [string, number][] {
  return [...(path?.values ?? [])].sort(([a, m], [b, n]) => n - m || compare(a, b))
}

function operatorsFor(path: IndexedPath | undefined): Suggestion[] {
  const hasDigits = !path || [...path.values.keys()].some((value) => /^[v+-]?\d/i.test(value))
  return [
    operator('=', say('is one of: a,b,c; * and ? are wildcards')),
    operator('!=', say('is none of')),
    operator('=~', say('matches a regular expression'), '=~ '),
    operator('!~', say('does not match a regular expression'), '!~ '),
    operator('in', say('is in a list or a network'), 'in '),
    operator('not in', say('is not in a list or a network'), 'not in '),
    ...(hasDigits ? ORDER : []),
  ]
}

function connectives(depth: number): Suggestion[] {
  return [
    keyword('and', say('both hold')),
    keyword('or', say('at least one holds')),
    ...(depth > 0 ? [keyword(')', say('closes the parenthesis'))] : []),
  ]
}

function operator(label: string, detail: Localizable, insert = label): Suggestion {
  return { kind: 'operator', label, insert, detail }
}

const ORDER = [
  operator('>=', say('is this number or version, or a later one'), '>= '),
  operator('>', say('is a later number or version'), '> '),
  operator('<=', say('is this number or version, or an earlier one'), '<= '),
  operator('<', say('is an earlier number or version'), '< '),
]

function keyword(label: string, detail: Localizable): Suggestion {
  return { kind: 'keyword', label, insert: /^\w/.test(label) ? `${label} ` : label, detail }
}

const NO_MATCH = 3

/** 0 when it starts with the typed text, 1 when a part of it does, 2 when it contains it; ignoring case and quotes. */
function rankOf(suggestion: Suggestion, typed: string): number {
  const wanted = plain(typed)
  if (wanted === '') return 0
  const offered = plain(suggestion.label)
  const at = offered.indexOf(wanted)
  if (at <= 0) return at === 0 ? 0 : NO_MATCH
  if (suggestion.kind === 'operator' || suggestion.kind === 'keyword') return NO_MATCH
  return /[\p{L}\p{N}]/u.test(offered[at - 1] ?? '') ? 2 : 1
}

function plain(text: string): string {
  return text.toLowerCase().replace(/["'(\s]/g, '')
}

function agents(count: number): Localizable {
  return count === 1 ? say('1 agent') : say('{0} agents', count)
}

function valueCount(count: number, hasMore: boolean): Localizable {
  if (hasMore) return say('more than {0} values', count)
  return count === 1 ? say('1 value') : say('{0} values', count)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
