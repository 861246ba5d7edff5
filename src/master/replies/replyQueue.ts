import { privateReplyQueue } from '../../protocol/names.ts'
import type { Environment } from '../../queues/environment.ts'
import type { QueueTags } from '../../queues/queueAttributes.ts'
import { QueueError } from '../../queues/queueError.ts'
import type { Queues } from '../../queues/queues.ts'
import { createTagged, queueTags, readTags, tagKeys } from '../../queues/queueTags.ts'
import type { ReplyQueueWarning } from './replyQueueWarning.ts'

/** The queue for replies to a master. */
export interface ReplyQueue {
  readonly queue: string
  readonly kind: 'private' | 'shared'
  /** Of a shared one: why the master has none of its own, although it wants one. */
  readonly why?: QueueError
}

export interface ReplyQueueChoice {
  readonly environment: Environment
  readonly queues: Queues
  readonly masterId: string
  /** `shared`: use the shared reply queue without trying to create a private one. */
  readonly replyQueue?: 'private' | 'shared'
  /** Who owns the queue, for its tag. */
  readonly owner?: (() => Promise<string | undefined>) | undefined
  readonly onReplyQueue: (warning: ReplyQueueWarning) => void
}

/** How long a private reply queue keeps a message, seconds: a laptop may sleep over a long weekend. */
export const privateRetentionSeconds = 4 * 24 * 3600

/**
 * Settings of a private reply queue. Larger messages than on the original's queues save requests for large output, and cost
 * the same (SQS bills each 64 KB).
 */
const privateQueueSettings = {
  visibilitySeconds: 30,
  retentionSeconds: privateRetentionSeconds,
  maximumMessageSize: 256 * 1024,
  waitSeconds: 20,
}

/**
 * The master's private reply queue, created if it does not exist; the shared one where the master may not create queues.
 * @throws QueueError when it could not be decided
 */
export async function chooseReplyQueue(choice: ReplyQueueChoice, signal: AbortSignal): Promise<ReplyQueue> {
  const { environment, queues, masterId, replyQueue, onReplyQueue } = choice
  const shared: ReplyQueue = { queue: environment.queues.replies, kind: 'shared' }
  // A queue that we made would belong to our account, where agents do not look for it.
  if (replyQueue === 'shared' || environment.account !== undefined) return shared
  const own: ReplyQueue = { queue: privateReplyQueue(environment.name, masterId), kind: 'private' }
  try {
    if (!(await exists(queues, own.queue, signal))) await createReplyQueue(choice, own.queue, signal)
    return own
  } catch (error) {
    if (!(error instanceof QueueError)) throw error
    // The name of a deleted queue cannot be used for a minute.
    if (error.kind !== 'forbidden' && error.code !== 'QueueDeletedRecently') throw error
    onReplyQueue({ kind: 'shared-replies', queue: shared.queue, error })
    return { ...shared, why: error }
  }
}

/**
 * Succeeds also when it exists, with whatever attributes: it works just as well.
 * @throws QueueError
 */
export async function createReplyQueue(
  { environment, queues, owner }: Pick<ReplyQueueChoice, 'environment' | 'queues' | 'owner'>,
  queue: string,
  signal: AbortSignal,
): Promise<void> {
  const who = await owner?.().catch(() => undefined)
  const tags = { ...queueTags(environment, 'private-replies', who), ...usedNow(queues) }
  try {
    await createTagged(queues, queue, privateQueueSettings, tags, signal)
  } catch (error) {
    if (!(error instanceof QueueError) || error.code !== 'QueueNameExists') throw error
  }
}

/** Who may not create queues may still have one, which somebody else has created. */
async function exists(queues: Queues, queue: string, signal: AbortSignal): Promise<boolean> {
  try {
    await readTags(queues, queue, signal)
    return true
  } catch (error) {
    if (error instanceof QueueError && (error.kind === 'missing-queue' || error.kind === 'forbidden'))
      return false
    throw error
  }
}

/** The mark of a queue that is in use, by SQS's clock. */
export function usedNow({ clockOffsetMs = 0 }: Pick<Queues, 'clockOffsetMs'>): QueueTags {
  return { [tagKeys.lastUsed]: new Date(Date.now() + clockOffsetMs).toISOString() }
}

/**
 * Whether the next receive may start while the messages of the last one are recorded and deleted: twice as fast when
 * replies pile up. On a shared queue it would return other masters' replies that were just put back.
 */
export function mayReceiveAhead({ kind }: ReplyQueue): boolean {
  return kind === 'private'
}

/**
 * Visibility timeouts of received replies, seconds. On a private queue short enough that replies received by a master that
 * just died reach the next one soon, and long enough for slow connections with much output: eight receivers with two
 * receives of ten large messages each are 40 MB.
 */
const visibility = { private: 15, privatePilingUp: 60, shared: 2 }

/** How long a receive hides the replies that it brings, seconds. @param isBehind replies pile up */
export function visibilityOf({ kind }: ReplyQueue, isBehind: boolean): number {
  if (kind === 'shared') return visibility.shared
  return isBehind ? visibility.privatePilingUp : visibility.private
}

/**
 * How long one receive waits, seconds. SQS may deliver replies to a receive whose process has ended, which hides them from
 * the next process: so receives are short while a run is active.
 */
const waitSeconds = { expecting: 2, idle: 20 }

export function waitSecondsOf(isExpecting: boolean): number {
  return isExpecting ? waitSeconds.expecting : waitSeconds.idle
}
