import type { Facts, FactValue } from '../facts.ts'
import { quote } from './lexicon.ts'
import { printFilter, printPath, printPattern, printValue } from './print.ts'
import type { Condition, Filter, Term } from './syntax.ts'
import { isPresent, termHolds, valuesAt } from './termMatch.ts'

/** Why a filter does or does not select an agent. */
export type FilterExplanation = {
  readonly matches: boolean
  /** "It matches: os.family is Debian, which matches Debian." · "It does not match: there is no fact role." */
  readonly summary: string
  /**
   * Paths of the facts that the agent does not have and on which the answer depends: with them it could be different.
   * Empty where known facts decide. Such a match may be unintended, and such a miss a near miss.
   */
  readonly missing: readonly string[]
  /** Undefined for `*`. */
  readonly condition: ExplainedCondition | undefined
}

/** The filter's tree with the result of each part. A negated term is one term (`role!=web`). */
export type ExplainedCondition =
  | { readonly kind: 'and' | 'or'; readonly held: boolean; readonly parts: readonly ExplainedCondition[] }
  | { readonly kind: 'not'; readonly held: boolean; readonly part: ExplainedCondition }
  | ExplainedTerm

export type ExplainedTerm = {
  readonly kind: 'term'
  readonly held: boolean
  /** As `printFilter` writes it. */
  readonly text: string
  readonly path: string
  /** What the agent has at the path; several where the path has a `*`. */
  readonly actual: readonly FactValue[]
  /** It compares the value of a fact that the agent does not have. */
  readonly missing: boolean
  /** "role is db, which does not match web" */
  readonly reason: string
}

/** Explains `matchesFilter(filter, facts)`, term by term. */
export function explainFilter(filter: Filter, facts: Facts): FilterExplanation {
  if (filter.kind === 'everyone') {
    return { matches: true, summary: 'It matches: * means every agent.', missing: [], condition: undefined }
  }
  const condition = explainCondition(filter, facts)
  const deciding = decidingTerms(condition)
  const missing = certainty(condition) === undefined ? deciding.filter((term) => term.missing) : []
  return {
    matches: condition.held,
    summary: `It ${condition.held ? 'matches' : 'does not match'}: ${reasons(deciding)}.`,
    missing: [...new Set(missing.map((term) => term.path))],
    condition,
  }
}

function explainCondition(condition: Condition, facts: Facts): ExplainedCondition {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.all.map((part) => explainCondition(part, facts))
      return { kind: 'and', held: parts.every((part) => part.held), parts }
    }
    case 'or': {
      const parts = condition.any.map((part) => explainCondition(part, facts))
      return { kind: 'or', held: parts.some((part) => part.held), parts }
    }
    case 'not': {
      const { condition: inner } = condition
      if (inner.kind !== 'and' && inner.kind !== 'or') return explainTerm(inner, facts, true)
      const part = explainCondition(inner, facts)
      return { kind: 'not', held: !part.held, part }
    }
    default:
      return explainTerm(condition, facts, false)
  }
}

function explainTerm(term: Term, facts: Facts, negated: boolean): ExplainedTerm {
  const holds = termHolds(term, facts)
  const actual = valuesAt(facts, term.path)
  return {
    kind: 'term',
    held: holds !== negated,
    text: printFilter(negated ? { kind: 'not', condition: term } : term),
    path: printPath(term.path),
    actual,
    missing: actual.length === 0 && term.kind !== 'present',
    reason: reasonFor(term, actual, holds),
  }
}

/** The terms on which the answer depends. */
function decidingTerms(condition: ExplainedCondition): ExplainedTerm[] {
  switch (condition.kind) {
    case 'term':
      return [condition]
    case 'not':
      return decidingTerms(condition.part)
    default: {
      const deciding = condition.parts.filter((part) => part.held === condition.held)
      return deciding.flatMap(decidingTerms)
    }
  }
}

/** The answer when it is the same for any values of the missing facts; undefined where it depends on them. */
function certainty(condition: ExplainedCondition): boolean | undefined {
  switch (condition.kind) {
    case 'term':
      return condition.missing ? undefined : condition.held
    case 'not': {
      const inner = certainty(condition.part)
      return inner === undefined ? undefined : !inner
    }
    default: {
      const settles = condition.kind === 'or'
      const parts = condition.parts.map(certainty)
      if (parts.includes(settles)) return settles
      return parts.includes(undefined) ? undefined : !settles
    }
  }
}

/** Most reasons named in one summary. */
const MOST_REASONS = 3

function reasons(terms: readonly ExplainedTerm[]): string {
  const all = [...new Set(terms.map((term) => term.reason))]
  const shown = all.slice(0, MOST_REASONS).join('; ')
  return all.length > MOST_REASONS ? `${shown}; and ${all.length - MOST_REASONS} more` : shown
}

function reasonFor(term: Term, actual: readonly FactValue[], holds: boolean): string {
  const path = printPath(term.path)
  if (term.kind === 'present') return presence(path, actual, holds)
  if (actual.length === 0) return `there is no fact ${path}`
  return `${path} is ${displayAll(actual)}, which ${comparison(term, holds)}`
}

function comparison(term: Exclude<Term, { kind: 'present' }>, holds: boolean): string {
  switch (term.kind) {
    case 'equals':
      return `${holds ? 'matches' : 'does not match'} ${shorten(term.values.map(printValue).join(' or '))}`
    case 'matches':
      return `${holds ? 'matches' : 'does not match'} ${shorten(printPattern(term.pattern))}`
    case 'compare':
      return `is ${holds ? '' : 'not '}${term.operator} ${term.bound}`
  }
}

function presence(path: string, actual: readonly FactValue[], holds: boolean): string {
  const shown = holds ? actual.filter(isPresent) : actual
  if (shown.length > 0) return `${path} is ${displayAll(shown)}`
  return `there is ${holds ? 'a class' : 'no fact or class'} ${path}`
}

function displayAll(values: readonly FactValue[]): string {
  const shown = values.slice(0, 3).map(display).join(', ')
  return values.length > 3 ? `${shown}, … (${values.length} values)` : shown
}

function display(value: FactValue): string {
  if (Array.isArray(value)) {
    return `[${displayAll(value.map((element) => (Array.isArray(element) ? 'a list' : element)))}]`
  }
  if (typeof value === 'object' && value !== null) return 'a map'
  const text = shorten(String(value))
  return /^[\p{L}\p{N}_.:/@%+~-]+$/u.test(text) ? text : quote(text)
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
