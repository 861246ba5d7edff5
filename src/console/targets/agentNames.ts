import type { FleetSnapshot, KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { type Facts, factAt } from '../../protocol/facts.ts'
import { globMatches } from '../../protocol/filter/glob.ts'

/** The agents of a fleet by the names that people use for them. */
export interface AgentNames {
  /**
   * The agents that this name stands for: none, the one, or several that cannot be told apart by it. The agent id counts first,
   * then the host name, then the full name and the instance id that its facts have, then the host name without its domain.
   * Capital letters do not count. An agent that is not reporting is found if no other has the name.
   */
  readonly named: (name: string) => readonly KnownAgent[]
  /** The reporting agents whose host name a pattern with `*` and `?` matches. Capital letters do not count. */
  readonly matching: (pattern: string) => readonly KnownAgent[]
}

const known = new WeakMap<FleetSnapshot, AgentNames>()

/** Made once for each snapshot: some 10 ms with 10,000 agents. */
export function agentNames(fleet: FleetSnapshot): AgentNames {
  const names = known.get(fleet) ?? readNames(fleet)
  known.set(fleet, names)
  return names
}

function readNames({ agents }: FleetSnapshot): AgentNames {
  const tiers = Array.from({ length: 4 }, () => new Map<string, KnownAgent[]>())
  const enter = (tier: number, name: unknown, agent: KnownAgent) => {
    if (typeof name !== 'string' || name === '') return
    const key = name.toLowerCase()
    const found = tiers[tier]?.get(key)
    if (found === undefined) tiers[tier]?.set(key, [agent])
    else if (!found.includes(agent) && found.length < mostTwins) found.push(agent)
  }
  for (const agent of agents) {
    const { agentId, hostname, facts } = agent
    enter(0, agentId, agent)
    enter(1, hostname, agent)
    for (const path of factNames) enter(2, textAt(facts, path), agent)
    if (hostname.includes('.')) enter(3, hostname.slice(0, hostname.indexOf('.')), agent)
  }
  const hosts = agents.flatMap((agent) =>
    agent.state === 'gone' ? [] : [{ agent, name: agent.hostname.toLowerCase() }],
  )
  return {
    named: (name) => {
      const key = name.toLowerCase()
      for (const tier of tiers) {
        const all = tier.get(key)
        if (all === undefined) continue
        const there = all.filter(({ state }) => state !== 'gone')
        return there.length > 0 ? there : all
      }
      return []
    },
    matching: (pattern) => {
      const wanted = pattern.toLowerCase()
      return hosts.filter(({ name }) => globMatches(wanted, name)).map(({ agent }) => agent)
    },
  }
}

/** Agents of one name that are kept: two are as ambiguous as a thousand. */
const mostTwins = 10

/** Facts that name a server, as facter and the agent write them. */
const factNames = [['networking', 'fqdn'], ['fqdn'], ['ec2', 'instance_id']]

function textAt(facts: Facts, path: readonly string[]): string | undefined {
  const value = factAt(facts, path)
  return typeof value === 'string' ? value : undefined
}
