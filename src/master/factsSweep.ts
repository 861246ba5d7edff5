import { setTimeout as delay } from 'node:timers/promises'
import { openBody } from '../protocol/envelope.ts'
import type { FactsMessage } from '../protocol/messages.ts'
import type { Queues, ReceivedMessage } from '../queues/queues.ts'
import type { Inventory } from './inventory.ts'

/** Receivers at a time. Each request takes some 20 ms to SQS and back. */
const receivers = 8

/** What one sweep hides messages from other masters for: seconds, for a small queue and at most. */
const hideSeconds = { least: 2, most: 30 }

/** Facts are said every 30 s at most and live for 60 s: what is older is a leftover. */
const retentionMs = 60_000

/** What a sweep saw. */
export interface Sweep {
  readonly messages: number
  readonly unreadable: readonly { messageId: string; reason: string }[]
}

/**
 * Reads the facts queue once through. With visibility 0 that would be a coupon collector's task, so messages are hidden
 * for a moment while they are read; several masters may sweep at a time, so a sweep does not end at an empty answer
 * but when as many messages as the queue holds have been seen, or their hiding must be over.
 * Messages that are superseded by newer ones of the same agent are deleted, which keeps the next sweep short.
 * @throws QueueError when the queue cannot be read
 */
export async function sweepFacts(
  queues: Queues,
  queue: string,
  inventory: Inventory,
  sqsNow: () => number,
  signal?: AbortSignal,
): Promise<Sweep> {
  const { visible, notVisible } = await queues.attributes(queue, signal)
  const held = visible + notVisible
  const visibilitySeconds = Math.min(hideSeconds.most, Math.max(hideSeconds.least, Math.ceil(held / 500)))
  const seen = new Set<string>()
  const latest = new Map<string, Latest>()
  const superseded: ReceivedMessage[] = []
  const unreadable: { messageId: string; reason: string }[] = []
  let lastNewsAt = Date.now()

  const take = (message: ReceivedMessage) => {
    if (seen.has(message.messageId)) return
    seen.add(message.messageId)
    lastNewsAt = Date.now()
    if (sqsNow() - message.sentAt > retentionMs) superseded.push(message)
    let facts: FactsMessage
    try {
      facts = factsOf(message)
    } catch (error) {
      unreadable.push({ messageId: message.messageId, reason: (error as Error).message })
      return
    }
    const other = latest.get(facts.agentId)
    if (other !== undefined) superseded.push(other.message.sentAt <= message.sentAt ? other.message : message)
    if (other === undefined || other.message.sentAt <= message.sentAt)
      latest.set(facts.agentId, { message, facts })
  }

  const receive = async () => {
    for (;;) {
      const messages = await queues.receive(queue, { waitSeconds: 0, visibilitySeconds }, signal)
      for (const message of messages) take(message)
      if (messages.length > 0) continue
      if (seen.size >= held || Date.now() - lastNewsAt > visibilitySeconds * 1000 + 500) return
      await delay(100, undefined, { signal })
    }
  }
  await Promise.all(Array.from({ length: Math.min(receivers, Math.max(1, Math.ceil(held / 10))) }, receive))
  for (const { message, facts } of latest.values()) inventory.hear(facts, message.sentAt, message.senderId)

  const current = new Map([...latest.values()].map(({ message }) => [message.messageId, message]))
  const leftovers = [...new Set(superseded)]
  for (const { messageId } of leftovers) current.delete(messageId)
  await Promise.all([
    leftovers.length > 0 && queues.delete(queue, leftovers, signal),
    current.size > 0 && queues.release(queue, [...current.values()], signal),
  ])
  return { messages: seen.size, unreadable }
}

interface Latest {
  readonly message: ReceivedMessage
  readonly facts: FactsMessage
}

function factsOf(message: ReceivedMessage): FactsMessage {
  const opened = openBody(message.body).message
  if (opened.type !== 'facts') throw new Error(`a ${opened.type} message among the facts`)
  return opened
}
