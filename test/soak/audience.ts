import { matchesFilter } from '../../src/protocol/filter/match.ts'
import { parseFilter } from '../../src/protocol/filter/parse.ts'
import type { RecordedRequest } from '../../src/run/runRequest.ts'
import type { RunState } from '../../src/run/runState.ts'
import type { AgentFiles } from './agentFiles.ts'

/** Who did what of one run. */
export interface Audience {
  /** As it was asked for: not what a master made of it. */
  readonly request: RecordedRequest
  readonly run: RunState
  readonly agents: readonly AgentFiles[]
  /** Whether this agent executed it. */
  readonly executed: (agentId: string) => boolean
  /** Its master had heard of every agent when it began. */
  readonly isKnownWhole: boolean
}

/** Where a command went that it should not have gone, and where it should have and did not, in words. */
export function misdirections({ request, run, agents, executed, isKnownWhole }: Audience): string[] {
  const wrong: string[] = []
  for (const agent of agents) {
    const { agentId } = agent
    const reply = run.replies.get(agentId)
    if (reply?.unexpected === true) wrong.push(`${agentId} executed it and was not named`)
    if (isFor(request, agent)) {
      if (isKnownWhole && reply?.expected !== true) wrong.push(`${agentId} fits and was not expected`)
      continue
    }
    if (executed(agentId)) wrong.push(`${agentId} executed it and does not fit ${request.filter}`)
    // A target that is named by hand is asked even if the master does not know its facts: it refuses by itself.
    const isNamedUnknown = request.targets?.includes(agentId) === true && run.reach?.sweep !== 'complete'
    if (reply !== undefined && !(reply.expected && isNamedUnknown))
      wrong.push(
        `${agentId} ${reply.expected ? 'was expected' : 'joined'} and does not fit ${request.filter}`,
      )
  }
  for (const agentId of run.steps.flat())
    if (!run.replies.has(agentId)) wrong.push(`${agentId} was to execute it and is not accounted for`)
  return wrong
}

function isFor({ filter, targets }: RecordedRequest, { agentId, facts }: AgentFiles): boolean {
  const isNamed = targets === undefined || targets.includes(agentId)
  return isNamed && matchesFilter(parseFilter(filter), facts)
}
