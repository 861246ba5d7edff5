import { createHash } from 'node:crypto'
import type { Action } from '../../../src/protocol/action.ts'
import type { Signature } from '../../../src/protocol/envelope.ts'
import type { TextPattern } from './commandPattern.ts'
import { whyGuarded } from './guardedVariables.ts'
import type { PolicyKey, Rule } from './policy.ts'
import type { PolicyInForce } from './policyInForce.ts'

/** What a policy decides about. */
export interface Request {
  readonly senderId: string | undefined
  readonly signature: Signature | undefined
  readonly action: Action
  /** Whether the command names the agents that it is for, rather than being for every agent that its filter matches. */
  readonly namesTargets: boolean
  /** The user that the agent runs as, and that executes commands that name no user. */
  readonly ownUser: string
  /** SQS's clock, milliseconds. */
  readonly now: number
  /** Whether the answer would tell of a run that somebody else had executed. */
  readonly readsForeignRun?: boolean
}

export type PolicyDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly code: 'policy' | 'signature'; readonly reason: string }

/** Whether what is in force on this server allows the request. */
export function evaluatePolicy(inForce: PolicyInForce, request: Request): PolicyDecision {
  return explainPolicy(inForce, request).decision
}

/** A decision, with what each rule that was asked had to say. */
export interface PolicyExplanation {
  readonly decision: PolicyDecision
  /** In the order of the policy, up to the one that allows. `objection` is undefined for that one. */
  readonly rules: readonly { readonly name: string; readonly objection: string | undefined }[]
}

/** Which rule decides about a request, and why the others before it do not allow it. */
export function explainPolicy(inForce: PolicyInForce, request: Request): PolicyExplanation {
  if (inForce.kind === 'open')
    return { decision: request.readsForeignRun ? refuse(foreignRun) : { allowed: true }, rules: [] }
  if (inForce.kind === 'closed') return { decision: refuse(inForce.reason), rules: [] }
  const { policy } = inForce
  const text = textOf(request.action)
  const denied = text === undefined ? undefined : policy.deny.find((pattern) => pattern.matches(text))
  if (denied !== undefined)
    return { decision: refuse(`The policy denies commands that match ${denied.text}.`), rules: [] }
  if (policy.requireTargets && !request.namesTargets && isExecutable(request.action))
    return { decision: refuse(namesNobody), rules: [] }
  // The rule that came closest to allowing the request gives the most useful reason.
  let closest: Objection = {
    stage: 0,
    code: 'policy',
    reason: 'The policy has no rules, so it allows nothing.',
  }
  const rules: { name: string; objection: string | undefined }[] = []
  for (const rule of policy.rules) {
    const objection = objectionOf(rule, request, text)
    rules.push({ name: rule.name, objection: objection?.reason })
    if (objection === undefined) return { decision: { allowed: true }, rules }
    if (objection.stage > closest.stage) closest = objection
  }
  return { decision: { allowed: false, code: closest.code, reason: closest.reason }, rules }
}

const namesNobody =
  'The policy requires that commands name their agents; this one is for every agent that its filter matches. Send it without including agents that are not known, and by a current master.'

interface Objection {
  /** How many conditions of the rule were met before. */
  readonly stage: number
  readonly code: 'policy' | 'signature'
  readonly reason: string
}

function objectionOf(rule: Rule, request: Request, text: string | undefined): Objection | undefined {
  const demands = [
    bySender,
    byAction,
    bySignature,
    byCommand,
    byScript,
    byUser,
    byEnvironment,
    byDirectory,
    byRun,
  ]
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

const bySignature: Demand = ({ keys, name }, { signature, now }) => {
  if (keys === undefined) return undefined
  const wanted = `${name} requires the signature of ${[...keys.keys()].join(' or ')}`
  if (signature === undefined) return `${wanted}; this command is not signed.`
  const key = keys.get(signature.key)
  if (key === undefined) return `${wanted}; this command is signed by ${signature.key}.`
  if (isExpired(key, now)) return `The key ${signature.key} has expired.`
  if (!signature.verifies(key.publicKey))
    return `The signature of ${signature.key} is not valid for this command.`
  return undefined
}

export function isExpired({ expiresAt }: PolicyKey, now: number): boolean {
  return expiresAt !== undefined && now >= expiresAt
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

/** If only certain commands are allowed, variables could turn them into others; guarded ones could anywhere. */
const byEnvironment: Demand = ({ environment, allow, scripts, name }, { action }) => {
  if (!isExecutable(action)) return undefined
  const isBound = allow !== undefined || scripts !== undefined
  for (const [variable, value] of Object.entries(action.environment ?? {})) {
    const isNamed = environment?.some(({ text }) => text === variable) === true
    const passes = environment === undefined ? !isBound : matchesAny(environment, variable)
    const guarded = whyGuarded(variable, value)
    if (isNamed || (passes && guarded === undefined)) continue
    const because = guarded === undefined ? '' : `, which ${guarded}`
    const named = JSON.stringify(variable)
    const others = isBound ? '' : '"*", '
    const remedy =
      environment === undefined ? `environment: [${others}${named}]` : `${named} under environment`
    return `${name} does not allow the environment variable ${variable}${because}. To allow it, write ${remedy} in the rule.`
  }
  return undefined
}

const byDirectory: Demand = ({ directories, name }, { action }) => {
  if (directories === undefined || !isExecutable(action) || action.directory === undefined) return undefined
  const plain = !action.directory.split('/').includes('..')
  return plain && matchesAny(directories, action.directory)
    ? undefined
    : `${name} does not allow the directory ${action.directory}.`
}

const foreignRun = 'This run was started by another sender; its output is not for this one.'

const byRun: Demand = ({ runs }, { readsForeignRun }) =>
  runs === 'any' || readsForeignRun !== true ? undefined : foreignRun

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
