/** The part of fauxqs's store that forgetting needs. */
export interface MessageStore {
  listQueues(): readonly MessageQueue[]
}

export interface MessageQueue {
  attributes: Record<string, string>
  messages: Stored[]
  delayedMessages: Stored[]
  inflightMessages: Map<string, { readonly message: Stored }>
}

interface Stored {
  /** Milliseconds. */
  readonly sentTimestamp: number
}

/** Forgets what is older than its queue's retention, as SQS does and fauxqs does not. */
export function applyRetention(store: MessageStore, now: number): void {
  for (const queue of store.listQueues()) {
    const oldest = now - Number(queue.attributes.MessageRetentionPeriod) * 1000
    const expired = ({ sentTimestamp }: Stored) => sentTimestamp < oldest
    const kept = (message: Stored) => !expired(message)
    if (queue.messages.some(expired)) queue.messages = queue.messages.filter(kept)
    if (queue.delayedMessages.some(expired)) queue.delayedMessages = queue.delayedMessages.filter(kept)
    for (const [handle, { message }] of queue.inflightMessages) {
      if (expired(message)) queue.inflightMessages.delete(handle)
    }
  }
}
