import { foldHosts } from '../hosts/hostFolding.ts'
import { inNaturalOrder } from '../hosts/naturalOrder.ts'
import { type AgentState, isFailure, isVerdict, verdicts } from '../protocol/verdict.ts'
import type { ReplyState, RunState } from '../run/runState.ts'
import { endOfUnexpected, shownState } from '../run/unexpected.ts'
import { localize } from '../text/localizable.ts'
import { inEnglish } from '../text/translate.ts'

/** Agents whose replies are identical in verdict, exit code and output. */
export interface Group {
  /** Identifies the group within a run, whichever agents are in it. */
  readonly key: string
  readonly state: AgentState
  /** Details of the verdict as text: exit code, signal, reason. Undefined when there is nothing to add. */
  readonly detail: string | undefined
  /** By host name. */
  readonly agentIds: readonly string[]
  /** Folded host names. */
  readonly hosts: string
  /** The agent whose output represents all. */
  readonly representative: string
  /** More than half of the agents that have finished, still may, or were never started are in it. */
  readonly majority: boolean
  /** Its replies have ended by themselves or by a limit, and were meant to be: one of such groups may be the majority. */
  readonly isOrdinary: boolean
}

/** The groups of a run: trouble first, then by number of agents; a majority without trouble last, and then unfinished agents. */
export function groupReplies(state: RunState): Group[] {
  return inOrderOfImportance(identicalReplies(state))
}

/** The same in no order that means anything: what joins them further orders the result. */
export function identicalReplies(state: RunState): Group[] {
  const members = new Map<string, ReplyState[]>()
  for (const reply of state.replies.values()) {
    const key = groupKey(reply)
    const group = members.get(key)
    if (group === undefined) members.set(key, [reply])
    else group.push(reply)
  }
  const counted = countedAgents(state)
  return [...members].map(([key, replies]) => describe(key, replies, counted))
}

/** Trouble first, then by number of agents; a majority without trouble last, and then unfinished agents. */
export function inOrderOfImportance<Any extends Group>(groups: readonly Any[]): Any[] {
  const byName = inNaturalOrder(groups, ({ hosts }) => hosts)
  return byName.sort((a, b) => rank(a) - rank(b) || a.agentIds.length - b.agentIds.length)
}

/**
 * Agents that have finished, still may, or were never started: a majority is more than half of them, so that the first
 * reply is none, nor the canary of a rollout that was stopped.
 */
export function countedAgents({ replies }: RunState): number {
  return [...replies.values()].filter(
    (reply) => isAnswered(reply) || !isVerdict(reply.state) || reply.state === 'not-started',
  ).length
}

/** How a reply ended beyond its verdict, as text. */
export function describeOutcome(reply: ReplyState): string | undefined {
  const { outcome, refusal, unread, unexpected } = reply
  if (unexpected && outcome?.kind !== 'not-executed') return describeUnexpected(reply)
  if (refusal !== undefined) return refusal.reason
  if (unread === true) return 'replies may be unread'
  switch (outcome?.kind) {
    case 'exited':
      return outcome.code === 0 ? undefined : `exit code ${outcome.code}`
    case 'signalled':
      return `ended by ${outcome.signal}`
    case 'not-executed':
      return outcome.reason
    case 'cancelled':
      return outcome.started ? undefined : 'before it started'
    default:
      return undefined
  }
}

/** The verdict says only that it was unexpected, so this says the rest. */
function describeUnexpected(reply: ReplyState): string {
  const end = endOfUnexpected(reply)
  if (end !== undefined) return localize(end, inEnglish)
  return reply.outcome?.kind === 'exited' ? `exit code ${reply.outcome.code}` : ''
}

function isAnswered({ state, outcome }: ReplyState): boolean {
  return isVerdict(state) && outcome !== undefined
}

/** What was not meant to be executed is never the rule. */
const isOrdinary = (reply: ReplyState) => isAnswered(reply) && !reply.unexpected

function groupKey(reply: ReplyState): string {
  // An incomplete reply equals no other, because what is missing is unknown.
  const whole = reply.output === 'none' || reply.output === 'complete'
  const output =
    isVerdict(reply.state) && reply.outcome !== undefined ? (whole ? reply.digest : reply.agentId) : undefined
  // Bytes dropped by the output limit count too: the digest covers only what was sent.
  return JSON.stringify([
    shownState(reply),
    describeOutcome(reply) ?? null,
    output ?? null,
    reply.droppedBytes,
  ])
}

function describe(key: string, replies: ReplyState[], counted: number): Group {
  const ordinary = replies.every(isOrdinary)
  const sorted = replies.length === 1 ? replies : inNaturalOrder(replies, ({ hostname }) => hostname)
  const first = sorted[0] as ReplyState
  return {
    key,
    state: shownState(first),
    detail: describeOutcome(first),
    agentIds: sorted.map(({ agentId }) => agentId),
    hosts: foldHosts(sorted.map(({ hostname }) => hostname)),
    representative: first.agentId,
    majority: ordinary && replies.length > counted / 2,
    isOrdinary: ordinary,
  }
}

function rank({ state, majority }: Group): number {
  if (!isVerdict(state)) return state === 'running' ? 200 : 201
  if (majority && !isFailure(state)) return 100
  return verdicts.indexOf(state)
}
