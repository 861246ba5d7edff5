import type { Subset } from '../../page/fromPage.ts'
import { type AgentState, isFailure, isVerdict } from '../../protocol/verdict.ts'
import type { Group } from '../../report/grouping.ts'
import type { RunState } from '../../run/runState.ts'

/**
 * The agents on which to repeat a run; undefined means all agents that match the filter now. Agents that are not in the
 * run are ignored, even if the page names them.
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
    case 'no-reply':
    case 'not-started': {
      const { kind } = subset
      return [...state.replies.values()]
        .filter((reply) => isOfKind(reply.state, kind))
        .map(({ agentId }) => agentId)
    }
  }
}

function isOfKind(state: AgentState, kind: 'failed' | 'no-reply' | 'not-started'): boolean {
  const isUnanswered = state === 'no-reply' || state === 'lost'
  if (kind === 'no-reply') return isUnanswered
  if (kind === 'not-started') return state === 'not-started'
  // An agent that executed it without being named was not meant, and is not meant by the next run either.
  return isVerdict(state) && isFailure(state) && !isUnanswered && state !== 'unexpected'
}
