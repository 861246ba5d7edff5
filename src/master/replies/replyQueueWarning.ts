import type { Finding } from '../../queues/finding.ts'
import { QueueError } from '../../queues/queueError.ts'
import { type Localizable, say } from '../../text/localizable.ts'

/** What a person should know of the reply queue of a master. */
export type ReplyQueueWarning =
  /** The master could not create a queue of its own: replies arrive on the one that all masters share. Said once. */
  | { readonly kind: 'shared-replies'; readonly queue: string; readonly error: QueueError }
  /** The master's own queue was deleted while it was in use, and has been created again. */
  | { readonly kind: 'reply-queue-replaced'; readonly queue: string }
  /** The throw-away queue of a master whose runs are over was not deleted. */
  | { readonly kind: 'reply-queue-left'; readonly queue: string; readonly cause: unknown }

export function describeReplyQueueWarning(warning: ReplyQueueWarning): Localizable {
  switch (warning.kind) {
    case 'shared-replies':
      return say(
        '{0} {1} {2}',
        whyShared(warning.error),
        costOfSharing(warning.queue),
        howToGetOwn(warning.error),
      )
    case 'reply-queue-replaced':
      return say(
        'The reply queue {0} was deleted, and has been created again. Replies that were on it are lost; agents are asked for the results that are missing.',
        warning.queue,
      )
    case 'reply-queue-left':
      return say(
        'The reply queue {0} is left behind: {1} It costs nothing but is clutter. Your run is not affected; "ec2-cmaster queues clean" removes such queues.',
        warning.queue,
        warning.cause instanceof QueueError
          ? warning.cause.localizable
          : say('deleting it was interrupted, or took too long.'),
      )
  }
}

/**
 * A finding where a master wants a reply queue of its own, and has none.
 * @param replyQueue its queue, and why it is not its own; undefined until it is decided
 */
export function sharedReplyFindings(
  replyQueue: { readonly queue: string; readonly why?: QueueError } | undefined,
): Finding[] {
  if (replyQueue?.why === undefined) return []
  const { queue, why } = replyQueue
  return [
    {
      code: 'shared-replies',
      severity: 'warning',
      queue,
      what: whyShared(why),
      why: costOfSharing(queue),
      advice: howToGetOwn(why),
      ...(why.kind === 'forbidden' ? { fix: { allow: { action: why.action, queue: why.queue } } } : {}),
    },
  ]
}

function whyShared({ kind, queue, action, code, localizable }: QueueError): Localizable {
  if (kind !== 'forbidden') return localizable
  return say(
    'This master has no reply queue of its own, because {0} on {1} is not allowed ({2}).',
    action,
    queue,
    code,
  )
}

function costOfSharing(queue: string): Localizable {
  return say(
    'Replies arrive on {0}, which all masters share: every master receives the replies to the others and puts them back, which takes more requests and time, and a reply that is not received within the retention of 60 s, for example while this computer sleeps, is lost.',
    queue,
  )
}

function howToGetOwn({ kind }: QueueError): Localizable {
  return kind === 'forbidden'
    ? say(
        'To get a queue of your own, ask your administrator for the IAM policy for operators. If your organisation demands tags on new queues, add them to the environment.',
      )
    : say(
        'To get a queue of your own, wait a minute and start the master again: in the editor, reload the window.',
      )
}
