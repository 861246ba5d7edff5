import { byNature } from '../../hosts/naturalOrder.ts'
import type { Facts } from '../../protocol/facts.ts'
import type { FactsMessage } from '../../protocol/messages.ts'
import type { KnownAgent } from './fleetSnapshot.ts'

/** Facts that are late by so much are still in time: the way through SQS, and a busy server. */
const toleranceMs = 15_000

/** Silent for longer than this, an agent is gone: it is shown for a while, and no longer expected to answer. */
export const goneAfterMs = 10 * 60_000

/** Gone for longer than this, it is forgotten. */
export const forgottenAfterMs = 24 * 3600_000

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

/** What is known of one agent. */
export interface Sighting {
  message: FactsMessage
  sentAt: number
  lastHeardAt: number
  senderId: string | undefined
  /** When facts came that SQS said the instance itself had sent. */
  provenAt: number | undefined
  /** Of its host name. */
  readonly orderKey: string
  /** What snapshots show of it, until it changes. */
  shown: KnownAgent | undefined
}

/** By host name, in natural order. */
export function inOrder(a: Sighting, b: Sighting): number {
  if (a.orderKey !== b.orderKey) return a.orderKey < b.orderKey ? -1 : 1
  return byNature(a.message.hostname, b.message.hostname) || byNature(a.message.agentId, b.message.agentId)
}

export function knownAgent(
  { message, sentAt, lastHeardAt, senderId }: Sighting,
  state: KnownAgent['state'],
): KnownAgent {
  const { agentId, hostname, version, startedAt, running, problems = [] } = message
  const facts = message.facts as Facts
  const clockSkewMs = message.sentAt - sentAt
  // One literal: ten thousand of these are made at a time.
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

export function stateAt(now: number, { lastHeardAt, message }: Sighting): KnownAgent['state'] {
  const silentMs = now - lastHeardAt
  if (silentMs > goneAfterMs) return 'gone'
  return silentMs <= message.intervalMs + toleranceMs ? 'live' : 'stale'
}

/** Until when an agent stands like this if nothing more is heard of it. SQS's clock. */
export function endOf(state: KnownAgent['state'], { lastHeardAt, message }: Sighting): number {
  if (state === 'gone') return lastHeardAt + forgottenAfterMs
  const gone = lastHeardAt + goneAfterMs
  return state === 'stale' ? gone : Math.min(gone, lastHeardAt + message.intervalMs + toleranceMs)
}
