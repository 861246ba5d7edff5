import type { NameProblem } from '../../hosts/similarNames.ts'
import type { Facts } from '../../protocol/facts.ts'

/** An agent that the master has recently seen. */
export interface KnownAgent {
  readonly agentId: string
  readonly hostname: string
  readonly version: string
  readonly facts: Facts
  /** SQS's clock, milliseconds since the epoch. */
  readonly lastSeenAt: number
  /** When its latest facts were sent: SQS's clock, milliseconds since the epoch. */
  readonly factsAt: number
  /** The agent's clock. */
  readonly startedAt: number
  /** The agent's clock minus SQS's, milliseconds; includes the time that the message took to SQS. */
  readonly clockSkewMs: number
  /** `live`: publishes its facts in time. `stale`: has missed some. `gone`: last seen too long ago to be expected to reply. */
  readonly state: 'live' | 'stale' | 'gone'
  /** It said that it stops: its state is `gone`, and it is not missing. */
  readonly hasLeft?: true
  readonly running: readonly string[]
  /** Sentences of the agent about problems with its fact sources. */
  readonly problems: readonly string[]
  /** Who sent the facts, according to SQS. */
  readonly senderId: string | undefined
  /**
   * `proven`: the instance itself sent the facts. `unproven`: SQS proves a principal, not a server. `conflicting`: within the
   * last 24 hours somebody else spoke in its name and was rejected, or its sender speaks for another agent, too.
   */
  readonly identity: 'proven' | 'unproven' | 'conflicting'
  /** The last sender that was rejected in its name; empty when SQS did not say who it was. */
  readonly contestedBy?: string
  /** Another agent that is not gone has the same host name, or one that looks alike. */
  readonly nameProblem: NameProblem | undefined
}

/** How complete the last sweep was, and when it ended: SQS's clock, milliseconds since the epoch. */
export type FleetLook =
  /** There was no sweep yet. */
  | { readonly kind: 'none' }
  /** Every message of the facts queue was read, as far as SQS tells. */
  | { readonly kind: 'complete'; readonly at: number }
  /** Messages may be unread, so there may be agents that were not seen. */
  | { readonly kind: 'unsure'; readonly at: number }

/** The agents at one moment. Immutable, including the agents in it. */
export interface FleetSnapshot {
  /** Greater than in all earlier snapshots. The same number is the same snapshot. */
  readonly version: number
  /** All agents by host name, in natural order, including those that are gone. */
  readonly agents: readonly KnownAgent[]
  readonly look: FleetLook
}

/** The snapshot before the first sweep. */
export const unknownFleet: FleetSnapshot = { version: 0, agents: [], look: { kind: 'none' } }
