import { setTimeout as delay } from 'node:timers/promises'
import { openBody } from '../../protocol/envelope.ts'
import type { FactsMessage } from '../../protocol/messages.ts'
import type { Environment } from '../../queues/environment.ts'
import type { Queues, ReceivedMessage } from '../../queues/queues.ts'
import { retry } from '../../queues/retry.ts'
import { type Localizable, LocalizableError, say, sentenceOf } from '../../text/localizable.ts'
import type { Inventory } from './inventory.ts'
import { isSaidAfter, type SaidFacts } from './sighting.ts'

/** Parallel receivers. Each request takes about 20 ms to SQS and back. */
const receivers = 8

/** Tries of each receive after errors that may pass: a sweep is many receives, and one failure would waste all of them. */
const receiveTries = 4

/** How long a sweep hides messages from other masters: for a small queue, and at most, seconds. */
const hideSeconds = { least: 2, most: 30 }

/** Facts are published at least every 30 s and are valid for 60 s: older ones are leftovers. Milliseconds. */
const retentionMs = 60_000

/** While others hide messages, the queue is read until nothing new has come for this long beyond the time of hiding. */
const quietMs = 2_000

/** Error of our estimate of SQS's clock: half a second, and the delay of the response it is read from. */
const clockErrorMs = 1_000

/** A message that is ignored. */
export interface UnreadableMessage {
  readonly messageId: string
  readonly reason: Localizable
}

/** The result of a sweep. */
export interface Sweep {
  readonly messages: number
  readonly unreadable: readonly UnreadableMessage[]
  /** False when others kept hiding messages, so that some may be unread. */
  readonly isComplete: boolean
}

/**
 * Reads the whole facts queue into the inventory. With visibility 0 this would be a coupon collector's problem, so messages
 * are hidden while they are read. Several masters may sweep at the same time and hide messages from one another: while SQS
 * says that others hide some, a sweep puts back what it has and reads again, until it has seen all known agents, or nothing
 * new for a while. Messages that are superseded by newer ones of the same agent are deleted, which keeps the next sweep
 * short.
 * @throws QueueError when the queue cannot be read
 */
export async function sweepFacts(
  queues: Queues,
  environment: Pick<Environment, 'name' | 'queues'>,
  inventory: Inventory,
  sqsNow: () => number,
  signal?: AbortSignal,
): Promise<Sweep> {
  const queue = environment.queues.facts
  const { visible, notVisible } = await queues.attributes(queue, signal)
  const held = visible + notVisible
  const visibilitySeconds = Math.min(hideSeconds.most, Math.max(hideSeconds.least, Math.ceil(held / 500)))
  const reading = new Reading(environment.name, inventory, sqsNow(), held, visibilitySeconds * 1000)
  const receive = async (waitSeconds: number) => {
    const once = () => queues.receive(queue, { waitSeconds, visibilitySeconds }, signal)
    return reading.take(await retry(receiveTries, once, signal))
  }
  const drain = async () => {
    // A short poll asks only some of SQS's servers, so one that returns nothing proves little.
    while ((await receive(0)) || (!reading.hasAsMany && (await receive(0))));
  }
  const putBack = async () => {
    const { superseded, current } = reading.letGo()
    await Promise.all([queues.delete(queue, superseded, signal), queues.release(queue, current, signal)])
  }

  const count = Math.min(receivers, Math.max(1, Math.ceil(held / 10)))
  let isComplete = true
  for (;;) {
    await Promise.all(Array.from({ length: count }, drain))
    if (reading.hasAllKnown) break
    const left = await queues.attributes(queue, signal)
    if (left.notVisible > reading.hidden) {
      if (Date.now() - reading.lastNewsAt > visibilitySeconds * 1000 + quietMs) {
        isComplete = false
        break
      }
      await putBack()
      await delay(50 + Math.random() * 250, undefined, { signal })
    } else {
      if (reading.hasAsMany || (left.visible === 0 && reading.messages > 0)) break
      // Where the counts are not conclusive: one long poll asks all servers.
      if (!(await receive(1))) break
    }
  }
  await putBack()
  inventory.looked({ kind: isComplete ? 'complete' : 'unsure', at: sqsNow() })
  return { messages: reading.messages, unreadable: reading.unreadable, isComplete }
}

/** The state of a sweep. */
class Reading {
  readonly #environment: string
  readonly #inventory: Inventory
  readonly #startedAt: number
  /** Messages on the queue at the start, approximately. */
  readonly #held: number
  readonly #hideMs: number
  /** Agents still to be found. */
  readonly #awaited: Set<string>
  readonly #hadAgents: boolean
  readonly #seen = new Set<string>()
  readonly #latest = new Map<string, SaidFacts & { readonly received: ReceivedMessage }>()
  readonly #superseded = new Map<string, ReceivedMessage>()
  /** Messages that we received and have not put back, and since when they are hidden from others. */
  readonly #hidden = new Map<string, { readonly message: ReceivedMessage; readonly since: number }>()
  readonly unreadable: UnreadableMessage[] = []
  #old = 0
  lastNewsAt = Date.now()

  constructor(environment: string, inventory: Inventory, startedAt: number, held: number, hideMs: number) {
    this.#environment = environment
    this.#inventory = inventory
    this.#startedAt = startedAt + clockErrorMs
    this.#held = held
    this.#hideMs = hideMs
    const live = inventory.agents().filter(({ state }) => state === 'live')
    this.#awaited = new Set(live.map(({ agentId }) => agentId))
    this.#hadAgents = this.#awaited.size > 0
  }

  get messages(): number {
    return this.#seen.size
  }

  /** Every agent that was live in the inventory has been found, and there was at least one. */
  get hasAllKnown(): boolean {
    return this.#hadAgents && this.#awaited.size === 0
  }

  get hasAsMany(): boolean {
    return this.#held > 0 && this.#old >= this.#held
  }

  /** Messages that we currently hide from others. */
  get hidden(): number {
    const since = Date.now() - this.#hideMs
    let count = this.#superseded.size
    for (const hidden of this.#hidden.values()) if (hidden.since > since) count += 1
    return count
  }

  /**
   * Whether any of these messages was new to us and older than the sweep: more of them may be left. (Agents keep
   * publishing, so the queue may never be empty.)
   */
  take(messages: readonly ReceivedMessage[]): boolean {
    let goesOn = false
    for (const message of messages) {
      const { messageId } = message
      const isOld = message.sentAt <= this.#startedAt
      if (isOld && !this.#hidden.has(messageId) && !this.#superseded.has(messageId)) goesOn = true
      // Only the latest receipt handle is valid.
      if (this.#superseded.has(messageId)) this.#superseded.set(messageId, message)
      else this.#hidden.set(messageId, { message, since: Date.now() })
      if (this.#seen.has(messageId)) continue
      this.#seen.add(messageId)
      this.#read(message)
      if (!isOld) continue
      this.#old += 1
      this.lastNewsAt = Date.now()
    }
    return goesOn
  }

  /** The messages to make visible again (`current`), and to delete (`superseded`). */
  letGo(): { superseded: ReceivedMessage[]; current: ReceivedMessage[] } {
    const superseded = [...this.#superseded.values()]
    const current = [...this.#hidden.values()].map(({ message }) => message)
    this.#superseded.clear()
    this.#hidden.clear()
    return { superseded, current }
  }

  #read(message: ReceivedMessage): void {
    try {
      const facts = factsOf(message, this.#environment, this.#inventory)
      this.#awaited.delete(facts.agentId)
      this.#inventory.recordFacts(facts, message.sentAt, message.senderId)
      const said = { message: facts, sentAt: message.sentAt, received: message }
      const other = this.#latest.get(facts.agentId)
      const isNewer = other === undefined || isSaidAfter(said, other)
      if (isNewer) this.#latest.set(facts.agentId, said)
      if (other !== undefined) this.#supersede(isNewer ? other.received : message)
      if (this.#startedAt - message.sentAt > retentionMs) this.#supersede(message)
    } catch (error) {
      this.unreadable.push({ messageId: message.messageId, reason: sentenceOf(error) })
    }
  }

  #supersede(message: ReceivedMessage): void {
    const { messageId } = message
    this.#superseded.set(messageId, this.#hidden.get(messageId)?.message ?? message)
    this.#hidden.delete(messageId)
  }
}

function factsOf(message: ReceivedMessage, environment: string, inventory: Inventory): FactsMessage {
  const facts = openBody(message.body, 'facts').message
  // Agents of another environment refuse our commands.
  if (facts.environment !== environment)
    throw new LocalizableError(say('facts of environment {0}', facts.environment))
  if (inventory.identify(facts.agentId, message.senderId) === 'mismatch') {
    throw new LocalizableError(
      say(
        'facts under the name of {0}, sent by {1}',
        facts.agentId,
        message.senderId ?? say('an unknown sender'),
      ),
    )
  }
  return facts
}
