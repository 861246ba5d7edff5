import { privateReplyQueue } from '../../protocol/names.ts'
import type { Environment } from '../../queues/environment.ts'
import { QueueError } from '../../queues/queueError.ts'
import type { Queues } from '../../queues/queues.ts'

/** The queue for replies to a master. */
export interface ReplyQueue {
  readonly queue: string
  readonly kind: 'private' | 'shared'
}

export interface ReplyQueueChoice {
  readonly environment: Environment
  readonly queues: Queues
  readonly masterId: string
  readonly replyQueue?: 'private' | 'shared'
}

/**
 * Settings of a private reply queue. Its retention is long enough for a laptop that sleeps over a long weekend. Larger
 * messages than on the original's queues save requests for large output, and cost the same (SQS bills each 64 KB).
 */
const privateQueueSettings = {
  visibilitySeconds: 30,
  retentionSeconds: 4 * 24 * 3600,
  maximumMessageSize: 256 * 1024,
  waitSeconds: 20,
}

/**
 * The master's private reply queue, created if it does not exist; the shared one where the master may not create queues.
 * @throws QueueError when it could not be decided
 */
export async function chooseReplyQueue(choice: ReplyQueueChoice, signal: AbortSignal): Promise<ReplyQueue> {
  const { environment, queues, masterId, replyQueue } = choice
  const shared: ReplyQueue = { queue: environment.queues.replies, kind: 'shared' }
  if (replyQueue === 'shared') return shared
  const own: ReplyQueue = { queue: privateReplyQueue(environment.name, masterId), kind: 'private' }
  try {
    await queues.create(own.queue, privateQueueSettings, signal)
    return own
  } catch (error) {
    if (!(error instanceof QueueError)) throw error
    // It exists with changed attributes, and works just as well.
    if (error.code === 'QueueNameExists') return own
    // The name of a deleted queue cannot be used for a minute.
    if (error.kind === 'forbidden' || error.code === 'QueueDeletedRecently') return shared
    throw error
  }
}

/**
 * Whether the next receive may start while the messages of the last one are recorded and deleted: twice as fast when
 * replies pile up. On a shared queue it would return other masters' replies that were just put back.
 */
export function mayReceiveAhead({ kind }: ReplyQueue): boolean {
  return kind === 'private'
}
