import { writtenAsNetwork } from './address.ts'
import { bareSegmentAt, bareValueAt, isKeyword, quote } from './lexicon.ts'
import type { Condition, Equals, FactPath, Filter, Pattern, Term, Value } from './syntax.ts'

/** The canonical text, on one line, with no more quotes and parentheses than needed. It parses to the same filter. */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'everyone':
      return '*'
    case 'and':
      return filter.all
        .map((part) => (part.kind === 'or' ? inParentheses(part) : printFilter(part)))
        .join(' and ')
    case 'or':
      return filter.any.map(printFilter).join(' or ')
    case 'not':
      return printNot(filter.condition)
    default:
      return printTerm(filter, false)
  }
}

/** `mountpoints."/".size_bytes` */
export function printPath(path: FactPath): string {
  return path
    .map((segment, index) => {
      if (segment.kind === 'each') return '*'
      const { name } = segment
      const isBare = name !== '' && bareSegmentAt(name, 0) === name && !(index === 0 && isKeyword(name))
      return isBare ? name : quote(name)
    })
    .join('.')
}

/** A text as a value of `=`: quoted where it would otherwise be read differently. */
export function printExact(text: string): string {
  const isBare = text !== '' && bareValueAt(text, 0) === text && !isKeyword(text) && !/[*?]/.test(text)
  return isBare ? text : quote(text)
}

/** A value as written in a list. */
export function printValue(value: Value): string {
  switch (value.kind) {
    case 'exact':
      return printExact(value.text)
    case 'glob':
      return value.pattern
    case 'network':
      return value.network
  }
}

export function printPattern({ source, flags }: Pattern): string {
  return `/${source.replace(/\\[\s\S]|\//g, (found) => (found === '/' ? '\\/' : found))}/${flags}`
}

function printNot(condition: Condition): string {
  switch (condition.kind) {
    case 'equals':
    case 'matches':
      return printTerm(condition, true)
    case 'and':
    case 'or':
      return `not ${inParentheses(condition)}`
    default:
      return `not ${printFilter(condition)}`
  }
}

function inParentheses(condition: Condition): string {
  return `(${printFilter(condition)})`
}

function printTerm(term: Term, negated: boolean): string {
  const path = printPath(term.path)
  switch (term.kind) {
    case 'present':
      return path
    case 'equals':
      return `${path}${printValues(term, negated)}`
    case 'matches':
      return `${path} ${negated ? '!~' : '=~'} ${printPattern(term.pattern)}`
    case 'compare':
      return `${path} ${term.operator} ${printExact(term.bound)}`
  }
}

/** A list with a network needs `in`; all others are alternatives after `=`. */
function printValues({ values }: Equals, negated: boolean): string {
  if (!values.some((value) => value.kind === 'network')) {
    return `${negated ? '!=' : '='}${values.map(printValue).join(',')}`
  }
  const members = values.map((value) => {
    return value.kind === 'exact' && writtenAsNetwork(value.text) ? quote(value.text) : printValue(value)
  })
  const operator = negated ? ' not in ' : ' in '
  return members.length === 1 ? `${operator}${members[0]}` : `${operator}(${members.join(', ')})`
}
