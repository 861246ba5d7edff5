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
 * Tries what `side` needs on the environment's three queues, in ways that change nothing: SQS checks permission
 * before it finds that the body has a character that it never takes, or that the receipt handle is none. Receiving
 * is real, with visibility 0. What can only be tried by doing it (creating and deleting queues) is left out.
 */
export async function probePermissions(
  queues: Queues,
  environment: Environment,
  side: Side,
  signal?: AbortSignal,
): Promise<Permission[]> {
  const ours: readonly string[] = Object.values(environment.queues)
  const wanted = statements(environment, side).flatMap(({ actions, queues: names }: Statement) =>
    names
      .filter((name) => ours.includes(name))
      .flatMap((queue) => actions.map((action) => ({ action, queue }))),
  )
  const probed = await Promise.all(
    wanted.map(async ({ action, queue }) => {
      const attempt = probes[action]
      if (attempt === undefined) return undefined
      return { action, queue, refusal: await refusalOf(attempt(queues, queue, signal), signal) }
    }),
  )
  return probed.filter((permission) => permission !== undefined)
}

/** NUL is no XML character: SQS answers InvalidMessageContents to whoever may send, and AccessDenied to others. */
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
