import { inNaturalOrder } from '../../hosts/naturalOrder.ts'
import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { policyStateOf } from '../../master/fleet/posture.ts'
import { type FactValue, factAt } from '../../protocol/facts.ts'
import { printDuration } from '../../text/duration.ts'
import type { Translate } from '../../text/translate.ts'

/** Agents of one environment with the same value of the fact by which the user groups. */
export interface AgentGroup {
  /** The value as text; undefined for agents that do not have the fact. */
  readonly value: string | undefined
  readonly agents: readonly KnownAgent[]
}

/**
 * Groups `agents` by the fact at `path` (dotted, as in filters). Each element of a list makes a group, so an agent may be
 * in several. Groups are in natural order, agents without the fact last; agents keep their order within a group.
 * @returns undefined when no agent has the fact
 */
export function groupAgents(agents: readonly KnownAgent[], path: string): AgentGroup[] | undefined {
  const segments = path.split('.')
  const byValue = new Map<string, KnownAgent[]>()
  const without: KnownAgent[] = []
  for (const agent of agents) {
    const values = groupValues(factAt(agent.facts, segments))
    if (values.length === 0) without.push(agent)
    for (const value of values) {
      const group = byValue.get(value)
      if (group === undefined) byValue.set(value, [agent])
      else group.push(agent)
    }
  }
  if (byValue.size === 0) return undefined
  const groups: AgentGroup[] = inNaturalOrder(byValue, ([value]) => value).map(([value, members]) => ({
    value,
    agents: members,
  }))
  if (without.length > 0) groups.push({ value: undefined, agents: without })
  return groups
}

/** The problems of an agent, in sentences; empty when there is none. */
export function agentTroubles(agent: KnownAgent, now: number, t: Translate): string[] {
  const troubles = [...agent.problems]
  const silence = printDuration(Math.max(0, now - agent.lastSeenAt))
  if (agent.state === 'stale') troubles.unshift(t('Not seen for {0}.', silence))
  if (agent.hasLeft === true) troubles.unshift(t('Stopped {0} ago.', silence))
  else if (agent.state === 'gone') troubles.unshift(t('Gone: not seen for {0}.', silence))
  troubles.unshift(...identityTroubles(agent, t))
  if (hasSkew(agent)) troubles.push(t('Its clock is {0}.', describeSkew(agent.clockSkewMs ?? 0, t)))
  return troubles
}

export function isTroubled(agent: KnownAgent): boolean {
  const { state, problems, identity, nameProblem } = agent
  const isDoubtful = identity === 'conflicting' || nameProblem !== undefined
  return state !== 'live' || problems.length > 0 || isDoubtful || hasSkew(agent)
}

/** What is doubtful about who an agent is. */
function identityTroubles({ identity, contestedBy, nameProblem }: KnownAgent, t: Translate): string[] {
  const troubles: string[] = []
  if (contestedBy !== undefined)
    troubles.push(
      t(
        'Conflicting identity: {0} spoke in its name, and was rejected.',
        contestedBy || t('an unknown sender'),
      ),
    )
  else if (identity === 'conflicting')
    troubles.push(t('Conflicting identity: its sender speaks for another agent, too.'))
  if (nameProblem === 'doubled') troubles.push(t('Another agent has the same host name.'))
  if (nameProblem === 'look-alike')
    troubles.push(t('Another agent has a host name that looks like this one.'))
  return troubles
}

export function describeIdentity(identity: KnownAgent['identity'], t: Translate): string {
  if (identity === 'proven') return t('proven: the instance itself sends the facts')
  if (identity === 'unproven') return t('unproven: AWS tells who may send, not which server it is')
  return t('conflicting')
}

/** How many agents execute anything for anyone who may send to them; undefined when none does. */
export function describeOpen(agents: readonly KnownAgent[], t: Translate): string | undefined {
  const open = agents.filter(({ state, facts }) => state !== 'gone' && policyStateOf(facts) === 'open').length
  return open === 0 ? undefined : t('{0} without policy', open)
}

export function describeSkew(skewMs: number, t: Translate): string {
  const size = printDuration(Math.abs(skewMs))
  return skewMs > 0 ? t('{0} ahead', size) : t('{0} behind', size)
}

export function countFacts(count: number, t: Translate): string {
  return count === 1 ? t('1 fact') : t('{0} facts', count)
}

/** Smaller differences do not matter: the SQS clock is exact to a second, and signatures still work. */
const tolerableSkewMs = 5000

function hasSkew(agent: KnownAgent): boolean {
  return Math.abs(agent.clockSkewMs ?? 0) > tolerableSkewMs
}

function groupValues(value: FactValue | undefined): string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return [...new Set(value.flatMap(groupValues))]
  return typeof value === 'object' ? Object.keys(value) : [String(value)]
}
