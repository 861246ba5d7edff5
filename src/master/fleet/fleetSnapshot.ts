import type { Facts } from '../../protocol/facts.ts'

/** An agent that the master has lately heard of. */
export interface KnownAgent {
  readonly agentId: string
  readonly hostname: string
  readonly version: string
  readonly facts: Facts
  /** SQS's clock, milliseconds since the epoch. */
  readonly lastHeardAt: number
  /** The agent's clock. */
  readonly startedAt: number
  /** The agent's clock minus SQS's, milliseconds; includes the way to SQS. */
  readonly clockSkewMs: number
  /** `live`: says its facts in time. `stale`: has missed some. `gone`: silent for so long that nobody waits for it. */
  readonly state: 'live' | 'stale' | 'gone'
  readonly running: readonly string[]
  /** Sentences of the agent about its fact sources. */
  readonly problems: readonly string[]
  /** Who sent the facts, by SQS's word. */
  readonly senderId: string | undefined
}

/** How far a look at the fleet went. Times are SQS's clock, milliseconds since the epoch, when the look ended. */
export type FleetLook =
  /** Nobody has looked yet. */
  | { readonly kind: 'none' }
  /** As far as SQS tells, every message of the facts queue was read. */
  | { readonly kind: 'complete'; readonly at: number }
  /** Messages may be unread, so that agents may be there that nobody has seen. */
  | { readonly kind: 'unsure'; readonly at: number }

/** Who is there at one moment. It does not change, and neither does an agent in it. */
export interface FleetSnapshot {
  /** Larger than that of the snapshots before. The same number is the same snapshot. */
  readonly version: number
  /** All agents by host name, in natural order; also those that are gone. */
  readonly agents: readonly KnownAgent[]
  readonly look: FleetLook
}

/** What is known before anybody has looked. */
export const unknownFleet: FleetSnapshot = { version: 0, agents: [], look: { kind: 'none' } }
