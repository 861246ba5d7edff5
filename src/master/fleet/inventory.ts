import { byNature } from '../../hosts/naturalOrder.ts'
import type { Facts } from '../../protocol/facts.ts'
import { matchesFilter } from '../../protocol/filter/match.ts'
import type { Filter } from '../../protocol/filter/syntax.ts'
import type { FactsMessage } from '../../protocol/messages.ts'
import { checkIdentity } from './identity.ts'

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

/** Facts that are late by so much are still in time: the way through SQS, and a busy server. */
const toleranceMs = 15_000

/** Silent for longer than this, an agent is gone: it is shown for a while, and no longer expected to answer. */
export const goneAfterMs = 10 * 60_000

/** Gone for longer than this, it is forgotten. */
const forgottenAfterMs = 24 * 3600_000

/** Who is there: filled from the facts queue, kept between runs. */
export class Inventory {
  readonly #heard = new Map<string, Sighting>()
  readonly #listeners = new Set<() => void>()
  readonly #now: () => number
  #noticing = false

  /** @param now SQS's clock, milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * Takes a facts message of whoever {@link identify} does not refuse. One that is older than what is known changes nothing:
   * the queue keeps no order. But the first word of an instance itself is worth more than what others said of it before.
   */
  recordFacts(message: FactsMessage, sentAt: number, senderId: string | undefined): void {
    const { agentId } = message
    const known = this.#heard.get(agentId)
    const isProven = checkIdentity(agentId, senderId) === 'proven'
    const isFirstProof = isProven && known?.provenAt === undefined
    const isNews = known === undefined || isSaidAfter({ message, sentAt }, known)
    if (!isNews && !isFirstProof) return
    const lastHeardAt = Math.max(sentAt, known?.lastHeardAt ?? sentAt)
    const provenAt = isProven ? sentAt : known?.provenAt
    this.#heard.set(agentId, { message, sentAt, lastHeardAt, senderId, provenAt })
    this.#notice()
  }

  /**
   * Whether SQS's word on a sender fits the agent that it names. An instance that has lately proven who it is goes on
   * doing so: what comes in its name without proof is somebody else's.
   */
  identify(agentId: string, senderId: string | undefined): ReturnType<typeof checkIdentity> {
    const identity = checkIdentity(agentId, senderId)
    const provenAt = this.#heard.get(agentId)?.provenAt
    if (identity !== 'unproven' || provenAt === undefined) return identity
    return this.#now() - provenAt > goneAfterMs ? 'unproven' : 'mismatch'
  }

  /** Hears of an agent by other means than its facts. */
  answered(agentId: string, sentAt: number): void {
    const known = this.#heard.get(agentId)
    if (known !== undefined && known.lastHeardAt < sentAt) known.lastHeardAt = sentAt
  }

  /** All agents, by host name. */
  agents(): KnownAgent[] {
    const now = this.#now()
    const agents: KnownAgent[] = []
    for (const [agentId, heard] of this.#heard) {
      if (now - heard.lastHeardAt > forgottenAfterMs) this.#heard.delete(agentId)
      else agents.push(known(heard, now))
    }
    return agents.sort((a, b) => byNature(a.hostname, b.hostname) || byNature(a.agentId, b.agentId))
  }

  /** The agents that a command with this filter would be expected to be answered by. */
  matching(filter: Filter): KnownAgent[] {
    return this.agents().filter(({ state, facts }) => state !== 'gone' && matchesFilter(filter, facts))
  }

  /** Calls `listener` after changes, many of them at once. Returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #notice(): void {
    if (this.#noticing) return
    this.#noticing = true
    setImmediate(() => {
      this.#noticing = false
      for (const listener of this.#listeners) listener()
    })
  }
}

/** A facts message, and SQS's `SentTimestamp` of it. */
export interface SaidFacts {
  readonly message: FactsMessage
  readonly sentAt: number
}

/** Which facts of one agent are newer: by SQS's clock, and by the agent's own within one millisecond of that. */
export function isSaidAfter(one: SaidFacts, other: SaidFacts): boolean {
  if (one.sentAt !== other.sentAt) return one.sentAt > other.sentAt
  return one.message.sentAt > other.message.sentAt
}

interface Sighting extends SaidFacts {
  lastHeardAt: number
  readonly senderId: string | undefined
  /** When facts came that SQS said the instance itself had sent. */
  readonly provenAt: number | undefined
}

function known({ message, sentAt, lastHeardAt, senderId }: Sighting, now: number): KnownAgent {
  const { agentId, hostname, version, startedAt, running, problems = [] } = message
  const clockSkewMs = message.sentAt - sentAt
  const state = stateAfter(now - lastHeardAt, message.intervalMs)
  const facts = message.facts as Facts
  return {
    agentId,
    hostname,
    version,
    facts,
    lastHeardAt,
    startedAt,
    clockSkewMs,
    state,
    running,
    problems,
    senderId,
  }
}

function stateAfter(silentMs: number, intervalMs: number): KnownAgent['state'] {
  if (silentMs > goneAfterMs) return 'gone'
  return silentMs <= intervalMs + toleranceMs ? 'live' : 'stale'
}
