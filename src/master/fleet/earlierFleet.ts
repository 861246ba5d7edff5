import type { WrittenFilter } from '../../protocol/filter/writtenFilter.ts'

/**
 * What is known of a fleet from before its master was opened. Now from the runs of the history; an inventory on disk would tell
 * the same, with facts and farewells.
 */
export interface EarlierFleet {
  /** Agents that reported at some time in the last 24 hours and matched this filter then, each once. */
  matching(filter: WrittenFilter): readonly EarlierAgent[]
}

/** An agent that a master has seen that is closed by now. */
export interface EarlierAgent {
  readonly agentId: string
  readonly hostname: string
  /** Milliseconds since the epoch. It was seen then, or up to 10 minutes earlier. */
  readonly lastSeenAt: number
}

export const noEarlierFleet: EarlierFleet = { matching: () => [] }
