import { isVerdict } from '../protocol/verdict.ts'
import type { RunState } from '../run/runState.ts'
import type { KnownAgent } from './fleet/fleetSnapshot.ts'
import type { NamedAgent } from './fleet/reach.ts'

/** Of more runs, those that an agent names first: the others are stopped when these are over. Nobody can name thousands. */
const runsPerAgent = 16

/** A run that agents execute, as their facts say, or that this master has started and that is not over. */
export interface RunningRun {
  readonly runId: string
  /** Those that execute it, or of whom this master awaits something. By host name. */
  readonly agents: readonly NamedAgent[]
}

/**
 * What runs now, as far as the facts say, which are 30 s old at most. Runs that an agent with a proven identity executes come
 * first, as anybody can make up agents and their runs; then those of most agents.
 * @param own runs of this master that are under way
 */
export function runningRuns(agents: readonly KnownAgent[], own: readonly RunState[]): RunningRun[] {
  const byRun = new Map<string, Map<string, NamedAgent>>()
  const proven = new Set<string>()
  const note = (runId: string, { agentId, hostname }: NamedAgent) => {
    const named = byRun.get(runId) ?? new Map<string, NamedAgent>()
    byRun.set(runId, named.set(agentId, { agentId, hostname }))
  }
  for (const agent of agents) {
    if (agent.state === 'gone') continue
    for (const runId of agent.running.slice(0, runsPerAgent)) {
      note(runId, agent)
      if (agent.identity === 'proven') proven.add(runId)
    }
  }
  for (const state of own) {
    if (!byRun.has(state.runId)) byRun.set(state.runId, new Map())
    for (const reply of unsettled(state)) note(state.runId, reply)
  }
  return [...byRun]
    .map(([runId, named]) => ({ runId, agents: [...named.values()] }))
    .sort(
      (a, b) =>
        Number(proven.has(b.runId)) - Number(proven.has(a.runId)) || b.agents.length - a.agents.length,
    )
}

/** Also those of later steps of a rollout. */
export function unsettled({ replies }: RunState): NamedAgent[] {
  return [...replies.values()].filter(({ state }) => !isVerdict(state))
}
