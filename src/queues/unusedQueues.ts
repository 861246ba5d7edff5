import { masterOfReplyQueue } from '../protocol/names.ts'
import { say } from '../text/localizable.ts'
import type { Environment } from './environment.ts'
import type { Finding } from './finding.ts'
import type { QueueAttributes, QueueTags } from './queueAttributes.ts'
import { QueueError } from './queueError.ts'
import type { Queues } from './queues.ts'
import { readTags, tagKeys } from './queueTags.ts'

const dayMs = 24 * 3600_000

/** SQS keeps no message for longer than 14 days: taken where the retention is not told, seconds. */
const longestRetentionSeconds = 14 * 24 * 3600

/** Requests about queues at a time. */
const atOnce = 8

/**
 * Whether anybody still needs a private reply queue.
 * - `used`: it holds messages, or a master used it, or it was created or changed, not longer ago than its retention and a
 *   day: a laptop that sleeps so long finds its replies when it wakes
 * - `unused`: its master has marked it, which it does each day, and not since then. No reply can be on it, and a master that
 *   comes back creates it again
 * - `unmarked`: it would be unused, but has no mark. Its master may be of an earlier version, or may not tag
 * - `unknown`: its messages, times or tags cannot be read
 */
export type QueueUse = 'used' | 'unused' | 'unmarked' | 'unknown'

/** A private reply queue of an environment. */
export interface ReplyQueueState {
  readonly queue: string
  readonly use: QueueUse
  /** When it was used, created or changed last, milliseconds by SQS's clock; undefined where SQS does not say. */
  readonly lastUsedAt: number | undefined
  /** From its tag: everybody who may tag the queue can write it. */
  readonly owner: string | undefined
}

/**
 * The private reply queues of an environment, in the order of their names. Needs sqs:ListQueues, and for each queue
 * sqs:GetQueueAttributes and sqs:ListQueueTags.
 * @throws QueueError
 */
export async function findReplyQueues(
  queues: Queues,
  environment: Environment,
  signal?: AbortSignal,
): Promise<ReplyQueueState[]> {
  const names = await queues.listQueues(`${environment.name}_`, signal)
  const left = replyQueuesAmong(names, environment).reverse()
  const found: ReplyQueueState[] = []
  const look = async () => {
    for (let queue = left.pop(); queue !== undefined; queue = left.pop()) {
      const state = await lookAt(queues, queue, signal)
      if (state !== undefined) found.push(state)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, look))
  return found.sort((a, b) => (a.queue < b.queue ? -1 : 1))
}

/**
 * Those of these names that have exactly the form of a private reply queue of the environment. None that the environment
 * names, and none of another environment, as `prod_x-1_agent` is where there is a `prod_x-1_master` or `prod_x-1_facts`.
 */
export function replyQueuesAmong(names: readonly string[], { name, queues }: Environment): string[] {
  const all = new Set(names)
  const own: readonly string[] = Object.values(queues)
  return names
    .filter((queue) => {
      const masterId = masterOfReplyQueue(name, queue)
      if (masterId === undefined || own.includes(queue)) return false
      return !['master', 'facts'].some((role) => all.has(`${name}_${masterId}_${role}`))
    })
    .sort()
}

/** @param now SQS's clock, milliseconds */
export function useOf(
  attributes: QueueAttributes,
  tags: QueueTags | undefined,
  now: number,
): Pick<ReplyQueueState, 'use' | 'lastUsedAt'> {
  const { visible, notVisible, delayed, retentionSeconds, createdAt, modifiedAt } = attributes
  const counts = [visible, notVisible, delayed]
  const written = tags?.[tagKeys.lastUsed]
  const marked = written === undefined ? Number.NaN : Date.parse(written)
  // Everybody who may tag the queue can write anything: a mark of the future says nothing.
  const isMarked = marked <= now + dayMs
  const times = [createdAt, modifiedAt, isMarked ? marked : undefined].filter((time) => time !== undefined)
  const lastUsedAt = times.length === 0 ? undefined : Math.max(...times)
  const keptMs = Math.max((retentionSeconds ?? longestRetentionSeconds) * 1000, dayMs) + dayMs
  if (counts.some((count) => count !== undefined && count > 0)) return { use: 'used', lastUsedAt }
  if (lastUsedAt !== undefined && now - lastUsedAt <= keptMs) return { use: 'used', lastUsedAt }
  const isTold = lastUsedAt !== undefined && tags !== undefined && counts.every((count) => count === 0)
  if (!isTold) return { use: 'unknown', lastUsedAt }
  return { use: isMarked ? 'unused' : 'unmarked', lastUsedAt }
}

export type Removal = 'removed' | 'gone' | 'used'

/**
 * Looks again, and deletes the queue unless somebody uses it now.
 * @param uses which uses may be deleted
 * @throws QueueError
 */
export async function removeReplyQueue(
  queues: Queues,
  environment: Environment,
  queue: string,
  uses: readonly QueueUse[],
  signal?: AbortSignal,
): Promise<Removal> {
  if (uses.includes('used') || !replyQueuesAmong([queue], environment).includes(queue)) return 'used'
  const state = await lookAt(queues, queue, signal)
  if (state === undefined) return 'gone'
  if (!uses.includes(state.use)) return 'used'
  await queues.deleteQueue(queue, signal)
  return 'removed'
}

/** @returns undefined when it is not there */
async function lookAt(
  queues: Queues,
  queue: string,
  signal: AbortSignal | undefined,
): Promise<ReplyQueueState | undefined> {
  try {
    const [attributes, tags] = await Promise.all([
      queues.attributes(queue, signal),
      readTags(queues, queue, signal),
    ])
    const now = Date.now() + (queues.clockOffsetMs ?? 0)
    return { queue, ...useOf(attributes, tags, now), owner: tags?.[tagKeys.owner] }
  } catch (error) {
    if (error instanceof QueueError && error.kind === 'missing-queue') return undefined
    throw error
  }
}

/** A finding where there are unused queues. */
export function unusedQueueFindings(found: readonly ReplyQueueState[]): Finding[] {
  const unused = found.filter(({ use }) => use === 'unused')
  const [first] = unused
  if (first === undefined) return []
  return [
    {
      code: 'unused-queues',
      severity: 'warning',
      queue: first.queue,
      what: say(
        '{0} private reply queues are unused, the first is {1}: their masters have not marked them for longer than messages stay there.',
        unused.length,
        first.queue,
      ),
      why: say('They cost nothing, but fill the list of queues, and nobody will use them.'),
      advice: say(
        'Delete them: they hold no messages, and a master that comes back creates its queue again.',
      ),
      fix: 'clean-queues',
    },
  ]
}
