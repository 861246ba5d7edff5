import { createHash } from 'node:crypto'
import type { TextPattern } from './commandPattern.ts'
import { whyGuarded } from './guardedVariables.ts'
import type { PolicyKey, Rule } from './policy.ts'
import { isExecutable, plainInterpreter, plainPath, type Request } from './policyRequest.ts'

/** Why a rule does not allow a request. */
export interface Objection {
  /** How many conditions of the rule were met before. */
  readonly stage: number
  readonly code: 'policy' | 'signature'
  readonly reason: string
}

/**
 * What a rule has against a request; undefined: it allows it.
 * @param text what deny patterns are matched against
 */
export function objectionOf(rule: Rule, request: Request, text: string | undefined): Objection | undefined {
  for (const [index, demand] of demands.entries()) {
    const reason = demand(rule, request, text)
    if (reason !== undefined) {
      return { stage: index + 1, code: demand === bySignature ? 'signature' : 'policy', reason }
    }
  }
  return undefined
}

/**
 * Whether a rule allows only certain commands or scripts. With another directory, user, interpreter, argument or variable the
 * same words would do something else, so that such a rule allows only those that it names.
 */
export function isBound({ allow, scripts }: Rule): boolean {
  return allow !== undefined || scripts !== undefined
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
  if (isExpired(key, now)) return expiredReason(signature.key, key)
  if (!signature.verifies(key.publicKey))
    return `The signature of ${signature.key} is not valid for this command.`
  return undefined
}

/** @param now SQS's clock, milliseconds */
function expiredReason(name: string, { expiresAt = 0 }: PolicyKey): string {
  return `The key ${name} expired at ${new Date(expiresAt).toISOString()}. Sign with another key, or renew it in the policy.`
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
  // Scripts use their name as $0, often without quotes: spaces, a leading - or a * would be arguments.
  return /^\w[\w.+@-]*$/.test(action.name)
    ? undefined
    : `${name} allows this script only under a plain name: letters, digits and _ . + @ -. Rename it.`
}

/** With another interpreter the same bytes are another program. */
const byInterpreter: Demand = (rule, { action }) => {
  if (action.kind !== 'script' || action.interpreter === undefined) return undefined
  const { interpreters, name } = rule
  if (interpreters === undefined && !isBound(rule)) return undefined
  const wanted = plainInterpreter(action.interpreter)
  if (interpreters?.has(wanted) === true) return undefined
  return `${name} does not allow the interpreter ${wanted}, only that of the #! line. ${toAllow('interpreters', wanted, interpreters !== undefined)}`
}

/** Their text may be secret, and refusals are logged: they are counted only. */
const byArguments: Demand = (rule, { action }) => {
  if (action.kind !== 'script') return undefined
  const { argumentLists, name } = rule
  if (argumentLists === 'any' || (argumentLists === undefined && !isBound(rule))) return undefined
  const { args } = action
  const lists = argumentLists ?? [[]]
  if (lists.some((list) => matchesEach(list, args))) return undefined
  const count = args.length === 1 ? '1 argument' : `${args.length} arguments`
  const list = `[${args.map((_, index) => `ARGUMENT${index + 1}`).join(', ')}]`
  const remedy = args.length > 5 ? 'a list of them' : list
  return `${name} does not allow this script with ${args.length === 0 ? 'no arguments' : `these ${count}`}. To allow it, write ${argumentLists === undefined ? `arguments: [${remedy}], or arguments: any,` : `${remedy} under arguments`} in the rule.`
}

const byUser: Demand = (rule, { action, ownUser }) => {
  if (!isExecutable(action)) return undefined
  const { users, name } = rule
  const user = action.user ?? ownUser
  if (users === undefined ? !isBound(rule) || user === ownUser : users.has(user)) return undefined
  const remedy =
    users === undefined
      ? `To allow it, write users: ${JSON.stringify([ownUser, user])} in the rule.`
      : toAllow('users', user, true)
  return `${name} does not allow execution as ${user}. ${remedy}`
}

/** If only certain commands are allowed, variables could turn them into others; guarded ones could anywhere. */
const byEnvironment: Demand = (rule, { action }) => {
  if (!isExecutable(action)) return undefined
  const { environment, name } = rule
  for (const [variable, value] of Object.entries(action.environment ?? {})) {
    const isNamed = environment?.some(({ text }) => text === variable) === true
    const passes = environment === undefined ? !isBound(rule) : matchesAny(environment, variable)
    const guarded = whyGuarded(variable, value)
    if (isNamed || (passes && guarded === undefined)) continue
    const because = guarded === undefined ? '' : `, which ${guarded}`
    const remedy =
      environment === undefined && !isBound(rule)
        ? `To allow it, write environment: ["*", ${JSON.stringify(variable)}] in the rule.`
        : toAllow('environment', variable, environment !== undefined)
    return `${name} does not allow the environment variable ${variable}${because}. ${remedy}`
  }
  return undefined
}

const byDirectory: Demand = (rule, { action, ownUser, found }) => {
  if (!isExecutable(action) || action.directory === undefined) return undefined
  const { directories = isBound(rule) ? [] : undefined, name } = rule
  if (directories === undefined) return undefined
  const written = plainPath(action.directory)
  if (written === undefined)
    return `${name} does not allow the directory ${action.directory}. Write it without "..".`
  const path = found?.path ?? written
  const remedy = toAllow('directories', path, rule.directories !== undefined)
  const matching = directories.filter((pattern) => pattern.matches(path))
  if (matching.length === 0) {
    const really = path === written ? '' : `, which really is ${path}`
    return `${name} does not allow the directory ${written}${really}. ${remedy}`
  }
  // Any name matches a pattern: that of a directory which somebody prepared, too.
  if (!isBound(rule) || found?.isOthers !== true || matching.some(({ text }) => text === path))
    return undefined
  const user = action.user ?? ownUser
  const trusted = user === 'root' ? 'root' : `root and ${user}`
  return `${name} allows the directory ${path} only under its exact name, because users other than ${trusted} can change it. ${remedy}`
}

/** What to write in a rule, as YAML. */
function toAllow(field: string, value: string, isThere: boolean): string {
  const quoted = JSON.stringify(value)
  return `To allow it, write ${isThere ? `${quoted} under ${field}` : `${field}: [${quoted}]`} in the rule.`
}

export const foreignRun = 'This run was started by another sender; its output is not for this one.'

const byRun: Demand = ({ runs }, { readsForeignRun }) =>
  runs === 'any' || readsForeignRun !== true ? undefined : foreignRun

const demands: readonly Demand[] = [
  ...[bySender, byAction, bySignature, byCommand, byScript, byInterpreter, byArguments, byUser],
  ...[byEnvironment, byDirectory, byRun],
]

function matchesAny(patterns: readonly TextPattern[], text: string): boolean {
  return patterns.some((pattern) => pattern.matches(text))
}

function matchesEach(patterns: readonly TextPattern[], texts: readonly string[]): boolean {
  return (
    patterns.length === texts.length &&
    patterns.every((pattern, index) => pattern.matches(texts[index] as string))
  )
}
