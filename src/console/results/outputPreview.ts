import type { Chunk } from '../../protocol/frames.ts'
import { plainLines } from '../../terminal/plainLines.ts'

/** Bytes of an output that are read for a preview of its start or its end. */
export const previewBytes = 4096

/** Characters of a line of a preview. */
const maxCharacters = 300

/** The last lines that are not empty, of stderr if it has any: there most programs say why they failed. */
export function lastLines(chunks: readonly Chunk[], maxLines: number): { lines: string[]; more: boolean } {
  const onStderr = linesWithText(chunks.filter(({ stream }) => stream === 2))
  const lines = onStderr.length > 0 ? onStderr : linesWithText(chunks)
  return {
    lines: lines.slice(-maxLines),
    more: linesWithText(chunks).length > Math.min(lines.length, maxLines),
  }
}

/** The first lines that are not empty, and whether there are more. */
export function firstLines(chunks: readonly Chunk[], maxLines: number): { lines: string[]; more: boolean } {
  const lines = linesWithText(chunks)
  return { lines: lines.slice(0, maxLines), more: lines.length > maxLines }
}

/** The last line that is not empty. */
export function lastLine(chunks: readonly Chunk[]): string {
  return linesWithText(chunks).at(-1) ?? ''
}

function linesWithText(chunks: readonly Chunk[]): string[] {
  return plainLines(chunks)
    .map((line) => line.trimEnd().slice(0, maxCharacters))
    .filter((line) => line !== '')
}
