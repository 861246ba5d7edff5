import type { QueueError } from '../../queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../queues/queues.ts'

export interface PutBackOptions {
  readonly queues: Pick<Queues, 'delete' | 'release'>
  readonly queue: string
  readonly signal?: AbortSignal | undefined
  /** Called with each failure: others see the messages some seconds later, or superseded ones stay. */
  readonly onNotPutBack: (error: QueueError) => void
}

/** Puts back what a sweep has hidden while it read, and deletes what is superseded. A courtesy to others: it never fails. */
export class PutBack {
  readonly #o: PutBackOptions
  #mayDelete = true

  constructor(options: PutBackOptions) {
    this.#o = options
  }

  async settle(superseded: readonly ReceivedMessage[], current: readonly ReceivedMessage[]): Promise<void> {
    await Promise.all([this.#discard(superseded), this.#release(current)])
  }

  async #discard(messages: readonly ReceivedMessage[]): Promise<void> {
    const { queues, queue, signal } = this.#o
    if (!this.#mayDelete) return this.#release(messages)
    return queues.delete(queue, messages, signal).catch((error: QueueError) => {
      this.#tell(error)
      // Who may not delete them must not hide them from others, either.
      this.#mayDelete = error.kind !== 'forbidden'
      return this.#mayDelete ? undefined : this.#release(messages)
    })
  }

  #release(messages: readonly ReceivedMessage[]): Promise<void> {
    const { queues, queue, signal } = this.#o
    return queues.release(queue, messages, signal).catch((error: QueueError) => this.#tell(error))
  }

  #tell(error: QueueError): void {
    const { signal, onNotPutBack } = this.#o
    if (!signal?.aborted) onNotPutBack(error)
  }
}
