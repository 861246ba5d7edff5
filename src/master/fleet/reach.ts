import { matchesFilter } from '../../protocol/filter/match.ts'
import { type Environment, fleetIdOf } from '../../queues/environment.ts'
import type { RunRequest } from '../../run/runRequest.ts'
import type { RecordedReach } from '../../run/runState.ts'
import { type EarlierFleet, noEarlierFleet } from './earlierFleet.ts'
import type { FleetLook, FleetSnapshot, KnownAgent } from './fleetSnapshot.ts'
import type { Signing } from './signatureNeeds.ts'

/** The part of a request that selects agents. */
export type Audience = Pick<RunRequest, 'filter' | 'targets' | 'unseen'>

/** The agents that a request would reach, as known at this moment. */
export interface Reach {
  /** Agents that match and are reporting. By host name, in natural order. */
  readonly agents: readonly KnownAgent[]
  /** Agents that the request targets and that are not reporting: not seen for 10 minutes, or never. */
  readonly missing: readonly MissingAgent[]
  /**
   * Exactly the agents that the command names and that are expected to reply: {@link agents}, and of {@link missing} those
   * that the request names in its `targets`. With `unseen: 'included'` the command names nobody, and these are only those
   * expected to reply.
   */
  readonly named: readonly NamedAgent[]
  /** Number of agents of the environment that are expected to reply to a command with the filter `*`. */
  readonly known: number
  /** How complete the sweep was that this is based on. */
  readonly look: FleetLook
  /** What signs the command; undefined where that is not known. */
  readonly signing?: Signing
}

/** Whether a command for this would reach no agent: none is named, and those that are not known yet are left out. */
export function reachesNobody({ named }: Pick<Reach, 'named'>, { unseen }: Audience): boolean {
  return named.length === 0 && unseen !== 'included'
}

/** An agent to expect. */
export interface NamedAgent {
  readonly agentId: string
  /** The agent id where the host name is unknown. */
  readonly hostname: string
}

/** An agent that was seen earlier, or is named in a request, and is not reporting. */
export interface MissingAgent {
  readonly agentId: string
  /** Undefined for an agent that this master has never seen. */
  readonly hostname: string | undefined
  /** SQS's clock, milliseconds since the epoch; undefined for an agent that this master has never seen. */
  readonly lastSeenAt: number | undefined
}

/**
 * The single answer to "which agents would this reach?". Confirmation and sending must both use it, so that what a person
 * confirms is what happens.
 * @param earlier agents of which the snapshot knows nothing, and that are missing then
 */
export function reachOf(
  { agents: all, look }: FleetSnapshot,
  { filter, targets }: Audience,
  earlier: EarlierFleet = noEarlierFleet,
): Reach {
  const wanted = targets && new Set(targets)
  const agents: KnownAgent[] = []
  const missing: MissingAgent[] = []
  let known = 0
  for (const agent of all) {
    const isThere = agent.state !== 'gone'
    if (isThere) known += 1
    const { agentId, hostname, lastSeenAt, hasLeft } = agent
    if (wanted !== undefined && !wanted.delete(agentId)) continue
    if (!matchesFilter(filter.parsed, agent.facts)) continue
    if (isThere) agents.push(agent)
    else if (hasLeft !== true || targets !== undefined) missing.push({ agentId, hostname, lastSeenAt })
  }
  for (const agentId of wanted ?? []) missing.push({ agentId, hostname: undefined, lastSeenAt: undefined })
  const unseen = targets === undefined ? earlier.matching(filter) : []
  if (unseen.length > 0) {
    const ids = new Set(all.map(({ agentId }) => agentId))
    missing.push(...unseen.filter(({ agentId }) => !ids.has(agentId)))
  }
  const byHand: NamedAgent[] =
    targets === undefined ? [] : missing.map(({ agentId, hostname = agentId }) => ({ agentId, hostname }))
  const named = [...agents.map(({ agentId, hostname }) => ({ agentId, hostname })), ...byHand]
  return { agents, missing, named, known, look }
}

/** What the record of the run keeps: the agents that its command does not name, how sure that is, and of which fleet. */
export function recordOfReach({ missing, named, look }: Reach, environment: Environment): RecordedReach {
  const names = new Set(named.map(({ agentId }) => agentId))
  return {
    missing: missing
      .filter(({ agentId }) => !names.has(agentId))
      .map(({ agentId, hostname = agentId }) => ({ agentId, hostname })),
    sweep: look.kind,
    fleet: fleetIdOf(environment),
  }
}
