import type { QueueError } from '../queues/queueError.ts'
import { type Localizable, localize, say, sentenceOf } from '../text/localizable.ts'
import { inEnglish, type Translate } from '../text/translate.ts'

/** A problem that does not stop the master, for the log. */
export type MasterWarning =
  /** Without an error: the problem is over. */
  | { readonly kind: 'queue'; readonly error: QueueError | undefined }
  | { readonly kind: 'run'; readonly runId: string; readonly error: Error }
  | {
      readonly kind: 'unreadable'
      readonly queue: 'replies' | 'facts'
      readonly messageId: string
      readonly reason: Localizable
    }
  /** A reply that, according to SQS, was sent by another sender than the agent it names. It was rejected. */
  | (Sender & { readonly kind: 'forged' })
  /** A reply on the private reply queue to a run that is not in the history. It was rejected. */
  | (Sender & { readonly kind: 'foreign' })

/** The sender of a reply, and its run. */
export interface Sender {
  readonly runId: string
  readonly agentId: string
  readonly senderId: string | undefined
}

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
    case 'run':
      return say('Run {0}: {1}', warning.runId, sentenceOf(warning.error))
    case 'unreadable':
      return warning.queue === 'facts'
        ? say('Ignored unreadable message {0} on the facts queue: {1}', warning.messageId, warning.reason)
        : say('Ignored unreadable message {0} on the reply queue: {1}', warning.messageId, warning.reason)
    case 'forged':
      return say(
        'Rejected a reply to run {0} under the name of {1}: SQS says that {2} sent it.',
        warning.runId,
        warning.agentId,
        senderOf(warning),
      )
    case 'foreign':
      return say(
        'Rejected a reply of {1} to run {0}, which is not in the history. SQS says that {2} sent it.',
        warning.runId,
        warning.agentId,
        senderOf(warning),
      )
  }
}

function senderOf({ senderId }: Sender): Localizable | string {
  return senderId ?? say('an unknown sender')
}
