import type { ReplyState } from '../../run/runState.ts'
import type { Matcher } from './matcher.ts'
import { OutputView } from './outputView.ts'
import type { ShownRun } from './shownRun.ts'

/** Matches in the output of one agent or, where several wrote the same bytes, of all of these. */
export interface OutputMatches {
  readonly agentIds: readonly string[]
  readonly matches: number
}

/** Searches outputs one after the other; the same bytes only once. Ends early when aborted. */
export async function* searchOutputs(
  run: ShownRun,
  replies: Iterable<ReplyState>,
  matcher: Matcher,
  signal: AbortSignal,
): AsyncGenerator<OutputMatches> {
  for (const agentIds of sameOutputs(replies)) {
    const view = new OutputView()
    view.search(matcher)
    let read = 0
    for (let more = true; more; ) {
      const chunks = await run.output(agentIds[0] ?? '', read, pieceBytes)
      if (signal.aborted) return
      for (const chunk of chunks) {
        view.add(chunk)
        read += chunk.bytes.length
      }
      more = chunks.length > 0
    }
    yield { agentIds, matches: view.matches ?? 0 }
  }
}

/** Bytes read at a time: between pieces others get their turn. */
const pieceBytes = 1024 * 1024

function sameOutputs(replies: Iterable<ReplyState>): string[][] {
  const groups = new Map<string, string[]>()
  for (const { agentId, digest, output, stdoutBytes, stderrBytes } of replies) {
    if (stdoutBytes + stderrBytes === 0) continue
    const key = digest !== undefined && output === 'complete' ? `=${digest}` : agentId
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [agentId])
    else group.push(agentId)
  }
  return [...groups.values()]
}
