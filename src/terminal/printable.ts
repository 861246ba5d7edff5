import type { Chunk } from '../protocol/frames.ts'
import { turningMarks, visibleText } from '../text/visibleText.ts'
import { withoutSgr } from './sgr.ts'
import { TerminalLines } from './terminalLines.ts'

/** A short text from elsewhere, made safe for a terminal: one line, without colours. */
export function printable(text: string): string {
  return visibleText(withoutSgr(text)).replaceAll(/\s*\n\s*/g, ' ')
}

/**
 * Output of a server, made safe for a terminal: sequences that move the cursor, change the title, query the terminal, hide
 * text or change the reading direction are removed. Colours end with their line.
 */
export function printableLines(chunks: readonly Chunk[], colours: boolean): string[] {
  const lines = new TerminalLines()
  for (const chunk of chunks) lines.add(chunk)
  return Array.from({ length: lines.count }, (_, index) => {
    const text = (lines.line(index)?.text ?? '').replace(turning, '')
    if (!colours) return withoutSgr(text)
    return text.includes('\x1b') ? `${text}\x1b[0m` : text
  })
}

/** Marks that change the reading direction. */
const turning = new RegExp(`[${turningMarks}]`, 'gu')
