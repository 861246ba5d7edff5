import type { Chunk } from '../protocol/frames.ts'
import type { RunState } from '../run/runState.ts'

/** What a report reads from a run, active or past. */
export interface ReportedRun {
  readonly state: RunState
  /** Output of one agent so far, in the order it was written; from byte `from`, at most `limit` bytes. */
  output(agentId: string, from?: number, limit?: number): Promise<Chunk[]>
}
