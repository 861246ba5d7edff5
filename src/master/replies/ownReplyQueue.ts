import type { Queues } from '../../queues/queues.ts'
import { createReplyQueue } from './replyQueue.ts'
import type { ReplyQueueWarning } from './replyQueueWarning.ts'

/** SQS needs a second before a new queue can be used everywhere; until then it may say that there is none. Milliseconds. */
const youngMs = 10_000

/** How long deleting the queue may take, milliseconds: nothing depends on it. */
const deleteWithinMs = 5_000

/** The private reply queue of a master, from the moment at which the master may use it. */
export class OwnReplyQueue {
  readonly #queue: string
  readonly #queues: Queues
  readonly #tell: (warning: ReplyQueueWarning) => void
  #madeAt = performance.now()
  #isBeingReplaced = false

  constructor(queue: string, queues: Queues, tell: (warning: ReplyQueueWarning) => void) {
    this.#queue = queue
    this.#queues = queues
    this.#tell = tell
  }

  /** Whether SQS may not know it everywhere yet. */
  get isYoung(): boolean {
    return performance.now() - this.#madeAt < youngMs
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
      await createReplyQueue(this.#queues, this.#queue, signal)
      this.#madeAt = performance.now()
      this.#tell({ kind: 'reply-queue-replaced', queue: this.#queue })
      onDone()
    } catch {
      // The receiver says that the queue is missing.
    } finally {
      this.#isBeingReplaced = false
    }
  }

  /** Deletes it with its messages. What prevents that is told. Never rejects. */
  async delete(signal?: AbortSignal): Promise<void> {
    const within = AbortSignal.timeout(deleteWithinMs)
    const until = signal === undefined ? within : AbortSignal.any([signal, within])
    await this.#queues
      .deleteQueue(this.#queue, until)
      .catch((cause) => this.#tell({ kind: 'reply-queue-left', queue: this.#queue, cause }))
  }
}
