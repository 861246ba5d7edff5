import type { KnownAgent } from '../../src/master/fleet/fleetSnapshot.ts'

/** An agent of the inventory that is well, except for what `changes` says. */
export function knownAgent(hostname: string, changes: Partial<KnownAgent> = {}): KnownAgent {
  return {
    agentId: `i-${hostname}`,
    hostname,
    version: '0.1.0',
    facts: {},
    lastSeenAt: 1_000_000,
    factsAt: 1_000_000,
    startedAt: 0,
    clockSkewMs: 0,
    state: 'live',
    running: [],
    problems: [],
    senderId: undefined,
    identity: 'unproven',
    nameProblem: undefined,
    ...changes,
  }
}
