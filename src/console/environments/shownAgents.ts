import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'

/** The silence of an agent is told this exactly, milliseconds. */
const silenceStepMs = 10_000

/**
 * Changes when something changes that the tree shows of these agents, and only then. Whatever is refreshed loses, for a
 * moment, the row whose menu is open: VS Code then passes nothing to the command.
 * @param openAgents ids of agents whose facts are on the screen
 */
export function fingerprint(
  agents: readonly KnownAgent[],
  now: number,
  openAgents: ReadonlySet<string>,
  groupOf: (agent: KnownAgent) => unknown,
): string {
  return agents
    .map((agent) => {
      const { agentId, hostname, version, state, clockSkewMs, running, problems, facts, lastHeardAt } = agent
      const silence = state === 'live' ? 0 : Math.floor((now - lastHeardAt) / silenceStepMs)
      const skew = Math.round(clockSkewMs / silenceStepMs)
      const open = openAgents.has(agentId) ? JSON.stringify(facts) : ''
      const parts = [agentId, hostname, version, state, silence, skew, running.length > 0, ...problems, open]
      return `${parts.join('\t')}\t${JSON.stringify(groupOf(agent) ?? null)}`
    })
    .join('\n')
}
