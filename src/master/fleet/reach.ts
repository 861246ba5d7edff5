import { matchesFilter } from '../../protocol/filter/match.ts'
import type { RunRequest } from '../../run/runRequest.ts'
import type { FleetLook, FleetSnapshot, KnownAgent } from './fleetSnapshot.ts'

/** Whom a request is for. */
export type Audience = Pick<RunRequest, 'filter' | 'targets'>

/** Whom a request would hit, as far as is known at this moment. */
export interface Reach {
  /** Exactly the agents that the command is for, and that are expected to answer it. By host name, in natural order. */
  readonly agents: readonly KnownAgent[]
  /** Agents that the request is for, and that nobody expects to answer: not seen for 10 minutes, or never. */
  readonly missing: readonly MissingAgent[]
  /** Agents of the environment that are expected to answer a command for everyone. */
  readonly known: number
  /** How far the look at the fleet went that this rests on. */
  readonly look: FleetLook
}

/** An agent that was reported earlier, or is named in a request, and is not there. */
export interface MissingAgent {
  readonly agentId: string
  /** Undefined for an agent that this master has never seen. */
  readonly hostname: string | undefined
  /** SQS's clock, milliseconds since the epoch; undefined for an agent that this master has never seen. */
  readonly lastHeardAt: number | undefined
}

/**
 * The one answer to "whom would this hit?". What is sent goes to these agents: who asks before and who sends must ask
 * here, or a person agrees to one thing and another happens.
 */
export function reachOf({ agents: all, look }: FleetSnapshot, { filter, targets }: Audience): Reach {
  const wanted = targets && new Set(targets)
  const agents: KnownAgent[] = []
  const missing: MissingAgent[] = []
  let known = 0
  for (const agent of all) {
    const isThere = agent.state !== 'gone'
    if (isThere) known += 1
    const { agentId, hostname, lastHeardAt } = agent
    if (wanted !== undefined && !wanted.delete(agentId)) continue
    if (!matchesFilter(filter.parsed, agent.facts)) continue
    if (isThere) agents.push(agent)
    else missing.push({ agentId, hostname, lastHeardAt })
  }
  for (const agentId of wanted ?? []) missing.push({ agentId, hostname: undefined, lastHeardAt: undefined })
  return { agents, missing, known, look }
}
