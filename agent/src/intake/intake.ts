import { openBody, type Signature } from '../../../src/protocol/envelope.ts'
import type { CommandMessage, RefusalMessage } from '../../../src/protocol/messages.ts'
import type { ReceivedMessage } from '../../../src/queues/queues.ts'
import { type AuditedCommand, describeCommand } from '../log/audit.ts'
import { reasonOf } from '../log/log.ts'
import { evaluatePolicy } from '../policy/policyDecision.ts'
import type { PolicyInForce } from '../policy/policyInForce.ts'
import type { FoundDirectory } from '../policy/policyRequest.ts'
import { isSamePrincipal, type Principal, principalOf, verifiedKeyOf } from '../policy/principal.ts'
import { type AdmissionContext, admit, clockErrorMs } from './admission.ts'

/** What the decision on a message depends on: all of it as it is at the moment of the decision. */
export interface IntakeContext extends AdmissionContext {
  readonly policy: PolicyInForce
  /** The policy at the moment of the call, by its file. */
  readonly policyNow: () => Promise<PolicyInForce>
  /** Name of the user that the agent runs as. */
  readonly ownUser: string
  /** Whether an order to send output again was carried out by this process. */
  knowsOrder(runId: string): boolean
  /** Who had a run executed, as far as that is known. */
  ownerOf(runId: string): Principal | undefined
}

/** What is to be done about a message from the command queue. */
export type Decision =
  /** It is not a command of this version. */
  | { readonly kind: 'unreadable'; readonly why: string }
  /** It is for other agents. */
  | { readonly kind: 'ignored'; readonly command: CommandMessage; readonly why: string }
  /** It is for this agent, which neither executes nor answers it. */
  | {
      readonly kind: 'withheld'
      readonly command: CommandMessage
      readonly audited: AuditedCommand
      readonly why: string
    }
  | Refused
  /** It came before, by another message: its reply is sent again. */
  | Admitted<'repeated'>
  | Admitted<'accepted'>

export interface Refused {
  readonly kind: 'refused'
  readonly command: CommandMessage
  readonly audited: AuditedCommand
  readonly code: RefusalMessage['code']
  readonly reason: string
  /** Where the refusal goes. Absent when the run was executed before: then its result is the answer. */
  readonly replyTo: string | undefined
  /** The run must not be executed later either, when it comes again and there is no longer a reason to refuse it. */
  readonly stands: boolean
}

interface Admitted<Kind> {
  readonly kind: Kind
  readonly command: CommandMessage
  readonly audited: AuditedCommand
  readonly by: Principal
  /** A cancel of somebody else's run: it stops, and its output is not for this sender. */
  readonly isForeign: boolean
  /**
   * Why the policy does not allow the command when it starts: it may have waited, and the policy have changed. With a
   * directory: in what that really is.
   */
  readonly whyNot: (found: FoundDirectory | undefined) => Promise<string | undefined>
}

/** Decides about a message: parses it, checks whether it is for this agent and in time, and evaluates the policy. */
export function decide(received: ReceivedMessage, context: IntakeContext): Decision {
  let command: CommandMessage
  let signature: Signature | undefined
  try {
    const opened = openBody(received.body, 'command')
    command = opened.message
    signature = opened.signature
  } catch (error) {
    return { kind: 'unreadable', why: reasonOf(error) }
  }
  const admission = admit(command, received.sentAt, context)
  if (admission.kind === 'ignore') return { kind: 'ignored', command, why: admission.why }
  const verified = verifiedKeyOf(context.policy, signature, context.now)
  const audited = describeCommand(command, received.senderId, { claimed: signature?.key, verified })
  if (admission.kind === 'withhold') return { kind: 'withheld', command, audited, why: admission.why }
  if (isReplayed(command, context)) return { kind: 'withheld', command, audited, why: 'it was replayed' }
  const by = principalOf(received.senderId, verified)
  const isForeign = concernsForeignRun(command, by, context)
  const readsForeignRun = isForeign && command.action.kind !== 'cancel'
  const verdictBy = (policy: PolicyInForce, found?: FoundDirectory) =>
    policyVerdict(command, received.senderId, signature, readsForeignRun, { ...context, policy }, found)
  const verdict = verdictBy(context.policy)
  if (admission.kind === 'refuse') {
    const { code, reason, replyTo } = admission
    // Only for senders whom the policy allows: no other may keep a run of theirs from being executed.
    const stands = verdict?.allowed === true && code !== 'environment' && hasEffects(command)
    return { kind: 'refused', command, audited, code, reason, replyTo, stands }
  }
  if (verdict?.allowed === false) {
    const { code, reason } = verdict
    const replyTo = admission.kind === 'repeat' ? undefined : command.replyTo
    return { kind: 'refused', command, audited, code, reason, replyTo, stands: false }
  }
  const whyNot = async (found: FoundDirectory | undefined) => {
    const there = verdictBy(await context.policyNow(), found)
    return there?.allowed === false ? there.reason : undefined
  }
  const kind = admission.kind === 'repeat' ? 'repeated' : 'accepted'
  return { kind, command, audited, by, isForeign, whyNot }
}

/** Actions that are executed, at most once. */
export function hasEffects({ action }: CommandMessage): boolean {
  return action.kind === 'shell' || action.kind === 'script'
}

/**
 * A `resend` that comes again under its own id, or from before this process began, costs the sending of an output each time:
 * a master that needs one asks again. Executed runs are known by the journal; all else is done again without effect.
 */
function isReplayed({ runId, action, issuedAt }: CommandMessage, context: IntakeContext): boolean {
  return (
    action.kind === 'resend' && (context.knowsOrder(runId) || issuedAt < context.startedAt - clockErrorMs)
  )
}

/** Whether the run that is repeated, cancelled or sent again was started by somebody else. */
function concernsForeignRun(
  { runId, action }: CommandMessage,
  by: Principal,
  { ownerOf }: Pick<IntakeContext, 'ownerOf'>,
): boolean {
  const owner = ownerOf(action.kind === 'cancel' || action.kind === 'resend' ? action.runId : runId)
  return owner !== undefined && !isSamePrincipal(owner, by)
}

/** Undefined for what no policy speaks of: an action that this version does not know is refused anyway. */
function policyVerdict(
  { action, targets, targetSet }: CommandMessage,
  senderId: string | undefined,
  signature: Signature | undefined,
  readsForeignRun: boolean,
  { policy, ownUser, now }: IntakeContext,
  found: FoundDirectory | undefined,
) {
  if (action.kind === 'unsupported') return undefined
  const namesTargets = targets !== undefined || targetSet !== undefined
  const request = { senderId, signature, action, namesTargets, ownUser, now, readsForeignRun }
  return evaluatePolicy(policy, found === undefined ? request : { ...request, found })
}
