import type { Chunk } from '../../protocol/frames.ts'
import { withoutSgr } from '../../terminal/sgr.ts'
import { TerminalLines } from '../../terminal/terminalLines.ts'

/** Bytes of an output that are read for a preview of its start or its end. */
export const previewBytes = 4096

/** Lines and characters of a preview. */
const maxLines = 3
const maxCharacters = 300

/** The first lines that are not empty, and whether there are more. */
export function firstLines(chunks: readonly Chunk[]): { lines: string[]; more: boolean } {
  const lines = plainLines(chunks)
  return { lines: lines.slice(0, maxLines), more: lines.length > maxLines }
}

/** The last line that is not empty. */
export function lastLine(chunks: readonly Chunk[]): string {
  return plainLines(chunks).at(-1) ?? ''
}

function plainLines(chunks: readonly Chunk[]): string[] {
  const lines = new TerminalLines()
  for (const chunk of chunks) lines.add(chunk)
  const texts: string[] = []
  for (let index = 0; index < lines.count; index += 1) {
    const text = withoutSgr(lines.line(index)?.text ?? '').trimEnd()
    if (text !== '') texts.push(text.slice(0, maxCharacters))
  }
  return texts
}
