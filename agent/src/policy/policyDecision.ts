import { createHash } from 'node:crypto'
import type { Action } from '../../../src/protocol/action.ts'
import type { Signature } from '../../../src/protocol/envelope.ts'
import type { TextPattern } from './commandPattern.ts'
import type { Policy, Rule } from './policy.ts'

/** What a policy decides about. */
export interface Request {
  readonly senderId: string | undefined
  readonly signature: Signature | undefined
  readonly action: Action
  /** The user that the agent runs as, and that executes commands that name no user. */
  readonly ownUser: string
}

export type PolicyDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly code: 'policy' | 'signature'; readonly reason: string }

/** Whether `policy` allows the request. Without a policy, everyone who may send to the queue may execute anything. */
export function evaluatePolicy(policy: Policy | undefined, request: Request): PolicyDecision {
  if (policy === undefined) return { allowed: true }
  const text = textOf(request.action)
  const denied = text === undefined ? undefined : policy.deny.find((pattern) => pattern.matches(text))
  if (denied !== undefined) return refuse(`The policy denies commands that match ${denied.text}.`)
  // The rule that came closest to allowing the request gives the most useful reason.
  let closest: Objection = {
    stage: 0,
    code: 'policy',
    reason: 'The policy has no rules, so it allows nothing.',
  }
  for (const rule of policy.rules) {
    const objection = objectionOf(rule, request, text)
    if (objection === undefined) return { allowed: true }
    if (objection.stage > closest.stage) closest = objection
  }
  return { allowed: false, code: closest.code, reason: closest.reason }
}

interface Objection {
  /** How many conditions of the rule were met before. */
  readonly stage: number
  readonly code: 'policy' | 'signature'
  readonly reason: string
}

function objectionOf(rule: Rule, request: Request, text: string | undefined): Objection | undefined {
  const demands = [bySender, byAction, bySignature, byCommand, byScript, byUser, byEnvironment, byDirectory]
  for (const [index, demand] of demands.entries()) {
    const reason = demand(rule, request, text)
    if (reason !== undefined) {
      return { stage: index + 1, code: demand === bySignature ? 'signature' : 'policy', reason }
    }
  }
  return undefined
}

type Demand = (rule: Rule, request: Request, text: string | undefined) => string | undefined

const bySender: Demand = ({ senders }, { senderId }) => {
  if (senders === undefined || (senderId !== undefined && matchesAny(senders, senderId))) return undefined
  return `No rule of the policy applies to the sender ${senderId ?? '(unknown)'}.`
}

const bySignature: Demand = ({ keys, name }, { signature }) => {
  if (keys === undefined) return undefined
  const wanted = `${name} requires the signature of ${[...keys.keys()].join(' or ')}`
  if (signature === undefined) return `${wanted}; this command is not signed.`
  const key = keys.get(signature.key)
  if (key === undefined) return `${wanted}; this command is signed by ${signature.key}.`
  if (!signature.verifies(key)) return `The signature of ${signature.key} is not valid for this command.`
  return undefined
}

const byAction: Demand = ({ actions, name }, { action }) =>
  actions === undefined || actions.has(action.kind)
    ? undefined
    : `${name} does not allow the action ${action.kind}.`

const byCommand: Demand = ({ allow, deny, scripts, name }, { action }, text) => {
  if (text === undefined) return undefined
  const denied = deny.find((pattern) => pattern.matches(text))
  if (denied !== undefined) return `${name} denies commands that match ${denied.text}.`
  if (action.kind !== 'shell') return undefined
  if (allow === undefined) {
    return scripts === undefined ? undefined : `${name} allows only certain scripts, and no commands.`
  }
  return matchesAny(allow, action.command) ? undefined : `${name} does not allow this command.`
}

const byScript: Demand = ({ allow, scripts, name }, { action }) => {
  if (action.kind !== 'script') return undefined
  if (scripts === undefined) {
    return allow === undefined ? undefined : `${name} allows only certain commands, and no scripts.`
  }
  const digest = createHash('sha256').update(Buffer.from(action.content, 'base64')).digest('hex')
  if (!scripts.has(digest)) return `${name} does not allow this script (SHA-256 ${digest}).`
  // With another interpreter the same bytes are another program.
  if (action.interpreter !== undefined)
    return `${name} allows this script only with the interpreter of its #! line.`
  return undefined
}

const byUser: Demand = ({ users, name }, { action, ownUser }) => {
  if (users === undefined || !isExecutable(action)) return undefined
  const user = action.user ?? ownUser
  return users.has(user) ? undefined : `${name} does not allow execution as ${user}.`
}

/** If only certain commands are allowed, variables such as `PATH` could turn them into others. */
const byEnvironment: Demand = ({ environment, allow, scripts, name }, { action }) => {
  if (!isExecutable(action)) return undefined
  const allowed = environment ?? (allow === undefined && scripts === undefined ? undefined : [])
  if (allowed === undefined) return undefined
  const refused = Object.keys(action.environment ?? {}).find((variable) => !matchesAny(allowed, variable))
  return refused === undefined ? undefined : `${name} does not allow the environment variable ${refused}.`
}

const byDirectory: Demand = ({ directories, name }, { action }) => {
  if (directories === undefined || !isExecutable(action) || action.directory === undefined) return undefined
  const plain = !action.directory.split('/').includes('..')
  return plain && matchesAny(directories, action.directory)
    ? undefined
    : `${name} does not allow the directory ${action.directory}.`
}

function isExecutable(action: Action): action is Extract<Action, { kind: 'shell' | 'script' }> {
  return action.kind === 'shell' || action.kind === 'script'
}

/** The text that deny patterns are matched against. */
function textOf(action: Action): string | undefined {
  if (action.kind === 'shell') return action.command
  if (action.kind !== 'script') return undefined
  const { interpreter, content, args } = action
  const script = Buffer.from(content, 'base64').toString('utf8')
  return [...(interpreter === undefined ? [] : [interpreter]), script, ...args].join('\n')
}

function matchesAny(patterns: readonly TextPattern[], text: string): boolean {
  return patterns.some((pattern) => pattern.matches(text))
}

function refuse(reason: string): PolicyDecision {
  return { allowed: false, code: 'policy', reason }
}
