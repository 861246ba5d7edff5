import type { Facts } from '../../protocol/facts.ts'
import { factAt } from '../../protocol/facts.ts'

/**
 * What limits commands on a server, as its agent says: a policy is `in-force`; there never was one, so it is `open`; it has
 * `none` on purpose; it is `closed`, because its policy cannot be used. `unknown`: an earlier version of the agent.
 */
export type PolicyState = 'in-force' | 'open' | 'none' | 'closed' | 'unknown'

export function policyStateOf(facts: Facts): PolicyState {
  const state = factAt(facts, ['agent', 'policy', 'state'])
  return state === 'in-force' || state === 'open' || state === 'none' || state === 'closed'
    ? state
    : 'unknown'
}
