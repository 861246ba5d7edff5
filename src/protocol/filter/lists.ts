import { say } from '../../text/localizable.ts'
import { bareValueAt, isKeyword, matchAt } from './lexicon.ts'
import { parseFilter } from './parse.ts'
import { printFilter } from './print.ts'
import { readPath } from './readPath.ts'
import { Scanner } from './scanner.ts'
import { allOf, type Condition, type FactPath, type Filter, negate, type Value } from './syntax.ts'
import { FilterSyntaxError } from './syntaxError.ts'

/** The options of the original: `-w` (with) and `-n` (without), each any number of times. */
export type FilterLists = { readonly with: readonly string[]; readonly without: readonly string[] }

/**
 * The filter for these options: all of `with` must hold, and none of `without`.
 *
 * An item is a comma list. A part with `=` starts a term (`role=web`); a part without `=` after such a term is another
 * value of it (`role=web,memcached`); before the first such term a part names a class, or a fact that must exist. A
 * value may contain spaces; `*` and `?` in it are wildcards unless it is quoted.
 *
 * @throws FilterSyntaxError whose `text` is the item: when both lists are empty (this never means every agent), an item
 * or a part is blank, or an item is an expression of the full language.
 */
export function filterFromLists(lists: FilterLists): Filter {
  const wanted = lists.with.flatMap((item) => termsOf(item, '-w'))
  const unwanted = lists.without.flatMap((item) => termsOf(item, '-n')).map(negate)
  const [first, ...rest] = [...wanted, ...unwanted]
  // Parsing '' throws the error that says how to target every agent; parsing the rest applies the limits of the language.
  return parseFilter(first ? printFilter(allOf([first, ...rest])) : '')
}

function termsOf(item: string, option: '-w' | '-n'): Condition[] {
  try {
    return readItem(new Scanner(item))
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error
    const { text, position, length, expected } = error
    const shown = item.length > 60 ? `${item.slice(0, 59)}…` : item
    const message = say("In {0} '{1}': {2}", option, shown, error.localizable)
    throw new FilterSyntaxError({ text, position, length, expected, message, cause: error })
  }
}

type Term = { path: FactPath; values: [Value, ...Value[]] | undefined }

function readItem(scan: Scanner): Condition[] {
  const terms: Term[] = []
  do {
    scan.skipSpace()
    const values = terms.at(-1)?.values
    if (matchAt(UP_TO_EQUALS, scan.text, scan.position)) terms.push(readTerm(scan))
    else if (values) values.push(readListValue(scan))
    else terms.push({ path: readPath(scan), values: undefined })
    scan.skipSpace()
  } while (scan.take(','))
  if (!scan.atEnd) scan.refuse(say('a comma or the end'), { advice: ADVICE })
  return terms.map(({ path, values }) =>
    values ? { kind: 'equals', path, values } : { kind: 'present', path },
  )
}

/** A part that contains an `=` outside quotes. */
const UP_TO_EQUALS = /(?:"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[^,="'])*=/y

const ADVICE = say(
  'Write fact=value, fact=value,value or the name of a class here. For an expression use --filter.',
)

function readTerm(scan: Scanner): Term {
  const path = readPath(scan)
  scan.skipSpace()
  if (!scan.take('=')) scan.refuse(say('='), { advice: ADVICE })
  scan.skipSpace()
  return { path, values: [readListValue(scan)] }
}

/** Signs of an expression: read as a plain value, it would silently select other agents than intended. */
const EXPRESSION = /[=<>!&|"']|^~/

function readListValue(scan: Scanner): Value {
  const quoted = scan.quoted()
  if (quoted !== undefined) return { kind: 'exact', text: quoted }
  const start = scan.position
  const text = matchAt(/[^,]*/y, scan.text, start).trimEnd()
  if (!text) scan.refuse(say('a value'))
  const sign = EXPRESSION.exec(text)
  if (sign) scan.refuse(say('a plain value'), { position: start + sign.index, advice: ADVICE })
  const word = text.split(/\s+/).find(isKeyword)
  if (word)
    scan.refuse(say('a plain value'), {
      advice: say('Put a value with the word {0} in quotes. {1}', word, ADVICE),
    })
  scan.position += text.length
  if (!/[*?]/.test(text)) return { kind: 'exact', text }
  if (bareValueAt(text, 0) === text) return { kind: 'glob', pattern: text }
  return scan.refuse(say('a value in quotes'), {
    position: start,
    length: text.length,
    advice: say('With * or ? as wildcards, a value cannot contain spaces or special characters.'),
  })
}
