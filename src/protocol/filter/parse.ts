import { closestWord } from '../../text/closestWord.ts'
import { say } from '../../text/localizable.ts'
import { type FilterSets, setNameAt } from './filterSets.ts'
import { FILTER_LIMITS } from './lexicon.ts'
import { printFilter } from './print.ts'
import { readTerm } from './readTerm.ts'
import { Scanner, type Slot } from './scanner.ts'
import { allOf, anyOf, type Condition, EVERYONE, type Filter, negate } from './syntax.ts'
import { FilterSyntaxError } from './syntaxError.ts'

/**
 * Reads a filter. Every agent is written `*`; an empty text is an error.
 *
 * @param sets what `@name` stands for; without them it is an error
 * @throws FilterSyntaxError with the position and what was expected there, also where a limit is exceeded.
 */
export function parseFilter(text: string, sets?: FilterSets): Filter {
  const scan = new Scanner(text)
  const filter = new Parser(scan, sets).filter()
  const length = printFilter(filter).length
  if (length > FILTER_LIMITS.textLength) {
    scan.refuse(say('at most {0} characters', FILTER_LIMITS.textLength), {
      position: 0,
      length: text.length,
      message: say(
        'The filter is {0} characters long when written out; at most {1} are allowed.',
        length,
        FILTER_LIMITS.textLength,
      ),
    })
  }
  return filter
}

/** What the parser expected in a text that may be incomplete, in order of position. Never throws. */
export function slotsOf(text: string, sets?: FilterSets): Slot[] {
  const slots: Slot[] = []
  try {
    new Parser(new Scanner(text, (slot) => slots.push(slot)), sets).filter()
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error
  }
  return slots
}

/** Recursive descent over `or`, `and`, `not` and parentheses. */
class Parser {
  private readonly scan: Scanner
  private readonly sets: FilterSets | undefined
  private terms = 0
  /** UTF-16 units of the sets so far, written out. */
  private unfolded = 0

  constructor(scan: Scanner, sets: FilterSets | undefined) {
    this.scan = scan
    this.sets = sets
  }

  filter(): Filter {
    if (/^[ \t\r\n]*\*[ \t\r\n]*$/.test(this.scan.text)) return EVERYONE
    const condition = this.either(0)
    return this.scan.atEnd ? condition : this.refuseConnective(0)
  }

  private either(depth: number): Condition {
    const first = this.both(depth)
    const rest: Condition[] = []
    while (this.takeConnective('or', '||', depth)) rest.push(this.both(depth))
    return anyOf([first, ...rest])
  }

  private both(depth: number): Condition {
    const first = this.negation(depth)
    const rest: Condition[] = []
    while (this.takeConnective('and', '&&', depth)) rest.push(this.negation(depth))
    return allOf([first, ...rest])
  }

  private takeConnective(word: string, sign: string, depth: number): boolean {
    this.scan.skipSpace()
    this.scan.visit({ kind: 'connective', start: this.scan.position, depth })
    return this.scan.take(sign) || this.scan.takeWord(word)
  }

  private negation(depth: number): Condition {
    const { scan } = this
    scan.skipSpace()
    scan.visit({ kind: 'path', start: scan.position, depth })
    const start = scan.position
    if ((scan.startsWith('!') && !scan.startsWith('!=') && scan.take('!')) || scan.takeWord('not')) {
      this.checkDepth(depth, start)
      return negate(this.negation(depth + 1))
    }
    if (!scan.take('(')) return this.term(depth)
    this.checkDepth(depth, start)
    const condition = this.either(depth + 1)
    return scan.take(')') ? condition : this.refuseConnective(depth + 1)
  }

  private term(depth: number): Condition {
    if (this.scan.text.trim() === '') {
      this.scan.refuse(say('a filter'), {
        message: say('The filter is empty. To target every agent, write *.'),
      })
    }
    this.terms += 1
    if (this.terms > FILTER_LIMITS.terms) {
      this.scan.refuse(say('at most {0} terms', FILTER_LIMITS.terms), {
        message: say(
          'The filter has more than {0} terms. Write many values of one fact as one term: name=a,b,c.',
          FILTER_LIMITS.terms,
        ),
      })
    }
    if (this.sets !== undefined && this.scan.startsWith('@')) return this.set(this.sets)
    return readTerm(this.scan, depth)
  }

  private set(sets: FilterSets): Condition {
    const { scan } = this
    const start = scan.position
    const name = setNameAt(scan.text, start + 1)
    const place = { position: start, length: Math.max(1, name.length + 1) }
    const meaning = sets.meaningOf(name)
    if (meaning === undefined) {
      const meant = closestWord(name, sets.names)
      const message =
        meant === undefined
          ? say('There is no set “{0}” in the workspace files.', name)
          : say('There is no set “{0}” in the workspace files. Did you mean @{1}?', name, meant)
      return scan.refuse(say('the name of a set'), { ...place, message })
    }
    if (meaning.kind === 'unusable') return scan.refuse(say('a set'), { ...place, message: meaning.why })
    this.unfolded += meaning.text.length
    if (this.unfolded > FILTER_LIMITS.textLength) {
      const most = FILTER_LIMITS.textLength
      const message = say('With its sets written out, the filter has more than {0} characters.', most)
      scan.refuse(say('at most {0} characters', most), { ...place, message })
    }
    scan.position += 1 + name.length
    return meaning.condition
  }

  private checkDepth(depth: number, position: number): void {
    if (depth < FILTER_LIMITS.depth) return
    this.scan.refuse(say('at most {0} levels', FILTER_LIMITS.depth), {
      position,
      message: say(
        'The filter is nested too deeply at character {0}: at most {1} levels of parentheses and "not" are allowed.',
        position + 1,
        FILTER_LIMITS.depth,
      ),
    })
  }

  private refuseConnective(depth: number): never {
    const expected = depth > 0 ? say('and, or, or )') : say('and, or, or the end of the filter')
    return this.scan.refuse(expected, {
      ...(/[=!<>~]/.test(this.scan.text[this.scan.position] ?? '') && {
        advice: say('Join terms with and / or. Put a value with such a character in quotes.'),
      }),
    })
  }
}
