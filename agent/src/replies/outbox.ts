import { setTimeout as sleep } from 'node:timers/promises'
import { QueueError } from '../../../src/queues/queueError.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { createSender, type Sender } from '../../../src/queues/sender.ts'
import { type Log, reasonOf } from '../log/log.ts'

/**
 * A queue that does not exist, or that we may not use, is tried this long, milliseconds: for what must arrive a day, in which
 * an operator can fix it,
 */
const patienceMs = 24 * 3600_000
/** and for the rest until a queue that has just been made is known everywhere. */
const littlePatienceMs = 60_000
/**
 * A throw-away reply queue is deleted when its runs are over. One that is missing this long, milliseconds, does not come back:
 * a queue that is new, or that was deleted by mistake, is there after a minute.
 */
const throwAwayPatienceMs = 2 * 60_000
/** What need not survive is dropped when this many bodies wait for the same queue. */
const waitingMost = 1_000
/** What queues of the original's attributes take, bytes. Used where a queue does not tell its limit. */
const usualLimitBytes = 64 * 1024
/** How long a result waits in memory for the limit of a queue while SQS is unreachable, milliseconds. */
const limitWithinMs = 1_000
/** Queues with a sender of their own; the least recently used idle one goes. Only what must arrive makes more. */
const sendersMost = 32

export interface OutboxOptions {
  /** Ends all sending: what is not sent by then is rejected. */
  readonly signal: AbortSignal
  readonly log: Log
  /** Whether the configuration names this queue: others are named by the senders of commands, without a limit. */
  readonly isOwn: (queue: string) => boolean
  /** Whether the master of this reply queue deletes it when its runs are over. */
  readonly isThrowAway: (queue: string) => boolean
}

/** The master of a throw-away reply queue has ended and deleted it: nobody waits for the reply. */
export class NobodyWaits extends Error {
  override readonly name = 'NobodyWaits'

  constructor(queue: string) {
    super(`the master has ended, and deleted its throw-away reply queue ${queue}`)
  }
}

interface Channel {
  readonly sender: Sender
  /** Bodies under way that must arrive. */
  owed: number
}

/** Sends replies and facts, each queue in its own pace. */
export class Outbox {
  readonly #queues: Queues
  readonly #o: OutboxOptions
  readonly #channels = new Map<string, Channel>()

  constructor(queues: Queues, options: OutboxOptions) {
    this.#queues = queues
    this.#o = options
  }

  /**
   * For what must arrive. Resolves when SQS has the body.
   * @throws QueueError when it is given up, NobodyWaits when the queue is gone for good, the signal's reason when the agent
   *   ends
   */
  async send(queue: string, body: string): Promise<void> {
    const channel = this.#channelOf(queue)
    channel.owed += 1
    try {
      await channel.sender.send(body)
    } catch (error) {
      const isGone = error instanceof QueueError && error.kind === 'missing-queue'
      throw isGone && this.#isThrowAway(queue) ? new NobodyWaits(queue) : error
    } finally {
      channel.owed -= 1
    }
  }

  /** For what may get lost with the agent: acknowledgements, pings, refusals, facts. */
  post(queue: string, body: string): void {
    void this.offer(queue, body)
  }

  /** As `post`; resolves to whether SQS has the body, when that is known. */
  async offer(queue: string, body: string): Promise<boolean> {
    const { signal, log } = this.#o
    if (!this.#hasRoomFor(queue)) {
      log.debug(`Dropped a message for ${queue}: too many are waiting for SQS.`)
      return false
    }
    try {
      await this.#channelOf(queue).sender.send(body)
      return true
    } catch (error) {
      const sentence = `A message for ${queue} was given up: ${reasonOf(error)}`
      // The problem of the queue has already been logged.
      if (isLasting(error as QueueError)) log.debug(sentence)
      else if (!signal.aborted) log.warn(sentence)
      return false
    }
  }

  /**
   * Largest body that the queue takes, bytes. Masters make their own queues for 64 KB at least, so SQS is not asked about such a
   * queue when `bytes` are no more: a new master would otherwise cause a request by each of its agents.
   */
  async bodyLimit(queue: string, bytes = Number.POSITIVE_INFINITY): Promise<number> {
    const { signal, log, isOwn } = this.#o
    if (bytes <= usualLimitBytes && !isOwn(queue)) return usualLimitBytes
    const asked = this.#queues.maximumMessageSize(queue, signal).catch((error) => {
      log.debug(`Cannot read the maximum message size of ${queue}, assuming 64 KB: ${reasonOf(error)}`)
      return usualLimitBytes
    })
    return Promise.race([asked, sleep(limitWithinMs, usualLimitBytes, { ref: false })])
  }

  /** Resolves when everything is sent. */
  async idle(): Promise<void> {
    await Promise.all([...this.#channels.values()].map(({ sender }) => sender.idle()))
  }

  #isThrowAway(queue: string): boolean {
    return !this.#o.isOwn(queue) && this.#o.isThrowAway(queue)
  }

  #hasRoomFor(queue: string): boolean {
    const known = this.#channels.get(queue)
    if (known !== undefined) return known.sender.waiting.bodies < waitingMost
    if (this.#o.isOwn(queue)) return true
    const busy = [...this.#channels.values()].filter(({ sender }) => sender.waiting.bodies > 0)
    return busy.length < sendersMost
  }

  #channelOf(queue: string): Channel {
    const channel = this.#channels.get(queue) ?? this.#createChannel(queue)
    // Last in the order of use.
    this.#channels.delete(queue)
    this.#channels.set(queue, channel)
    return channel
  }

  #createChannel(queue: string): Channel {
    for (const [name, { sender }] of this.#channels) {
      if (this.#channels.size < sendersMost) break
      if (sender.waiting.bodies === 0) this.#channels.delete(name)
    }
    const tell = createFailureLog(this.#o.log, `Sending to ${queue}`)
    let missingSince: number | undefined
    const sender = createSender(this.#queues, queue, {
      signal: this.#o.signal,
      onWarning: (error) => {
        if (error === undefined) missingSince = undefined
        // At the end of the agent sending is given up, which is no success.
        if (!this.#o.signal.aborted) tell(error)
      },
      giveUp: (error, waitedMs) => {
        if (error.kind === 'missing-queue') missingSince ??= performance.now()
        if (!isLasting(error)) return false
        // Counted from when SQS first said so: what has waited for the network says nothing about the queue.
        const missingMs = performance.now() - (missingSince ?? performance.now())
        if (this.#isThrowAway(queue) && missingMs > throwAwayPatienceMs) return true
        return waitedMs > (channel.owed > 0 ? patienceMs : littlePatienceMs)
      },
    })
    const channel: Channel = { sender, owed: 0 }
    return channel
  }
}

/** Failures that last until a person fixes them. */
function isLasting({ kind }: QueueError): boolean {
  return kind === 'missing-queue' || kind === 'forbidden'
}

/** Logs the beginning, each change of kind, and the end of a failure, instead of every failed attempt. */
export function createFailureLog(log: Log, what: string): (error: QueueError | undefined) => void {
  let kind: QueueError['kind'] | undefined
  return (error) => {
    if (error === undefined) log.info(`${what} works again.`)
    else if (error.kind !== kind) log.warn(`${what}: ${error.message} [${error.details}]`)
    kind = error?.kind
  }
}
