import type { Inventory, KnownAgent } from '../../master/fleet/inventory.ts'
import { parseFilter } from '../../protocol/filter/parse.ts'
import type { RunRequest } from '../../run/runRequest.ts'
import type { Reach } from './runPlan.ts'

/** Whom a request would hit, and of how many. */
export interface ReachedAgents extends Reach {
  readonly agents: readonly KnownAgent[]
}

/**
 * The same question that the master answers when it sends, asked before.
 * @throws FilterSyntaxError
 */
export function reachOf(
  inventory: Inventory,
  request: Pick<RunRequest, 'filter' | 'targets'>,
): ReachedAgents {
  const targets = request.targets && new Set(request.targets)
  const agents = inventory
    .matching(parseFilter(request.filter))
    .filter(({ agentId }) => targets === undefined || targets.has(agentId))
  const known = inventory.agents().filter(({ state }) => state !== 'gone').length
  return { agents, matching: agents.length, known, hostnames: agents.map(({ hostname }) => hostname) }
}
