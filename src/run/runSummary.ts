import * as v from 'valibot'
import { RunId } from '../protocol/names.ts'
import type { AgentState } from '../protocol/verdict.ts'
import type { HiddenCommand } from './hiddenCommand.ts'
import type { RunStart, RunState } from './runState.ts'
import { shownCounts } from './unexpected.ts'

/** What the list of runs shows. */
export type RunSummary = RunStart & {
  readonly phase: RunState['phase']
  readonly endedAt?: number
  readonly stopReason?: string
  /** Absent where nothing was hidden, and in summaries of earlier versions. */
  readonly hidden?: readonly HiddenCommand[]
  /** Who sent the command, according to AWS. */
  readonly sender?: string
  readonly agents: number
  readonly counts: Record<AgentState, number>
}

export function summaryOf(state: RunState): RunSummary {
  const { runId, environment, request, issuer, startedAt, endedAt, phase, stopReason, hidden, replies } =
    state
  return {
    ...{
      runId,
      environment,
      request,
      issuer,
      startedAt,
      phase,
      agents: replies.size,
      counts: shownCounts(state),
    },
    ...(state.signingKey === undefined ? {} : { signingKey: state.signingKey }),
    ...(state.sender === undefined ? {} : { sender: state.sender }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(stopReason === undefined ? {} : { stopReason }),
    ...(hidden.length === 0 ? {} : { hidden: [...hidden] }),
  }
}

/** @returns undefined when the text is not a summary */
export function parseSummary(text: string): RunSummary | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return v.is(Summary, json) ? (json as unknown as RunSummary) : undefined
  } catch {
    return undefined
  }
}

/** Our own file, but it may have been on disk for months: checks as much as the list needs to show it. */
const Summary = v.looseObject({
  runId: RunId,
  environment: v.string(),
  request: v.looseObject({ filter: v.string(), action: v.looseObject({ kind: v.string() }) }),
  issuer: v.looseObject({ name: v.string(), host: v.string() }),
  startedAt: v.number(),
  phase: v.picklist(['running', 'paused', 'over']),
  agents: v.number(),
  counts: v.record(v.string(), v.number()),
})
