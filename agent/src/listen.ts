import { setTimeout as sleep } from 'node:timers/promises'
import type { QueueError } from '../../src/queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../src/queues/queues.ts'
import { receiveLoop } from '../../src/queues/receiveLoop.ts'

/** First pause after a receive that brought only known messages, milliseconds. */
const firstPauseMs = 100
/** After a full receive there may be more behind it, so the pause stays short, milliseconds. */
const fullPauseMs = 50
/** SQS gives at most this many messages per receive. */
const fullReceive = 10
/** More messages than this are not remembered: a forgotten one is read again, which does no harm. */
const remembered = 20_000

export interface Listening {
  readonly queues: Pick<Queues, 'receive'>
  readonly queue: string
  /** Longest pause, milliseconds. */
  readonly pollIntervalMs: () => number
  readonly onMessage: (message: ReceivedMessage) => void
  readonly onTrouble: (error: QueueError | undefined) => void
  /** From 0 to below 1. */
  readonly random: () => number
}

/**
 * Receives broadcasts until `signal` aborts and hands on each message once. Everyone on the queue sees a message until
 * it is deleted, and a visible message ends every long poll at once: so there is a pause after a receive that
 * brought nothing new, twice as long from time to time, or an idle fleet would ask millions of times.
 */
export async function listen(listening: Listening, signal: AbortSignal): Promise<void> {
  const { queues, queue, pollIntervalMs, onMessage, onTrouble, random } = listening
  const seen = new Set<string>()
  let pauseMs = firstPauseMs
  let askedAt = performance.now()
  const options = { waitSeconds: 20, visibilitySeconds: 0, onTrouble }
  for await (const messages of receiveLoop(queues, queue, options, signal)) {
    const fresh = messages.filter(({ messageId }) => !seen.has(messageId))
    for (const { messageId } of fresh) remember(seen, messageId)
    // An answer that took long was waited for: the queue had been empty.
    if (fresh.length > 0 || performance.now() - askedAt > 2 * pollIntervalMs()) pauseMs = firstPauseMs
    for (const message of fresh) onMessage(message)
    if (fresh.length === 0) {
      const base = messages.length >= fullReceive ? fullPauseMs : pauseMs
      await sleep(Math.min(base, pollIntervalMs()) * (0.75 + random() / 2), undefined, { signal }).catch(
        () => {},
      )
      pauseMs = Math.min(pauseMs * 2, pollIntervalMs())
    }
    askedAt = performance.now()
  }
}

function remember(seen: Set<string>, messageId: string): void {
  seen.add(messageId)
  for (const oldest of seen) {
    if (seen.size <= remembered) return
    seen.delete(oldest)
  }
}
