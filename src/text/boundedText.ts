import { type Localizable, say } from './localizable.ts'

/** What a text that people and their programs write may be at most, counted before it is parsed. */
export interface TextBounds {
  /** Length of the text, UTF-16 code units. */
  readonly characters: number
  /** Characters that begin or part values: `,` `:` `[` `{` and line ends. A parser takes about a hundred bytes for each. */
  readonly marks: number
}

/** What there is too much of in a text; undefined when it is within its bounds. */
export function excessOfText(text: string, bounds: TextBounds): Localizable | undefined {
  if (text.length > bounds.characters)
    return say('{0} characters, more than the limit of {1}', text.length, bounds.characters)
  let marks = 0
  for (let at = 0; at < text.length; at += 1) if (isMark(text.charCodeAt(at))) marks += 1
  if (marks <= bounds.marks) return undefined
  return say('more than {0} commas, colons, brackets and lines', bounds.marks)
}

function isMark(code: number): boolean {
  return code === 0x0a || code === 0x2c || code === 0x3a || code === 0x5b || code === 0x7b
}
