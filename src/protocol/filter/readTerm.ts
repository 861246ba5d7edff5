import { say } from '../../text/localizable.ts'
import { networkOf, writtenAsNetwork } from './address.ts'
import { bareValueAt, FILTER_LIMITS, isKeyword } from './lexicon.ts'
import { isOrderable } from './order.ts'
import { readPath } from './readPath.ts'
import { readPattern } from './readPattern.ts'
import type { Scanner } from './scanner.ts'
import {
  type Condition,
  type FactPath,
  negate,
  type OneOrMore,
  type OrderOperator,
  type Value,
} from './syntax.ts'

/** Reads one term at the scanner's position: a path, and usually an operator with an operand. */
export function readTerm(scan: Scanner, depth: number): Condition {
  const path = readPath(scan)
  scan.skipSpace()
  scan.visit({ kind: 'operator', start: scan.position, depth, path })
  const operator = readOperator(scan)
  if (!operator) return { kind: 'present', path }
  scan.skipSpace()
  switch (operator) {
    case '=':
    case '==':
      return { kind: 'equals', path, values: readList(scan, () => readValue(scan, path)) }
    case '!=':
      return negate({ kind: 'equals', path, values: readList(scan, () => readValue(scan, path)) })
    case 'in':
      return { kind: 'equals', path, values: readMembers(scan, path) }
    case 'not in':
      return negate({ kind: 'equals', path, values: readMembers(scan, path) })
    case '=~':
      return { kind: 'matches', path, pattern: readPattern(scan, path) }
    case '!~':
      return negate({ kind: 'matches', path, pattern: readPattern(scan, path) })
    default:
      return { kind: 'compare', path, operator, bound: readBound(scan, path) }
  }
}

type Operator = '=' | '==' | '!=' | '=~' | '!~' | 'in' | 'not in' | OrderOperator

/** Longer ones first. */
const SIGNS = ['==', '=~', '!~', '!=', '<=', '>=', '=', '<', '>'] as const

function readOperator(scan: Scanner): Operator | undefined {
  const sign = SIGNS.find((candidate) => scan.take(candidate))
  if (sign) return sign
  if (scan.takeWord('in')) return 'in'
  if (!scan.takeWord('not')) return undefined
  scan.skipSpace()
  if (!scan.takeWord('in')) scan.refuse(say('in'), { advice: say('After a fact, use not only with in.') })
  return 'not in'
}

/** `a, b, c`: at least one. */
function readList<T>(scan: Scanner, readElement: () => T): OneOrMore<T> {
  const start = scan.position
  const elements: [T, ...T[]] = [readElement()]
  for (;;) {
    scan.skipSpace()
    if (!scan.take(',')) return elements
    scan.skipSpace()
    elements.push(readElement())
    if (elements.length > FILTER_LIMITS.values) {
      scan.refuse(say('at most {0} values', FILTER_LIMITS.values), {
        position: start,
        length: scan.position - start,
        message: say('The list at character {0} has more than {1} values.', start + 1, FILTER_LIMITS.values),
      })
    }
  }
}

/** A quoted value is literal; a bare one with `*` or `?` is a glob. */
export function readValue(scan: Scanner, path: FactPath): Exclude<Value, { kind: 'network' }> {
  scan.visit({ kind: 'value', start: scan.position, path })
  const quoted = scan.quoted()
  if (quoted !== undefined) return { kind: 'exact', text: quoted }
  const text = bareValueAt(scan.text, scan.position)
  if (!text) scan.refuse(say('a value'), { advice: say('Put a value with special characters in quotes.') })
  if (isKeyword(text)) scan.refuse(say('a value'), { advice: say('Put the value {0} in quotes.', text) })
  scan.position += text.length
  return /[*?]/.test(text) ? { kind: 'glob', pattern: text } : { kind: 'exact', text }
}

/** Reads what follows `in`: a list in parentheses, or one network. */
function readMembers(scan: Scanner, path: FactPath): OneOrMore<Value> {
  const start = scan.position
  scan.visit({ kind: 'list', start, path })
  if (scan.take('(')) {
    scan.skipSpace()
    const values = readList(scan, () => readMember(scan, path))
    if (!scan.take(')')) scan.refuse(say('a comma or )'))
    return values
  }
  const text = bareValueAt(scan.text, start)
  const value = writtenAsNetwork(text) ? readMember(scan, path) : undefined
  if (value) return [value]
  return scan.refuse(say('a list such as (a, b), or a network such as 10.0.0.0/8'))
}

/** Reads an element of a list after `in`, where a bare `10.0.0.0/8` is a network. */
function readMember(scan: Scanner, path: FactPath): Value {
  const start = scan.position
  const text = bareValueAt(scan.text, start)
  const value = readValue(scan, path)
  if (!writtenAsNetwork(text)) return value
  const network = text.toLowerCase()
  if (networkOf(network)) return { kind: 'network', network }
  return scan.refuse(say('a network such as 10.0.0.0/8 or fd00::/8'), {
    position: start,
    length: text.length,
  })
}

function readBound(scan: Scanner, path: FactPath): string {
  const start = scan.position
  const value = readValue(scan, path)
  if (value.kind === 'exact' && isOrderable(value.text)) return value.text
  return scan.refuse(say('a number or a version'), { position: start, length: scan.position - start })
}
