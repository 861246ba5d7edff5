import { missingTags, queueTags, readTags, tagKeys } from '../../queues/queueTags.ts'
import { createReplyQueue, type ReplyQueueChoice, usedNow } from './replyQueue.ts'

/** SQS needs a second before a new queue can be used everywhere; until then it may say that there is none. Milliseconds. */
const youngMs = 10_000

/** How long deleting the queue may take, milliseconds: nothing depends on it. */
const deleteWithinMs = 5_000

/**
 * Its mark is renewed when it is this old, milliseconds: so one that is a day older than the queue's retention says that no
 * master has received from the queue for as long as a message stays on it.
 */
const markEveryMs = 20 * 3600_000
/** A mark that could not be renewed is tried again after this time, milliseconds. */
const markAgainMs = 3600_000

/** The private reply queue of a master, from the moment at which the master may use it. */
export class OwnReplyQueue {
  readonly #queue: string
  readonly #choice: ReplyQueueChoice
  #madeAt = performance.now()
  #isBeingReplaced = false
  #markAt = Number.NEGATIVE_INFINITY

  constructor(queue: string, choice: ReplyQueueChoice) {
    this.#queue = queue
    this.#choice = choice
  }

  /** Whether SQS may not know it everywhere yet. */
  get isYoung(): boolean {
    return performance.now() - this.#madeAt < youngMs
  }

  /** Call it with each receive: marks the queue as used, if the mark is old. In the background; never fails. */
  markUse(signal: AbortSignal): void {
    // Not by a clock that stands still while the machine sleeps.
    const now = Date.now()
    if (now < this.#markAt) return
    this.#markAt = now + markEveryMs
    void this.#mark(signal).catch(() => {
      this.#markAt = now + markAgainMs
    })
  }

  /**
   * Creates it again, after somebody has deleted it. Call it with each receive that does not find it: a deleted name can be
   * used again after a minute. Never rejects.
   * @param onDone called when there is a new one
   */
  async replace(signal: AbortSignal, onDone: () => void): Promise<void> {
    if (this.#isBeingReplaced) return
    this.#isBeingReplaced = true
    try {
      await createReplyQueue(this.#choice, this.#queue, signal)
      this.#madeAt = performance.now()
      this.#choice.onReplyQueue({ kind: 'reply-queue-replaced', queue: this.#queue })
      onDone()
    } catch {
      // The receiver says that the queue is missing.
    } finally {
      this.#isBeingReplaced = false
    }
  }

  /** Deletes it with its messages. What prevents that is told. Never rejects. */
  async delete(signal?: AbortSignal): Promise<void> {
    const { queues, onReplyQueue } = this.#choice
    const within = AbortSignal.timeout(deleteWithinMs)
    const until = signal === undefined ? within : AbortSignal.any([signal, within])
    await queues
      .deleteQueue(this.#queue, until)
      .catch((cause) => onReplyQueue({ kind: 'reply-queue-left', queue: this.#queue, cause }))
  }

  /** Another master of this id, or its creation, may have marked it already. */
  async #mark(signal: AbortSignal): Promise<void> {
    const { environment, queues } = this.#choice
    const tags = await readTags(queues, this.#queue, signal)
    if (tags === undefined) return
    const missing = missingTags(tags, queueTags(environment, 'private-replies'))
    const used = usedNow(queues)
    const ageMs = Date.parse(used[tagKeys.lastUsed] ?? '') - Date.parse(tags[tagKeys.lastUsed] ?? '')
    const isFresh = ageMs >= 0 && ageMs < markEveryMs
    if (isFresh && Object.keys(missing).length === 0) return
    await queues.tag(this.#queue, { ...missing, ...used }, signal)
  }
}
