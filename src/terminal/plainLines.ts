import type { Chunk } from '../protocol/frames.ts'
import { withoutSgr } from './sgr.ts'
import { TerminalLines } from './terminalLines.ts'

/** The lines of an output as a terminal shows them, without colours. stdout and stderr are in the order of their lines. */
export function plainLines(chunks: Iterable<Chunk>): string[] {
  return shownLines(chunks).map(withoutSgr)
}

/** The same with colours: the only control sequences in it are SGR. */
export function shownLines(chunks: Iterable<Chunk>): string[] {
  const lines = new TerminalLines()
  for (const chunk of chunks) lines.add(chunk)
  return Array.from({ length: lines.count }, (_, index) => lines.line(index)?.text ?? '')
}
