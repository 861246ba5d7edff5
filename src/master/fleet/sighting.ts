import { byNature } from '../../hosts/naturalOrder.ts'
import { type NameProblem, nameProblems } from '../../hosts/similarNames.ts'
import type { Facts } from '../../protocol/facts.ts'
import type { FactsMessage } from '../../protocol/messages.ts'
import type { KnownAgent } from './fleetSnapshot.ts'
import type { Load } from './inventoryLoad.ts'

/** Facts that are late by less than this are still in time (delivery, busy server), milliseconds. */
const toleranceMs = 15_000

/** An agent not seen for longer than this is gone: it is shown for a while, and not expected to reply. Milliseconds. */
export const goneAfterMs = 10 * 60_000

/** An agent not seen for longer than this is removed, milliseconds. */
export const forgottenAfterMs = 24 * 3600_000

/** A facts message, and SQS's `SentTimestamp` of it. */
export interface SaidFacts {
  readonly message: Pick<FactsMessage, 'sentAt'>
  readonly sentAt: number
}

/** Whether `one` is newer than `other`: by SQS's clock, and by the agent's own within the same millisecond. */
export function isSaidAfter(one: SaidFacts, other: SaidFacts): boolean {
  if (one.sentAt !== other.sentAt) return one.sentAt > other.sentAt
  return one.message.sentAt > other.message.sentAt
}

/** What is known of one agent. */
export interface Sighting {
  message: FactsMessage
  sentAt: number
  lastSeenAt: number
  senderId: string | undefined
  /** The last sender of a message in its name that was rejected, and when. */
  contested: { readonly senderId: string | undefined; readonly at: number } | undefined
  /** Of its host name. */
  readonly orderKey: string
  /** What `message` counts for. */
  load: Load
  /** In the last snapshot. */
  state: KnownAgent['state']
  /** What keeps people from telling its host name from another's. */
  nameProblem: NameProblem | undefined
  /** The agent in snapshots; undefined after a change. */
  shown: KnownAgent | undefined
}

/** By host name, in natural order. */
export function inOrder(a: Sighting, b: Sighting): number {
  if (a.orderKey !== b.orderKey) return a.orderKey < b.orderKey ? -1 : 1
  return byNature(a.message.hostname, b.message.hostname) || byNature(a.message.agentId, b.message.agentId)
}

export function knownAgent(
  { message, sentAt, lastSeenAt, senderId, contested, nameProblem, state }: Sighting,
  identity: KnownAgent['identity'],
): KnownAgent {
  const { agentId, hostname, version, startedAt, leaving, running, problems = [] } = message
  const facts = message.facts as Facts
  const clockSkewMs = message.sentAt - sentAt
  // One literal, because ten thousand of these are created at a time.
  return {
    agentId,
    hostname,
    version,
    facts,
    lastSeenAt,
    factsAt: sentAt,
    startedAt,
    clockSkewMs,
    state,
    ...(leaving === true ? { hasLeft: true as const } : {}),
    running,
    problems,
    senderId,
    identity,
    ...(contested === undefined ? {} : { contestedBy: contested.senderId ?? '' }),
    nameProblem,
  }
}

/** Says of all agents whether their host names can be told apart. Those that are gone may have been replaced under theirs. */
export function compareNames(all: readonly Sighting[]): void {
  const agents = all.filter(({ state }) => state !== 'gone')
  const problems = nameProblems(agents.map(({ message }) => message.hostname))
  const problemOf = new Map(agents.map((seen, index) => [seen, problems[index]]))
  for (const seen of all) {
    const problem = problemOf.get(seen)
    if (problem !== seen.nameProblem) seen.shown = undefined
    seen.nameProblem = problem
  }
}

export function stateAt(now: number, { lastSeenAt, message }: Sighting): KnownAgent['state'] {
  const silentMs = now - lastSeenAt
  if (silentMs > goneAfterMs || message.leaving === true) return 'gone'
  return silentMs <= message.intervalMs + toleranceMs ? 'live' : 'stale'
}

/** When this state of an agent ends if it is not seen again. SQS's clock. */
export function endOf(state: KnownAgent['state'], { lastSeenAt, message }: Sighting): number {
  if (state === 'gone') return lastSeenAt + forgottenAfterMs
  const gone = lastSeenAt + goneAfterMs
  return state === 'stale' ? gone : Math.min(gone, lastSeenAt + message.intervalMs + toleranceMs)
}
