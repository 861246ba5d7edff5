import type { Chunk } from '../protocol/frames.ts'
import { turningMarks, visibleText } from '../text/visibleText.ts'
import { plainLines, shownLines } from './plainLines.ts'
import { withoutSgr } from './sgr.ts'

/** A short text from elsewhere, made safe for a terminal: one line, without colours. */
export function printable(text: string): string {
  return visibleText(withoutSgr(text)).replaceAll(/\s*\n\s*/g, ' ')
}

/**
 * Output of a server, made safe for a terminal: sequences that move the cursor, change the title, query the terminal, hide
 * text or change the reading direction are removed. Colours end with their line.
 */
export function printableLines(chunks: readonly Chunk[], colours: boolean): string[] {
  const lines = colours ? shownLines(chunks) : plainLines(chunks)
  return lines.map((line) => {
    const text = line.replace(turning, '')
    return text.includes('\x1b') ? `${text}\x1b[0m` : text
  })
}

/** Marks that change the reading direction. */
const turning = new RegExp(`[${turningMarks}]`, 'gu')
