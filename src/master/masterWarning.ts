import type { QueueError } from '../queues/queueError.ts'
import { type Localizable, localize, say, sentenceOf } from '../text/localizable.ts'
import { inEnglish, type Translate } from '../text/translate.ts'
import type { FactsOfSender } from './fleet/factsBySender.ts'
import { isOwnInstance } from './identity/identity.ts'
import { describeReplyQueueWarning, type ReplyQueueWarning } from './replies/replyQueueWarning.ts'

/** A problem that does not stop the master, for the log. */
export type MasterWarning =
  /** Without an error: the problem is over. */
  | { readonly kind: 'queue'; readonly error: QueueError | undefined }
  /** Facts that were read could not be put back, or superseded ones deleted. All agents are known all the same. */
  | { readonly kind: 'not-put-back'; readonly error: QueueError }
  | { readonly kind: 'run'; readonly runId: string; readonly error: Error }
  | {
      readonly kind: 'unreadable'
      readonly queue: 'replies' | 'facts'
      readonly messageId: string
      readonly reason: Localizable
      readonly senderId: string | undefined
      readonly count: number
    }
  /** Facts with a problem in the latest sweep. */
  | (FactsOfSender & { readonly kind: 'facts' })
  | ReplyQueueWarning
  /** The proven identities of agents cannot be read from disk or written to it. */
  | { readonly kind: 'pins'; readonly error: Error }
  /** A reply that, according to SQS, was sent by another sender than the agent it names. It was rejected. */
  | (Sender & { readonly kind: 'forged' })
  /** A reply on the private reply queue to a run that is not in the history. It was rejected. */
  | (Sender & { readonly kind: 'foreign' })

/** The sender of a reply, and its run. */
export interface Sender {
  /** Number of this event among those of the same kind and sender. Of many, the 1st, 10th, 100th … are reported. */
  readonly count: number
  readonly runId: string
  readonly agentId: string
  readonly senderId: string | undefined
}

/** A message on the reply queue that was rejected, before it is counted. */
export type RejectedReply = Uncounted<Extract<MasterWarning, { kind: keyof Rejected }>>

type Uncounted<Warning> = Warning extends unknown ? Omit<Warning, 'count'> : never

/** Messages on the reply queue that were rejected since the master was opened, by reason. */
export type Rejected = Record<'unreadable' | 'forged' | 'foreign', number>

/** The warning as a sentence; undefined for a problem that is over. */
export function describeWarning(
  warning: MasterWarning,
  translate: Translate = inEnglish,
): string | undefined {
  const sentence = sentenceFor(warning)
  return sentence && localize(sentence, translate)
}

function sentenceFor(warning: MasterWarning): Localizable | undefined {
  switch (warning.kind) {
    case 'queue':
      return warning.error?.localizable
    case 'not-put-back':
      return notPutBack(warning.error)
    case 'run':
      return say('Run {0}: {1}', warning.runId, sentenceOf(warning.error))
    case 'unreadable':
      return counted(
        warning.queue === 'facts'
          ? say('Ignored unreadable message {0} on the facts queue: {1}', warning.messageId, warning.reason)
          : say('Ignored unreadable message {0} on the reply queue: {1}', warning.messageId, warning.reason),
        warning.count,
      )
    case 'facts':
      return problematicFacts(warning)
    case 'shared-replies':
    case 'reply-queue-replaced':
    case 'reply-queue-left':
      return describeReplyQueueWarning(warning)
    case 'pins':
      return say('The proven identities of agents are not kept: {0}', sentenceOf(warning.error))
    case 'forged':
      return counted(forged(warning), warning.count)
    case 'foreign':
      return counted(foreign(warning), warning.count)
  }
}

function problematicFacts(facts: FactsOfSender): Localizable {
  const { problem, agents } = facts
  const sender = senderOf(facts)
  switch (problem) {
    case 'memory':
      return say(
        '{0} agents are not listed, because the listed ones already take all memory that is allowed for them. {1} sent the facts. If you do not know these agents, find out who uses that identity; if you do, start with a larger heap (--max-old-space-size).',
        agents,
        sender,
      )
    case 'sender':
      return say(
        '{0} agents are not listed: {1} sent facts for more agents than one instance may. Find out what runs on that instance.',
        agents,
        sender,
      )
    case 'conflicting':
      return say(
        'The identities of {0} agents conflict: {1} sent their facts, and speaks for another agent already. If there are not several agents on that instance, find out what runs there.',
        agents,
        sender,
      )
  }
}

function notPutBack({ kind, action, queue, localizable }: QueueError): Localizable {
  if (kind !== 'forbidden') return localizable
  return action === 'sqs:DeleteMessage'
    ? say(
        'Facts that newer ones have replaced stay on {0}, because your credentials do not allow {1} there; the policy for viewers does not contain it. All agents are seen all the same.',
        queue,
        action,
      )
    : say(
        'Facts cannot be put back on {0} after they were read, because your credentials do not allow {1} there: other masters see them some seconds later. All agents are seen here all the same. Ask your administrator to add it to your IAM policy.',
        queue,
        action,
      )
}

function forged({ runId, agentId, senderId }: Sender): Localizable {
  if (isOwnInstance(agentId, senderId))
    return say(
      'Rejected a reply to run {0} under the name of {1}: SQS says that {2} sent it, and this is not the role that the instance proved its identity with. If you have replaced its role, forget its proven identity, or declare the role (agentRoles).',
      runId,
      agentId,
      senderOf({ senderId }),
    )
  return say(
    'Rejected a reply to run {0} under the name of {1}: SQS says that {2} sent it.',
    runId,
    agentId,
    senderOf({ senderId }),
  )
}

function foreign({ runId, agentId, senderId }: Sender): Localizable {
  return say(
    'Rejected a reply of {1} to run {0}, which is not in the history. SQS says that {2} sent it.',
    runId,
    agentId,
    senderOf({ senderId }),
  )
}

function counted(sentence: Localizable, count: number): Localizable {
  return count === 1 ? sentence : say('{0} ({1} of this kind from the same sender so far.)', sentence, count)
}

function senderOf({ senderId }: Pick<Sender, 'senderId'>): Localizable | string {
  return senderId ?? say('an unknown sender')
}
