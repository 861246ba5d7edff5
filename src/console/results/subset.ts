import type { Subset } from '../../page/fromPage.ts'
import { type AgentState, isFailure, isVerdict } from '../../protocol/verdict.ts'
import type { Group } from '../../report/grouping.ts'
import type { RunState } from '../../run/runState.ts'

/**
 * The agents that a run is to be repeated on; undefined is everyone who matches the filter today. Agents that are not
 * in the run are left out, whatever the page says.
 */
export function subsetOf(
  state: RunState,
  subset: Subset,
  group: (number: number) => Group | undefined,
): readonly string[] | undefined {
  switch (subset.kind) {
    case 'all':
      return undefined
    case 'group':
      return group(subset.group)?.agentIds ?? []
    case 'agents':
      return subset.agents.filter((agentId) => state.replies.has(agentId))
    case 'failed':
    case 'silent':
    case 'not-started': {
      const { kind } = subset
      return [...state.replies.values()]
        .filter((reply) => isOfKind(reply.state, kind))
        .map(({ agentId }) => agentId)
    }
  }
}

function isOfKind(state: AgentState, kind: 'failed' | 'silent' | 'not-started'): boolean {
  const silent = state === 'no-reply' || state === 'lost'
  if (kind === 'silent') return silent
  if (kind === 'not-started') return state === 'not-started'
  return isVerdict(state) && isFailure(state) && !silent
}
