import { setTimeout as delay } from 'node:timers/promises'
import { openBody } from '../protocol/envelope.ts'
import type { FactsMessage } from '../protocol/messages.ts'
import { patiently } from '../queues/patiently.ts'
import type { Queues, ReceivedMessage } from '../queues/queues.ts'
import { checkIdentity } from './identity.ts'
import type { Inventory } from './inventory.ts'

/** Receivers at a time. Each request takes some 20 ms to SQS and back. */
const receivers = 8

/** A sweep is many receives: one that fails for a reason that may pass is tried so often, or the others were for nothing. */
const receiveTries = 4

/** What one sweep hides messages from other masters for: seconds, for a small queue and at most. */
const hideSeconds = { least: 2, most: 30 }

/** Facts are said every 30 s at most and live for 60 s: what is older is a leftover. */
const retentionMs = 60_000

/** While another master may be hiding what is missing, the queue is read again until nothing new came for so long. */
const quietMs = 2_000

/** SQS's clock is known to the second. */
const clockErrorMs = 500

/** What a sweep saw. */
export interface Sweep {
  readonly messages: number
  readonly unreadable: readonly { messageId: string; reason: string }[]
}

/**
 * Reads the facts queue once through, into the inventory. With visibility 0 that would be a coupon collector's task, so
 * messages are hidden for a moment while they are read. Several masters may sweep at a time and hide messages from one
 * another: a sweep puts back what it has, and reads again, until it has seen as many messages as the queue holds, or all
 * agents that it knew, or nothing new for a while. Messages that are superseded by newer ones of the same agent are
 * deleted, which keeps the next sweep short.
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
  const reading = new Reading(inventory, sqsNow(), held)
  const visibilitySeconds = Math.min(hideSeconds.most, Math.max(hideSeconds.least, Math.ceil(held / 500)))
  const receive = async (waitSeconds: number) => {
    const once = () => queues.receive(queue, { waitSeconds, visibilitySeconds }, signal)
    const messages = await patiently(receiveTries, once, signal)
    return reading.take(messages)
  }
  const drain = async () => {
    while (await receive(0));
  }
  const putBack = () => queues.release(queue, reading.letGo(), signal)

  const count = Math.min(receivers, Math.max(1, Math.ceil(held / 10)))
  for (;;) {
    await Promise.all(Array.from({ length: count }, drain))
    if (reading.isComplete) break
    // Short polls ask some of SQS's servers only. This one asks them all.
    if (await receive(1)) continue
    if (reading.isComplete || held === 0 || Date.now() - reading.lastNewsAt > quietMs) break
    await putBack()
    await delay(100 + Math.random() * 300, undefined, { signal })
  }
  await Promise.all([putBack(), queues.delete(queue, reading.superseded(), signal)])
  return { messages: reading.messages, unreadable: reading.unreadable }
}

/** What was read so far. */
class Reading {
  readonly #inventory: Inventory
  readonly #startedAt: number
  /** Messages that the queue held at the start, as far as SQS knows. */
  readonly #held: number
  /** Agents that should be found. */
  readonly #awaited: Set<string>
  readonly #hadAgents: boolean
  readonly #seen = new Set<string>()
  readonly #latest = new Map<string, ReceivedMessage>()
  readonly #superseded = new Map<string, ReceivedMessage>()
  /** Hidden from others, by us. */
  readonly #hidden = new Map<string, ReceivedMessage>()
  readonly unreadable: { messageId: string; reason: string }[] = []
  #old = 0
  lastNewsAt = Date.now()

  constructor(inventory: Inventory, startedAt: number, held: number) {
    this.#inventory = inventory
    this.#startedAt = startedAt + clockErrorMs
    this.#held = held
    const live = inventory.agents().filter(({ state }) => state === 'live')
    this.#awaited = new Set(live.map(({ agentId }) => agentId))
    this.#hadAgents = this.#awaited.size > 0
  }

  get messages(): number {
    return this.#seen.size
  }

  get isComplete(): boolean {
    const isRead = this.#held > 0 && this.#old >= this.#held
    return isRead || (this.#hadAgents && this.#awaited.size === 0)
  }

  /** Whether there was a message among them that is new to us, and was there when we began: more of them may be left. */
  take(messages: readonly ReceivedMessage[]): boolean {
    let isNews = false
    for (const message of messages) {
      // SQS: only the latest handle is good.
      if (this.#superseded.has(message.messageId)) this.#superseded.set(message.messageId, message)
      else this.#hidden.set(message.messageId, message)
      if (this.#seen.has(message.messageId)) continue
      this.#seen.add(message.messageId)
      this.#read(message)
      if (message.sentAt > this.#startedAt) continue
      this.#old += 1
      isNews = true
      this.lastNewsAt = Date.now()
    }
    return isNews
  }

  /** What others may see again. */
  letGo(): ReceivedMessage[] {
    const messages = [...this.#hidden.values()]
    this.#hidden.clear()
    return messages
  }

  superseded(): ReceivedMessage[] {
    return [...this.#superseded.values()]
  }

  #read(message: ReceivedMessage): void {
    try {
      const facts = factsOf(message)
      this.#awaited.delete(facts.agentId)
      this.#inventory.hear(facts, message.sentAt, message.senderId)
      const other = this.#latest.get(facts.agentId)
      const isNewer = other === undefined || other.sentAt <= message.sentAt
      if (isNewer) this.#latest.set(facts.agentId, message)
      if (other !== undefined) this.#supersede(isNewer ? other : message)
      if (this.#startedAt - message.sentAt > retentionMs) this.#supersede(message)
    } catch (error) {
      this.unreadable.push({ messageId: message.messageId, reason: (error as Error).message })
    }
  }

  #supersede(message: ReceivedMessage): void {
    const { messageId } = message
    this.#superseded.set(messageId, this.#hidden.get(messageId) ?? message)
    this.#hidden.delete(messageId)
  }
}

function factsOf(message: ReceivedMessage): FactsMessage {
  const facts = openBody(message.body).message
  if (facts.type !== 'facts') throw new Error(`a ${facts.type} message among the facts`)
  if (checkIdentity(facts.agentId, message.senderId) === 'mismatch') {
    throw new Error(`facts in the name of ${facts.agentId} that ${message.senderId} sent`)
  }
  return facts
}
