import type { Chunk } from '../protocol/frames.ts'
import { codePointName, deceptiveInOutput, visibleLine } from '../text/visibleText.ts'
import { plainLines, shownLines } from './plainLines.ts'
import { withoutSgr } from './sgr.ts'

/** A short text from elsewhere, made safe for a terminal: one line, without colours. */
export function printable(text: string): string {
  return visibleLine(withoutSgr(text))
}

/**
 * Output of a server, made safe for a terminal and a text file: sequences that move the cursor, change the title, query the
 * terminal or hide text are removed, and characters that deceive the eye are shown by their codes, as on the results page.
 * Colours end with their line.
 */
export function printableLines(chunks: readonly Chunk[], colours: boolean): string[] {
  const lines = colours ? shownLines(chunks) : plainLines(chunks)
  return lines.map((line) => {
    const text = deceptive.test(line) ? line.replace(deceptiveParts, shown) : line
    return text.includes('\x1b') ? `${text}\x1b[0m` : text
  })
}

const deceptive = new RegExp(`[${deceptiveInOutput}]`, 'u')

/** With the sequences of colours, which stay. */
const deceptiveParts = new RegExp(`\\x1b\\[[0-9;:]*m|[${deceptiveInOutput}]`, 'gu')

function shown(part: string): string {
  return part.length > 2 ? part : `<${codePointName(part)}>`
}
