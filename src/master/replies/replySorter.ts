import { setTimeout as delay } from 'node:timers/promises'
import { openBody } from '../../protocol/envelope.ts'
import type { ReplyMessage } from '../../protocol/messages.ts'
import type { QueueError } from '../../queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../queues/queues.ts'
import { type Localizable, sentenceOf } from '../../text/localizable.ts'
import type { ForeignMessages } from './foreignMessages.ts'
import type { ReplyQueue } from './replyQueue.ts'

/** A received reply: its binary data, who sent it according to SQS, and when by SQS's clock. */
export interface ReceivedReply {
  readonly reply: ReplyMessage
  readonly data: Uint8Array
  readonly senderId: string | undefined
  readonly sentAt: number
}

/**
 * What happened to a reply. `kept`: it is ours, and stored. `foreign`: its run is not ours; on a private queue the run was
 * deleted. `elsewhere`: another master currently holds its run, or it could not be stored.
 */
export type Disposition = 'kept' | 'foreign' | 'elsewhere'

/** Callbacks for received messages. */
export interface ReplyListeners {
  /** Takes the replies of one receive; they are handled when it resolves. Never rejects. */
  readonly deliver: (deliveries: readonly ReceivedReply[]) => Promise<Disposition[]>
  /** A body that is not a reply; it is deleted from a private queue and left to expire on a shared one. */
  readonly onUnreadable: (messageId: string, reason: Localizable, senderId: string | undefined) => void
  /** A reply on the private queue whose run is not known; it is deleted. */
  readonly onForeign: (delivery: ReceivedReply) => void
}

/** No run has this id. */
const noRun = '00000000-0000-0000-0000-000000000000'

/** Delivers the messages of one receive, and deletes each or puts it back according to its disposition. */
export class ReplySorter {
  readonly #parts: ReplyListeners & { readonly queues: Pick<Queues, 'delete' | 'release'> }
  readonly #foreignMessages: ForeignMessages
  readonly #signal: AbortSignal
  readonly #onWarning: (error: QueueError) => void

  /** @param signal aborts deleting; messages that were not deleted are received again */
  constructor(
    parts: ReplyListeners & { readonly queues: Pick<Queues, 'delete' | 'release'> },
    foreignMessages: ForeignMessages,
    signal: AbortSignal,
    onWarning: (error: QueueError) => void,
  ) {
    this.#parts = parts
    this.#foreignMessages = foreignMessages
    this.#signal = signal
    this.#onWarning = onWarning
  }

  /** Resolves, when all is done, with whether there was a reply to one of our runs. */
  async sort({ queue, kind }: ReplyQueue, messages: readonly ReceivedMessage[]): Promise<boolean> {
    const { queues, deliver, onForeign } = this.#parts
    const signal = this.#signal
    const done: ReceivedMessage[] = []
    const foreign: ReceivedMessage[] = []
    const readable: { message: ReceivedMessage; delivery: ReceivedReply }[] = []
    for (const message of messages) {
      const delivery = this.#read(message)
      if (delivery !== undefined) readable.push({ message, delivery })
      else if (kind === 'private') done.push(message)
    }
    const dispositions = await deliver(readable.map(({ delivery }) => delivery))
    for (const [index, { message, delivery }] of readable.entries()) {
      const disposition = dispositions[index]
      const isLost = kind === 'private' && disposition === 'foreign'
      if (isLost && delivery.reply.runId !== noRun) onForeign(delivery)
      if (disposition === 'kept' || isLost) done.push(message)
      else if (kind === 'shared' && this.#foreignMessages.mayBeSought(message.messageId))
        foreign.push(message)
    }
    try {
      await Promise.all([queues.delete(queue, done, signal), queues.release(queue, foreign, signal)])
    } catch (error) {
      // Messages that could not be deleted are received again, and are then recognised.
      if (!signal.aborted) this.#onWarning(error as QueueError)
    }
    // Another master may be waiting for these: give it time to receive them.
    if (foreign.length > 0) await delay(50 + Math.random() * 100, undefined, { signal }).catch(() => {})
    return dispositions.includes('kept')
  }

  #read(message: ReceivedMessage): ReceivedReply | undefined {
    try {
      const { message: reply, data } = openBody(message.body, 'reply')
      return { reply, data, senderId: message.senderId, sentAt: message.sentAt }
    } catch (error) {
      // On a shared queue it is received again and again until it expires.
      const { messageId } = message
      if (!this.#foreignMessages.has(messageId))
        this.#parts.onUnreadable(messageId, sentenceOf(error), message.senderId)
      this.#foreignMessages.meet(messageId)
      return undefined
    }
  }
}

/** A reply to no run, which a master sends to itself. */
export function farewell(): ReplyMessage {
  const from = { agentId: 'master', hostname: 'master', sentAt: Date.now() }
  return { type: 'ack', runId: noRun, ...from, state: 'queued' }
}
