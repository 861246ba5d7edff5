import type { UnsupportedAction } from '../../../src/protocol/action.ts'
import type { Facts } from '../../../src/protocol/facts.ts'
import { matchesFilter } from '../../../src/protocol/filter/match.ts'
import { parseFilter } from '../../../src/protocol/filter/parse.ts'
import type { CommandMessage, RefusalMessage } from '../../../src/protocol/messages.ts'
import { mayReplyTo } from '../../../src/protocol/names.ts'
import { isInTargetSet } from '../../../src/protocol/targetSet.ts'

/** Whether a command is let in, policy aside. */
export type Admission =
  | { readonly kind: 'accept' }
  /** No reply: the command is not for this agent. `why` is for the log. */
  | { readonly kind: 'ignore'; readonly why: string }
  /** The command is for this agent, which neither executes it nor replies. `why` is for the log. */
  | { readonly kind: 'withhold'; readonly why: string }
  /** The command came before, in another message: its sender may have missed our reply. */
  | { readonly kind: 'repeat' }
  | {
      readonly kind: 'refuse'
      readonly code: RefusalMessage['code']
      readonly reason: string
      readonly replyTo: string
    }

/** What admission depends on. Times in milliseconds, by SQS's clock. */
export interface AdmissionContext {
  readonly agentId: string
  readonly environment: string
  readonly configuredReplyQueue: string
  readonly facts: Facts
  readonly now: number
  /** When the agent read the command, if it has waited for a restart since; its sender was told that it is queued. */
  readonly arrivedAt?: number
  /** When this agent process started. */
  readonly startedAt: number
  /** What was issued before this may have been executed without this agent remembering it. */
  readonly remembersSince: number
  knows(runId: string): boolean
}

/** SQS's clock is known to about this, milliseconds. */
export const clockErrorMs = 2_000

/** A master may need this long until SQS takes a command, or its clock may be this wrong, milliseconds. */
const sendingSlackMs = 5 * 60_000

/**
 * Whether a readable command is for this agent and may be taken on, policy aside. Agents that are not
 * targets do not reply, so that a refusal always comes from a server that was targeted.
 * @param sentAt SQS's `SentTimestamp`
 */
export function admit(command: CommandMessage, sentAt: number, context: AdmissionContext): Admission {
  const { agentId, environment, configuredReplyQueue } = context
  const selection = select(command, context)
  if (selection.kind === 'no') return { kind: 'ignore', why: selection.why }
  const mayReply = mayReplyTo(environment, configuredReplyQueue, command.replyTo)
  const refuse = (code: RefusalMessage['code'], reason: string): Admission => ({
    kind: 'refuse',
    code,
    reason,
    replyTo: mayReply ? command.replyTo : configuredReplyQueue,
  })
  if (command.environment !== environment) {
    return refuse(
      'environment',
      `This command is for environment ${command.environment}; ${agentId} is in ${environment}.`,
    )
  }
  if (isExecuted(command) && context.knows(command.runId)) {
    return mayReply
      ? { kind: 'repeat' }
      : {
          kind: 'withhold',
          why: `it was received before, and this copy asks for a reply to ${command.replyTo}`,
        }
  }
  // An agent that was not running then does not reply.
  const wasAway = context.arrivedAt === undefined && sentAt < context.startedAt - clockErrorMs
  const late = lateness(command, sentAt, context.arrivedAt ?? context.now)
  if (late !== undefined) {
    return wasAway ? { kind: 'ignore', why: late } : refuse('expired', late)
  }
  if (isExecuted(command) && !remembers(context, Math.min(sentAt, command.issuedAt))) {
    const memoryMs = context.now - context.remembersSince
    const why = `it may have been executed already: it was issued ${seconds(context.now - command.issuedAt)} ago, and this agent's records cover ${seconds(memoryMs)}`
    // A new server does not answer commands that were sent before it existed.
    if (wasAway) return { kind: 'withhold', why }
    return refuse('expired', `${agentId} does not execute it: ${why}.`)
  }
  if (!mayReply) {
    return refuse(
      'reply-queue',
      `Replies to ${command.replyTo} are not allowed: only to ${configuredReplyQueue} and to queues named ${environment}_…_agent.`,
    )
  }
  if (selection.kind === 'refuse') return refuse('filter', selection.reason)
  if (command.action.kind === 'unsupported') return refuse('unsupported', missingIn(command.action))
  return { kind: 'accept' }
}

function missingIn({ requested, unknown, invalid }: UnsupportedAction): string {
  if (invalid !== undefined)
    return `The command cannot be executed: its action "${requested}" has a field that is not valid (${invalid}).`
  if (unknown === undefined)
    return `This version of the agent does not support the action "${requested}". Upgrade the agent.`
  return `This version of the agent does not support ${unknown.map((part) => `"${part}"`).join(', ')}, which the command requires. Upgrade the agent.`
}

/** Whether what was issued then would be known, had it been executed. Undefined: nobody says when it was issued. */
export function remembers(
  { remembersSince }: Pick<AdmissionContext, 'remembersSince'>,
  issuedAt: number | undefined,
): boolean {
  return issuedAt !== undefined && issuedAt >= remembersSince - clockErrorMs
}

/** Actions with effects: never twice. */
function isExecuted({ action }: CommandMessage): boolean {
  return action.kind === 'shell' || action.kind === 'script'
}

/**
 * Whether the command names this agent; undefined if it names nobody, and is for every agent that its filter matches. Masters
 * of 5fa5438 send most commands like that; today's only if somebody chose to include agents that are not known yet.
 */
export function names(
  { runId, targets, targetSet }: Pick<CommandMessage, 'runId' | 'targets' | 'targetSet'>,
  agentId: string,
): boolean | undefined {
  if (targets === undefined && targetSet === undefined) return undefined
  if (targets?.includes(agentId) === false) return false
  return targetSet === undefined || isInTargetSet(targetSet, runId, agentId)
}

type Selection =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly why: string }
  | { readonly kind: 'refuse'; readonly reason: string }

function select(command: CommandMessage, { agentId, facts }: AdmissionContext): Selection {
  const { filter } = command
  const isNamed = names(command, agentId)
  if (isNamed === false) return { kind: 'no', why: 'not among its targets' }
  let holds: boolean
  try {
    holds = matchesFilter(parseFilter(filter), facts)
  } catch (error) {
    return { kind: 'refuse', reason: `This agent cannot parse the filter: ${(error as Error).message}` }
  }
  if (holds) return { kind: 'yes' }
  if (isNamed === undefined) return { kind: 'no', why: 'its filter does not match' }
  return { kind: 'refuse', reason: 'The filter no longer matches this server.' }
}

/** Why the command is too late; undefined when it is not. */
function lateness({ ttlMs, issuedAt }: CommandMessage, sentAt: number, now: number): string | undefined {
  const ageMs = now - sentAt
  if (ageMs > ttlMs)
    return `The command has expired: it was sent ${seconds(ageMs)} ago and is valid for ${seconds(ttlMs)}.`
  // An attacker who has seen a command could send it again, with a new sending time.
  const delayMs = sentAt - issuedAt
  if (Math.abs(delayMs) <= ttlMs + sendingSlackMs) return undefined
  return `The command was issued ${seconds(delayMs)} before it was sent: it was replayed, or its master's clock is wrong.`
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
