import { type Opened, openBody } from './body.ts'
import { type Action, type Message, readAction } from './messages.ts'
import type { Received } from './sqs.ts'
import { isInSet } from './targets.ts'

export interface Command {
  readonly runId: string
  readonly environment: string
  readonly issuedAt: number
  readonly ttlMs: number
  readonly replyTo: string
  readonly filter: string
  readonly targets?: readonly string[]
  readonly targetSet?: string
  readonly action: unknown
  readonly timeoutMs: number
  readonly outputLimitBytes?: number
}

/** What the rules depend on. Times are SQS's, milliseconds. */
export interface Situation {
  readonly agentId: string
  readonly environment: string
  readonly replyQueue: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly now: number
  readonly startedAt: number
  readonly remembersSince: number
  readonly knows: (runId: string) => boolean
  readonly resent: (orderId: string) => boolean
  /** Why the policy does not allow it. */
  readonly objection: (opened: Opened) => { readonly code: string; readonly reason: string } | undefined
}

export type Decision =
  | { readonly kind: 'silent'; readonly why: string }
  | {
      readonly kind: 'refuse'
      readonly command: Command
      readonly code: string
      readonly reason: string
      readonly to: string
    }
  | { readonly kind: 'repeat' | 'do'; readonly command: Command; readonly action: Action }

const clockErrorMs = 2_000

/** The table of “What an agent does with a command”, row by row. */
export function decide({ body, sentAt }: Received, situation: Situation): Decision {
  const { agentId, environment, replyQueue, facts, now, startedAt, remembersSince } = situation
  const silent = (why: string): Decision => ({ kind: 'silent', why })
  let opened: Opened
  try {
    opened = openBody(body, 'command')
  } catch (error) {
    return silent((error as Error).message)
  }
  const command = opened.message as Message & Command
  const { runId, targets, targetSet, ttlMs, issuedAt, replyTo } = command
  const namesSome = targets !== undefined || targetSet !== undefined
  if (targets?.includes(agentId) === false) return silent('not named')
  if (targetSet !== undefined && !isInSet(targetSet, runId, agentId)) return silent('not in the set')
  const match = matches(command.filter, facts)
  if (!namesSome && match === false) return silent('the filter does not match')
  const read = readAction(command.action)
  const kind = 'action' in read ? read.action.kind : undefined
  const isExecuted = kind === 'shell' || kind === 'script'
  if (kind === 'resend' && (situation.resent(runId) || issuedAt < startedAt - clockErrorMs))
    return silent('replayed')
  const mayReply = mayReplyTo(environment, replyQueue, replyTo)
  const refuse = (code: string, reason: string): Decision => {
    return { kind: 'refuse', command, code, reason, to: mayReply ? replyTo : replyQueue }
  }
  if (command.environment !== environment) return refuse('environment', `${agentId} is in ${environment}.`)
  if (isExecuted && situation.knows(runId))
    return mayReply && 'action' in read ? { kind: 'repeat', command, action: read.action } : silent('known')
  const wasAway = sentAt < startedAt - clockErrorMs
  if (now - sentAt > ttlMs || Math.abs(sentAt - issuedAt) > ttlMs + 300_000)
    return wasAway ? silent('too late') : refuse('expired', 'The command has expired.')
  if (isExecuted && Math.min(sentAt, issuedAt) < remembersSince - clockErrorMs)
    return wasAway ? silent('from before my memory') : refuse('expired', 'It may have been executed already.')
  if (!mayReply) return refuse('reply-queue', `Replies to ${replyTo} are not allowed.`)
  if (match === 'unknown') return refuse('filter', 'This agent knows only * and a=b joined by and.')
  if (!match) return refuse('filter', 'The filter no longer matches.')
  if ('unsupported' in read) return refuse('unsupported', `The action is not supported: ${read.unsupported}.`)
  const objection = situation.objection(opened)
  if (objection !== undefined) return refuse(objection.code, objection.reason)
  return { kind: 'do', command, action: read.action }
}

export function mayReplyTo(environment: string, configured: string, queue: string): boolean {
  if (queue === configured) return true
  if (!queue.startsWith(`${environment}_`)) return false
  return /^[A-Za-z0-9]{1,16}-[0-9]{1,3}_agent$/.test(queue.slice(environment.length + 1))
}

/** The part of the language that is `*`, and `a=b` joined by `and`, over facts without lists. */
export function matches(filter: string, facts: Facts): boolean | 'unknown' {
  if (filter.trim() === '*') return true
  const terms = filter.trim().split(/\s+and\s+/)
  const answers = terms.map((term) => {
    const [, path = '', wanted = ''] = /^((?!(?:and|or|not|in)\b)[a-z][\w.]*)=([\w.-]+)$/i.exec(term) ?? []
    const value = path === '' ? [] : factAt(facts, path)
    if (Array.isArray(value)) return 'unknown'
    if (typeof value === 'number' && String(value) !== wanted && /^[\d.+-]/.test(wanted)) return 'unknown'
    return value !== undefined && value !== null && typeof value !== 'object' && String(value) === wanted
  })
  return answers.includes('unknown') ? 'unknown' : !answers.includes(false)
}

type Facts = Readonly<Record<string, unknown>>

function factAt(facts: Facts, path: string): unknown {
  let value: unknown = facts
  for (const key of path.split('.')) {
    if (Array.isArray(value)) return value
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Facts)[key]
        : undefined
  }
  return value ?? facts[path]
}
