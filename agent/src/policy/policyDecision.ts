import type { PolicyInForce } from './policyInForce.ts'
import { isExecutable, type Request, textOf } from './policyRequest.ts'
import { foreignRun, type Objection, objectionOf } from './ruleDemands.ts'

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

function refuse(reason: string): PolicyDecision {
  return { allowed: false, code: 'policy', reason }
}
