import { privateReplyQueue } from '../../protocol/names.ts'
import type { Environment } from '../../queues/environment.ts'
import { QueueError } from '../../queues/queueError.ts'
import type { Queues } from '../../queues/queues.ts'

/** Where replies to a master go. */
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
 * Of a queue of our own: a laptop that sleeps over a long weekend loses no reply. Larger messages than in the seed's queues
 * save requests where there is much output, and cost the same (SQS bills each 64 KB).
 */
const privateQueueSettings = {
  visibilitySeconds: 30,
  retentionSeconds: 4 * 24 * 3600,
  maximumMessageSize: 256 * 1024,
  waitSeconds: 20,
}

/**
 * A queue of the master's own, created where it is not there; the shared one where that may not be.
 * @throws QueueError when it cannot be known which of them
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
    // It is there, and somebody has changed its attributes: as good.
    if (error.code === 'QueueNameExists') return own
    // SQS gives a name back a minute after its queue was deleted.
    if (error.kind === 'forbidden' || error.code === 'QueueDeletedRecently') return shared
    throw error
  }
}
