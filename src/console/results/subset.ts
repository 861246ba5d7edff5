import type { Subset } from '../../page/fromPage.ts'
import { type AgentState, isFailure, isVerdict } from '../../protocol/verdict.ts'
import type { Group } from '../../report/grouping.ts'
import type { RunState } from '../../run/runState.ts'

/** What only the page's session knows of the run. */
export interface SubsetSource {
  group(number: number): Group | undefined
  /** Agents with a row in the table of values, as it is narrowed. */
  tableAgents(): readonly string[]
}

/**
 * The agents that are meant, each once; undefined means all agents that match the filter now. Agents that are not in the
 * run are ignored, even if the page names them.
 */
export function subsetOf(
  state: RunState,
  subset: Subset,
  { group, tableAgents }: SubsetSource,
): readonly string[] | undefined {
  switch (subset.kind) {
    case 'all':
      return undefined
    case 'group':
      return group(subset.group)?.agentIds ?? []
    case 'agents':
      return inRun(state, subset.agents)
    case 'table':
      return inRun(state, tableAgents())
    case 'failed':
    case 'no-reply':
    case 'not-started':
    case 'cancelled':
    case 'rest': {
      const { kind } = subset
      return [...state.replies.values()]
        .filter((reply) => isOfKind(reply.state, kind))
        .map(({ agentId }) => agentId)
    }
  }
}

function inRun({ replies }: RunState, agentIds: readonly string[]): string[] {
  return [...new Set(agentIds)].filter((agentId) => replies.has(agentId))
}

type PartOfRun = 'failed' | 'no-reply' | 'not-started' | 'cancelled' | 'rest'

function isOfKind(state: AgentState, kind: PartOfRun): boolean {
  const isUnanswered = state === 'no-reply' || state === 'lost'
  if (kind === 'no-reply') return isUnanswered
  if (kind === 'not-started' || kind === 'cancelled') return state === kind
  if (kind === 'rest') return isVerdict(state) && state !== 'succeeded' && state !== 'unexpected'
  // An agent that executed it without being named was not meant, and is not meant by the next run either.
  return isVerdict(state) && isFailure(state) && !isUnanswered && state !== 'unexpected'
}
