import { setTimeout as sleep } from 'node:timers/promises'
import { contained } from '../../../src/async/contained.ts'
import type { QueueError } from '../../../src/queues/queueError.ts'
import type { Queues, ReceivedMessage } from '../../../src/queues/queues.ts'
import { receiveLoop } from '../../../src/queues/receiveLoop.ts'
import { createPollPace } from './pollPace.ts'

/** More messages than this are not remembered: a forgotten one is read again, which does no harm. */
const remembered = 20_000

export interface ListenOptions {
  readonly queues: Pick<Queues, 'receive'>
  readonly queue: string
  /** Longest pause, milliseconds. */
  readonly pollIntervalMs: () => number
  readonly onMessage: (message: ReceivedMessage) => void
  readonly onWarning: (error: QueueError | undefined) => void
  /** From 0 to below 1. */
  readonly random: () => number
}

/** Receives broadcasts until `signal` aborts and passes on each message once. Hides no message from other agents. */
export async function listen(listening: ListenOptions, signal: AbortSignal): Promise<void> {
  const { queues, queue, pollIntervalMs, onMessage, onWarning, random } = listening
  const seen = new Set<string>()
  const pace = createPollPace(random)
  const handOn = contained(onMessage)
  const options = () => ({ waitSeconds: 20, visibilitySeconds: 0 })
  for await (const messages of receiveLoop(queues, queue, options, signal, { onWarning })) {
    if (messages.length === 0) continue
    let fresh = 0
    for (const message of messages) {
      if (seen.has(message.messageId)) continue
      remember(seen, message.messageId)
      fresh += 1
      handOn(message)
    }
    const pauseMs = pace({ total: messages.length, fresh }, pollIntervalMs())
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => {})
  }
}

function remember(seen: Set<string>, messageId: string): void {
  seen.add(messageId)
  for (const oldest of seen) {
    if (seen.size <= remembered) return
    seen.delete(oldest)
  }
}
