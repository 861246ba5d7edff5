import type { Facts } from '../../src/protocol/facts.ts'
import { matchesFilter } from '../../src/protocol/filter/match.ts'
import { parseFilter } from '../../src/protocol/filter/parse.ts'
import type { CommandMessage, RefusalMessage } from '../../src/protocol/messages.ts'
import { mayReplyTo } from '../../src/protocol/names.ts'

/** What to do with a command. */
export type Decision =
  | { readonly kind: 'accept' }
  /** Nothing is said: it is not for this agent. `why` is for the log. */
  | { readonly kind: 'ignore'; readonly why: string }
  /** It came before, by another message: whoever sent it again has not heard of our reply. */
  | { readonly kind: 'repeated' }
  | {
      readonly kind: 'refuse'
      readonly code: RefusalMessage['code']
      readonly reason: string
      readonly replyTo: string
    }

/** What the decision depends on. Times in milliseconds, by SQS's clock. */
export interface Situation {
  readonly agentId: string
  readonly environment: string
  readonly configuredReplyQueue: string
  readonly facts: Facts
  readonly now: number
  /** When this agent process started. */
  readonly startedAt: number
  /** What was sent before this may have been executed without this agent remembering it. */
  readonly remembersSince: number
  knows(runId: string): boolean
}

/** SQS's clock is known to about this, milliseconds. */
const clockErrorMs = 2_000

/**
 * Whether a readable command is for this agent and may be taken on, policy aside. Agents that a command is not
 * for stay silent, so that a refusal always means one server that was meant.
 * @param sentAt SQS's `SentTimestamp`
 */
export function decide(command: CommandMessage, sentAt: number, situation: Situation): Decision {
  const { agentId, environment, configuredReplyQueue } = situation
  const selection = select(command, situation)
  if (selection.kind === 'no') return { kind: 'ignore', why: selection.why }
  const mayReply = mayReplyTo(environment, configuredReplyQueue, command.replyTo)
  const refuse = (code: RefusalMessage['code'], reason: string): Decision => ({
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
  if (isExecuted(command) && situation.knows(command.runId)) {
    return mayReply ? { kind: 'repeated' } : { kind: 'ignore', why: 'known, and repeated for another queue' }
  }
  const age = ageOf(command, sentAt, situation)
  if (age !== undefined)
    return age.silent ? { kind: 'ignore', why: age.reason } : refuse('expired', age.reason)
  if (!mayReply) {
    return refuse(
      'reply-queue',
      `Replies may not go to ${command.replyTo}: only to ${configuredReplyQueue} and to queues named ${environment}_…_agent.`,
    )
  }
  if (selection.kind === 'refuse') return refuse('filter', selection.reason)
  if (command.action.kind === 'unsupported') {
    return refuse(
      'unsupported',
      `This version of the agent does not know the action "${command.action.requested}".`,
    )
  }
  return { kind: 'accept' }
}

/** Actions with effects: never twice. */
function isExecuted({ action }: CommandMessage): boolean {
  return action.kind === 'shell' || action.kind === 'script'
}

type Selection =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly why: string }
  | { readonly kind: 'refuse'; readonly reason: string }

function select({ targets, filter }: CommandMessage, { agentId, facts }: Situation): Selection {
  if (targets !== undefined && !targets.includes(agentId)) return { kind: 'no', why: 'not among its targets' }
  let holds: boolean
  try {
    holds = matchesFilter(parseFilter(filter), facts)
  } catch (error) {
    return { kind: 'refuse', reason: `This agent cannot read the filter: ${(error as Error).message}` }
  }
  if (holds) return { kind: 'yes' }
  if (targets === undefined) return { kind: 'no', why: 'its filter does not hold' }
  return { kind: 'refuse', reason: 'The filter does not hold for this server any more.' }
}

function ageOf(
  { ttlMs, action }: CommandMessage,
  sentAt: number,
  { now, startedAt, remembersSince }: Situation,
): { readonly silent: boolean; readonly reason: string } | undefined {
  const ageMs = now - sentAt
  const silent = sentAt < startedAt - clockErrorMs
  if (ageMs > ttlMs) {
    return { silent, reason: `It was sent ${seconds(ageMs)} ago and is good for ${seconds(ttlMs)} only.` }
  }
  if ((action.kind === 'shell' || action.kind === 'script') && sentAt < remembersSince - clockErrorMs) {
    return {
      silent,
      reason: `It was sent ${seconds(ageMs)} ago, longer than this agent remembers what it executed (${seconds(now - remembersSince)}).`,
    }
  }
  return undefined
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
