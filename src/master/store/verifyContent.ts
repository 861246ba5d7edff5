import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReplyState } from '../../run/runState.ts'
import { summaryOf } from '../../run/runSummary.ts'
import { type RecordedRun, readRun } from './runRecord.ts'

/** Read at a time, bytes. */
const pieceBytes = 1024 * 1024

/**
 * Checks what else there is of a run against its events: outputs, by the digests that came with the results, and the summary.
 * @param folder of a run that nobody writes, and whose events are as they were written
 * @returns English sentences
 */
export async function contentProblems(folder: string, runId: string): Promise<string[]> {
  const run = await readRun(folder, runId)
  const problems: string[] = []
  for (const reply of run.state.replies.values())
    if (!(await hasItsOutput(run, reply)))
      problems.push(`the output of ${reply.agentId} was changed: its digest is another one.`)
  const summary = await readFile(join(folder, 'summary.json'), 'utf8').catch(() => undefined)
  // Until it is over, a summary may be behind the events.
  if (run.state.phase === 'over' && summary !== undefined && summary !== JSON.stringify(summaryOf(run.state)))
    problems.push('its summary, which the list shows, was changed: it is not that of its events.')
  return problems
}

async function hasItsOutput({ record }: RecordedRun, reply: ReplyState): Promise<boolean> {
  if (reply.output !== 'complete' || reply.digest === undefined) return true
  const hashes = { 1: createHash('sha256'), 2: createHash('sha256') }
  const bytes = record.output.bytes(reply.agentId)
  try {
    for (let from = 0; from < bytes; from += pieceBytes)
      for (const chunk of await record.output.read(reply.agentId, from, pieceBytes))
        hashes[chunk.stream].update(chunk.bytes)
  } catch {
    return false
  }
  return `${hashes[1].digest('hex')}:${hashes[2].digest('hex')}` === reply.digest
}
