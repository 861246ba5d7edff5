import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'

/** Resolution of the time since an agent was last seen, milliseconds. */
const silenceStepMs = 10_000

/**
 * Changes only when something changes that the tree shows of these agents. A refresh briefly drops the row whose menu is
 * open: VS Code then passes nothing to the command.
 * @param openAgents IDs of agents whose facts are visible
 */
export function fingerprint(
  agents: readonly KnownAgent[],
  now: number,
  openAgents: ReadonlySet<string>,
  groupOf: (agent: KnownAgent) => unknown,
): string {
  return agents
    .map((agent) => {
      const { agentId, hostname, version, state, clockSkewMs, running, problems, facts, lastSeenAt } = agent
      const silence = state === 'live' ? 0 : Math.floor((now - lastSeenAt) / silenceStepMs)
      const skew = Math.round(clockSkewMs / silenceStepMs)
      const open = openAgents.has(agentId) ? JSON.stringify(facts) : ''
      const parts = [agentId, hostname, version, state, silence, skew, running.length > 0, ...problems, open]
      const { identity, contestedBy, nameProblem } = agent
      parts.push(identity, contestedBy ?? '', nameProblem ?? '')
      return `${parts.join('\t')}\t${JSON.stringify(groupOf(agent) ?? null)}`
    })
    .join('\n')
}
