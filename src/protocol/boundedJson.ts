import { type Localizable, LocalizableError, say } from '../text/localizable.ts'

/** What a JSON text may be at most, counted before it is parsed. */
export interface JsonBounds {
  /** Length of the text, UTF-16 code units. */
  readonly characters: number
  /** Objects and arrays within one another; the outermost is level 1. */
  readonly depth: number
  /** `{`, `[`, `,` and `:` outside of strings: each begins or parts a value. */
  readonly marks: number
}

/**
 * Most bytes of heap that one mark costs once it is parsed, beside its text. Measured with V8 of Node 20 over twelve
 * shapes: 2 for texts, 31 for empty objects, 63 for objects that each have an index of their own as key.
 */
const heapBytesOfMark = 64

/** A text that was not parsed, because it is larger than such texts are. `message` says what there is too much of. */
export class OutOfBounds extends LocalizableError {
  override readonly name = 'OutOfBounds'
}

export interface BoundedJson {
  readonly json: unknown
  /** Upper bound of the heap that `json` takes, bytes. */
  readonly heapBytes: number
}

/**
 * Parses JSON of which nothing is known. A parser uses up to a hundred times the text's size in memory, so the text is
 * measured first, in one pass and without recursion.
 * @throws OutOfBounds, or SyntaxError
 */
export function parseBounded(text: string, bounds: JsonBounds): BoundedJson {
  const { excess, marks } = measure(text, bounds)
  if (excess !== undefined) throw new OutOfBounds(excess)
  // Two bytes a character: one that is not Latin-1 makes a whole text that wide.
  return { json: JSON.parse(text), heapBytes: 2 * text.length + heapBytesOfMark * marks }
}

/** What there is too much of in a JSON text; undefined when it is within its bounds. */
export function excessOf(text: string, bounds: JsonBounds): Localizable | undefined {
  return measure(text, bounds).excess
}

/** Counts until a bound is passed. In text that is not JSON, the counts hold up to where a parser would stop. */
function measure(text: string, bounds: JsonBounds): { marks: number; excess: Localizable | undefined } {
  if (text.length > bounds.characters)
    return {
      marks: 0,
      excess: say('{0} characters, more than the limit of {1}', text.length, bounds.characters),
    }
  let [marks, depth] = [0, 0]
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at)
    else if (code === comma || code === colon) marks += 1
    else if (code === openBracket || code === openBrace) {
      marks += 1
      depth += 1
      if (depth > bounds.depth)
        return { marks, excess: say('nested more than {0} levels deep', bounds.depth) }
    } else if (code === closeBracket || code === closeBrace) depth -= 1
    if (marks > bounds.marks)
      return { marks, excess: say('more than {0} commas, colons and brackets', bounds.marks) }
  }
  return { marks, excess: undefined }
}

/** The closing quote of the string that opens at `start`, or the end of the text. Looks at each backslash once. */
function endOfString(text: string, start: number): number {
  for (let from = start + 1; ; ) {
    const end = text.indexOf('"', from)
    if (end === -1) return text.length
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === backslash) backslashes += 1
    if (backslashes % 2 === 0) return end
    from = end + 1
  }
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a] as const
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d] as const
