import { type Log, reasonOf } from '../log/log.ts'
import type { Journal } from '../store/journal.ts'
import type { Spool } from '../store/spool.ts'
import type { SpooledReply } from '../store/spooledReply.ts'
import { Delivery } from './delivery.ts'
import type { Outbox } from './outbox.ts'

export interface DeliveriesParts {
  readonly journal: Journal
  readonly spool: Spool
  readonly outbox: Outbox
  readonly log: Log
  readonly now: () => number
}

/** The replies that are due: sends each as it grows, and has the journal know when it is delivered. */
export class Deliveries {
  readonly #parts: DeliveriesParts
  readonly #due = new Set<string>()
  readonly #underWay = new Set<Promise<void>>()
  #closing = false

  constructor(parts: DeliveriesParts) {
    this.#parts = parts
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

  /** Delivers a reply; the function that is returned says that there is more in the spool. */
  start(runId: string, replyTo: string, spooled: SpooledReply): () => void {
    this.expect(runId)
    const delivery = new Delivery(spooled, (body) => this.#parts.outbox.send(replyTo, body))
    const ending = this.#awaitEnd(runId, spooled, delivery)
      .catch((error) => this.#parts.log.error(`Run ${runId}: ${reasonOf(error)}`))
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
    const { journal, log, spool, now } = this.#parts
    try {
      await delivery.done
    } catch (error) {
      if (this.#closing) return
      log.error(`The reply to run ${runId} was given up: ${reasonOf(error)}`)
    } finally {
      spooled.close()
    }
    journal.delivered(runId)
    this.#due.delete(runId)
    await spool.prune(this.#due, now()).catch((error) => log.warn(`The spool: ${reasonOf(error)}`))
  }
}
