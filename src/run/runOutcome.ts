import type { RunSummary } from './runSummary.ts'

/** `good`: all agents succeeded; `bad`: one did not, or executed unexpectedly; `mixed`: it was stopped manually. */
export type RunOutcome = 'running' | 'paused' | 'good' | 'mixed' | 'bad'

/** How a run stands or ended, for icons. */
export function outcomeOfRun({
  counts,
  phase,
  agents,
}: Pick<RunSummary, 'counts' | 'phase' | 'agents'>): RunOutcome {
  if (unexpectedOf(counts) > 0) return 'bad'
  if (phase !== 'over') return phase
  if (counts.succeeded === agents) return 'good'
  return counts.succeeded + counts.cancelled + counts['not-started'] === agents ? 'mixed' : 'bad'
}

/** Summaries of earlier versions do not have that count. */
export function unexpectedOf({ unexpected }: Partial<RunSummary['counts']>): number {
  return unexpected ?? 0
}
