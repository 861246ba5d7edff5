import type { QueueError } from '../queues/queueError.ts'
import { type Localizable, localize, say, sentenceOf } from '../text/localizable.ts'
import { inEnglish, type Translate } from '../text/translate.ts'

/** A problem that does not stop the master, and that a person can find in the log. */
export type MasterWarning =
  /** Without an error: it is over. */
  | { readonly kind: 'queue'; readonly error: QueueError | undefined }
  | { readonly kind: 'run'; readonly runId: string; readonly error: Error }
  | {
      readonly kind: 'unreadable'
      readonly queue: 'replies' | 'facts'
      readonly messageId: string
      readonly reason: Localizable
    }
  /** A reply that another sender than the agent that it names has sent, as SQS says. It was rejected. */
  | (Sender & { readonly kind: 'forged' })
  /** A reply on our own queue to a run that is not in the history. It was rejected. */
  | (Sender & { readonly kind: 'foreign' })

/** From whom a reply came, and to what. */
export interface Sender {
  readonly runId: string
  readonly agentId: string
  readonly senderId: string | undefined
}

/** Messages on the reply queue that were rejected since a master began, by reason. */
export type Rejected = Record<'unreadable' | 'forged' | 'foreign', number>

/** What happened, in a sentence; undefined for a problem that is over. */
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
