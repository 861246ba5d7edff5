import { privateReplyQueue } from '../protocol/names.ts'
import type { Environment } from './environment.ts'
import { type Side, type Statement, statements } from './iamPolicy.ts'
import { QueueError } from './queueError.ts'
import type { Queues } from './queues.ts'

/** Whether one action on one queue is allowed. */
export interface Permission {
  /** As in `sqs:SendMessage`. */
  readonly action: string
  readonly queue: string
  /** The refusal; absent when it is allowed, or when SQS could not be asked. */
  readonly refusal: QueueError | undefined
}

/**
 * Tries what `side` needs on the environment's three queues, without changing anything: SQS checks permissions before it
 * rejects the body (an invalid character) or the receipt handle (not a real one). Receiving is real, with visibility 0.
 * For an agent, the permission on private reply queues is tried on one that does not exist. Actions that can only be tried
 * by doing them (creating and deleting queues) are not tried.
 */
export async function probePermissions(
  queues: Queues,
  environment: Environment,
  side: Side,
  signal?: AbortSignal,
): Promise<Permission[]> {
  const ours: readonly string[] = Object.values(environment.queues)
  const privateReplies = privateReplyQueue(environment.name, '*')
  const wanted = statements(environment, side).flatMap(({ actions, queues: names }: Statement) =>
    names.flatMap((queue) => {
      if (ours.includes(queue)) return actions.map((action) => ({ action, queue, asked: queue }))
      if (side === 'master' || queue !== privateReplies) return []
      return [{ action: 'sqs:SendMessage', queue, asked: privateReplyQueue(environment.name, noMaster) }]
    }),
  )
  const probed = await Promise.all(
    wanted.map(async ({ action, queue, asked }) => {
      const attempt = probes[action]
      if (attempt === undefined) return undefined
      return { action, queue, refusal: await refusalOf(attempt(queues, asked, signal), signal) }
    }),
  )
  return probed.filter((permission) => permission !== undefined)
}

/** A master that does not exist: SQS says so to callers that may send to its queue, and AccessDenied to others. */
const noMaster = 'permission-probe-0'

/** NUL is not an XML character: SQS answers InvalidMessageContents to callers that may send, AccessDenied to others. */
const unsendable = '\0'

const noMessage = {
  messageId: 'probe',
  body: '',
  receiptHandle: 'probe',
  sentAt: 0,
  senderId: undefined,
  receiveCount: 0,
}

const probes: Readonly<
  Record<string, (queues: Queues, queue: string, signal: AbortSignal | undefined) => Promise<unknown>>
> = {
  'sqs:GetQueueAttributes': (queues, queue, signal) => queues.attributes(queue, signal),
  'sqs:ReceiveMessage': (queues, queue, signal) =>
    queues.receive(queue, { waitSeconds: 0, visibilitySeconds: 0, max: 1 }, signal),
  'sqs:SendMessage': (queues, queue, signal) => queues.sendBatch(queue, [unsendable], signal),
  'sqs:DeleteMessage': (queues, queue, signal) => queues.delete(queue, [noMessage], signal),
  'sqs:ChangeMessageVisibility': (queues, queue, signal) => queues.release(queue, [noMessage], signal),
}

async function refusalOf(attempt: Promise<unknown>, signal?: AbortSignal): Promise<QueueError | undefined> {
  try {
    await attempt
    return undefined
  } catch (error) {
    signal?.throwIfAborted()
    return error instanceof QueueError && error.kind === 'forbidden' ? error : undefined
  }
}
