import { setTimeout as sleep } from 'node:timers/promises'
import type { QueueError } from '../../src/queues/queueError.ts'
import type { Queues } from '../../src/queues/queues.ts'
import { createSender, type Sender } from '../../src/queues/sender.ts'
import { type Log, reasonOf } from './log.ts'

/** A reply queue that does not exist, or that we may not use, is tried this long, milliseconds. */
const patienceMs = 24 * 3600_000
/** What need not survive is dropped when this many bodies wait for the same queue. */
const waitingMost = 1_000
/** What queues of the original's attributes take, bytes. Used where a queue does not tell its limit. */
const usualLimitBytes = 64 * 1024
/** A result must not wait in memory for an SQS that is away, milliseconds. */
const limitWithinMs = 1_000
/** Reply queues with a sender of their own; the least recently used idle one goes. */
const sendersMost = 32

/** Sends replies and facts, each queue in its own pace. */
export class Outbox {
  readonly #queues: Queues
  readonly #signal: AbortSignal
  readonly #log: Log
  readonly #senders = new Map<string, Sender>()

  /** @param signal ends all sending: what is not sent by then is rejected */
  constructor(queues: Queues, signal: AbortSignal, log: Log) {
    this.#queues = queues
    this.#signal = signal
    this.#log = log
  }

  /**
   * Resolves when SQS has the body.
   * @throws QueueError when it is given up, the signal's reason when the agent ends
   */
  send(queue: string, body: string): Promise<void> {
    return this.#senderOf(queue).send(body)
  }

  /** For what may get lost with the agent: acknowledgements, pings, refusals, facts. */
  post(queue: string, body: string): void {
    const sender = this.#senderOf(queue)
    if (sender.waiting.bodies >= waitingMost) return
    sender.send(body).catch((error) => {
      if (!this.#signal.aborted) this.#log.warn(`A message for ${queue} was given up: ${reasonOf(error)}`)
    })
  }

  /** Largest body that the queue takes, bytes. */
  async bodyLimit(queue: string): Promise<number> {
    const asked = this.#queues.maximumMessageSize(queue, this.#signal).catch((error) => {
      this.#log.debug(`${queue} does not tell its largest message size, 64 KB is assumed: ${reasonOf(error)}`)
      return usualLimitBytes
    })
    return Promise.race([asked, sleep(limitWithinMs, usualLimitBytes, { ref: false })])
  }

  /** Resolves when everything is sent. */
  async idle(): Promise<void> {
    await Promise.all([...this.#senders.values()].map((sender) => sender.idle()))
  }

  #senderOf(queue: string): Sender {
    const known = this.#senders.get(queue)
    const sender = known ?? this.#createSender(queue)
    // Last in the order of use.
    this.#senders.delete(queue)
    this.#senders.set(queue, sender)
    return sender
  }

  #createSender(queue: string): Sender {
    for (const [name, { waiting }] of this.#senders) {
      if (this.#senders.size < sendersMost) break
      if (waiting.bodies === 0) this.#senders.delete(name)
    }
    const tell = createTroubleTeller(this.#log, `Sending to ${queue}`)
    return createSender(this.#queues, queue, {
      signal: this.#signal,
      onTrouble: tell,
      giveUp: (error, waitedMs) => error.kind === 'missing-queue' && waitedMs > patienceMs,
    })
  }
}

/** Logs the beginning, each change of kind, and the end of trouble, instead of every failed attempt. */
export function createTroubleTeller(log: Log, what: string): (error: QueueError | undefined) => void {
  let kind: QueueError['kind'] | undefined
  return (error) => {
    if (error === undefined) log.info(`${what} works again.`)
    else if (error.kind !== kind) log.warn(`${what}: ${error.message}`)
    kind = error?.kind
  }
}
