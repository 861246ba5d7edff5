import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'

/** What the facts of an agent say about its silence in a run. */
export interface AgentSighting {
  /** SQS's clock, milliseconds since the epoch. Absent when it was not seen. */
  readonly seenAt?: number
  /** `late`: it has missed to publish its facts. `left`: it said that it stops. */
  readonly state: 'live' | 'late' | 'left' | 'unknown'
  /** Runs that it executes, other than this one. */
  readonly otherRuns: number
}

/** @param agent undefined when it has not been seen */
export function sightingOf(agent: KnownAgent | undefined, runId: string): AgentSighting {
  if (agent === undefined) return { state: 'unknown', otherRuns: 0 }
  const { lastSeenAt, state, hasLeft, running } = agent
  return {
    seenAt: lastSeenAt,
    state: hasLeft ? 'left' : state === 'live' ? 'live' : 'late',
    otherRuns: running.filter((other) => other !== runId).length,
  }
}
