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
 * Bytes of heap that a part costs at most once it is parsed, beside the characters of texts. Measured with V8 of Node 20 over forty
 * shapes, of which they are 1.05 to 8 times: objects within one another that each have an index of their own as key cost most (200
 * bytes each, dictionaries), then objects with a key of their own (180, hidden classes), lists of one list (56), and keys that nobody
 * else has (131 with a fraction as value). The facts of a server are 5 times what they cost, as servers share keys and hidden classes.
 */
const heapBytesOf = { object: 104, list: 64, colon: 80, comma: 16, text: 24 } as const

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
  const { excess, heapBytes } = measure(text, bounds)
  if (excess !== undefined) throw new OutOfBounds(excess)
  return { json: JSON.parse(text), heapBytes: heapBytes + text.length * characterBytes(text) }
}

/** What there is too much of in a JSON text; undefined when it is within its bounds. */
export function excessOf(text: string, bounds: JsonBounds): Localizable | undefined {
  return measure(text, bounds).excess
}

/** One that is not Latin-1 makes a whole text two bytes wide. */
function characterBytes(text: string): 1 | 2 {
  return Buffer.byteLength(text) === text.length && !text.includes('\\u') ? 1 : 2
}

interface Measured {
  /** Of all parts but the characters of texts, until a bound was passed. */
  readonly heapBytes: number
  readonly excess: Localizable | undefined
}

/** Counts until a bound is passed. In text that is not JSON, the counts hold up to where a parser would stop. */
function measure(text: string, bounds: JsonBounds): Measured {
  let [marks, depth, heapBytes] = [0, 0, 0]
  if (text.length > bounds.characters)
    return {
      heapBytes,
      excess: say('{0} characters, more than the limit of {1}', text.length, bounds.characters),
    }
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = endOfString(text, at)
      heapBytes += heapBytesOf.text
    } else if (code === comma || code === colon) {
      marks += 1
      heapBytes += code === comma ? heapBytesOf.comma : heapBytesOf.colon
    } else if (code === openBracket || code === openBrace) {
      marks += 1
      heapBytes += code === openBrace ? heapBytesOf.object : heapBytesOf.list
      depth += 1
      if (depth > bounds.depth)
        return { heapBytes, excess: say('nested more than {0} levels deep', bounds.depth) }
    } else if (code === closeBracket || code === closeBrace) depth -= 1
    if (marks > bounds.marks)
      return { heapBytes, excess: say('more than {0} commas, colons and brackets', bounds.marks) }
  }
  return { heapBytes, excess: undefined }
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
