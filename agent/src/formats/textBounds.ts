import { excessOfText, type TextBounds } from '../../../src/text/boundedText.ts'
import { localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'

/** The memory of an agent is small: 300,000 values take 30 MB while they are parsed. */
export const textBounds: TextBounds = { characters: 8 * 1024 * 1024, marks: 300_000 }

/**
 * Refuses text that would take too much memory only to be parsed.
 * @throws Error in words
 */
export function assertBounded(text: string): void {
  const excess = excessOfText(text, textBounds)
  if (excess !== undefined) throw new Error(`too large: ${localize(excess, inEnglish)}`)
}
