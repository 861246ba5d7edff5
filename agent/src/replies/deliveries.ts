import { join } from 'node:path'
import type { CommandMessage } from '../../../src/protocol/messages.ts'
import { type Log, reasonOf } from '../log/log.ts'
import type { Journal } from '../store/journal.ts'
import type { Spool } from '../store/spool.ts'
import type { SpooledReply } from '../store/spooledReply.ts'
import { Delivery } from './delivery.ts'
import { NobodyWaits, type Outbox } from './outbox.ts'
import { type ReplyFrom, ReplyWriter } from './replyWriter.ts'

interface DeliveryContext {
  readonly from: ReplyFrom
  readonly log: Log
  readonly now: () => number
}

/** A reply that is being written. Nothing of it is sent before `deliver` is called. */
export interface OpenReply {
  readonly writer: ReplyWriter
  deliver(): void
}

/** The replies that are due: sends each as it grows, and has the journal know when it is delivered. */
export class Deliveries {
  readonly #context: DeliveryContext
  readonly #journal: Pick<Journal, 'delivered'>
  readonly #spool: Spool
  readonly #outbox: Pick<Outbox, 'send' | 'bodyLimit'>
  readonly #due = new Set<string>()
  readonly #underWay = new Set<Promise<void>>()
  #closing = false

  constructor(
    context: DeliveryContext,
    journal: Pick<Journal, 'delivered'>,
    spool: Spool,
    outbox: Pick<Outbox, 'send' | 'bodyLimit'>,
  ) {
    this.#context = context
    this.#journal = journal
    this.#spool = spool
    this.#outbox = outbox
  }

  /** Whether the reply to this run is not delivered yet. */
  isDue(runId: string): boolean {
    return this.#due.has(runId)
  }

  get isIdle(): boolean {
    return this.#due.size === 0
  }

  /** The reply to this run will be delivered: until then nothing of it is removed. */
  expect(runId: string): void {
    this.#due.add(runId)
  }

  /** Begins the reply to a command. */
  open({ runId, replyTo }: CommandMessage, outputLimitBytes: number): OpenReply {
    const { from, now } = this.#context
    const spooled = this.#spool.create(runId)
    let wake = () => {}
    const writer = new ReplyWriter({
      runId,
      from,
      spooled,
      outputLimitBytes,
      bodyLimit: (bytes) => this.#outbox.bodyLimit(replyTo, bytes),
      tailPath: join(this.#spool.directory, runId),
      now,
      onBody: () => wake(),
    })
    return {
      writer,
      deliver: () => {
        wake = this.start(runId, replyTo, spooled)
      },
    }
  }

  /** Delivers a reply; the function that is returned says that there is more in the spool. */
  start(runId: string, replyTo: string, spooled: SpooledReply): () => void {
    this.expect(runId)
    const delivery = new Delivery(spooled, (body) => this.#outbox.send(replyTo, body))
    const ending = this.#awaitEnd(runId, spooled, delivery)
      .catch((error) => this.#context.log.error(`Run ${runId}: ${reasonOf(error)}`))
      .finally(() => this.#underWay.delete(ending))
    this.#underWay.add(ending)
    return () => delivery.wake()
  }

  /** From now on, what fails is left to the next process. Resolves when everything is delivered, or has failed. */
  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.#underWay)
  }

  async #awaitEnd(runId: string, spooled: SpooledReply, delivery: Delivery): Promise<void> {
    const { log, now } = this.#context
    try {
      await delivery.done
    } catch (error) {
      if (this.#closing) return
      if (error instanceof NobodyWaits) log.info(`The reply to run ${runId} is not sent: ${error.message}.`)
      else log.error(`Gave up the reply to run ${runId}: ${reasonOf(error)}`)
    } finally {
      spooled.close()
    }
    this.#journal.delivered(runId)
    this.#due.delete(runId)
    await this.#spool
      .prune(this.#due, now())
      .catch((error) => log.warn(`Cannot clean up the spool: ${reasonOf(error)}`))
  }
}
