import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { lengthOf, maxReportLength, sealBody } from '../../../src/protocol/envelope.ts'
import type { Facts } from '../../../src/protocol/facts.ts'
import type { FactsMessage } from '../../../src/protocol/messages.ts'
import type { FactReader } from '../facts/factReader.ts'
import type { Log } from '../log/log.ts'
import type { Outbox } from '../replies/outbox.ts'

/** SQS and the master take sentences of at most this length. */
const problemLength = 1000

/** What a facts message says beside the facts. */
export type FactsHead = Omit<FactsMessage, 'type' | 'problems' | 'facts'>

export interface PublisherOptions {
  readonly reader: FactReader
  readonly outbox: Pick<Outbox, 'post' | 'bodyLimit'>
  readonly log: Log
  /** From 0 to below 1. */
  readonly random: () => number
  /** As it is at the moment. */
  readonly head: () => FactsHead
  readonly settings: () => {
    readonly queue: string
    readonly publish: boolean
    readonly refreshMs: number
  }
}

/** Keeps facts fresh and tells masters of them, so that they know whom to expect. */
export class FactsPublisher {
  readonly #o: PublisherOptions
  #announced = ''
  #announcedAt = Number.NEGATIVE_INFINITY
  #problems: readonly string[] = []

  constructor(options: PublisherOptions) {
    this.#o = options
  }

  /**
   * Reads all sources and announces what changed.
   * @returns the facts
   */
  async refresh(): Promise<Facts> {
    const { facts, problems } = await this.#o.reader.refresh()
    this.#logProblems(problems)
    if (digestOf(facts, problems) !== this.#announced) this.announce()
    return facts
  }

  /** Tells of facts, problems and running runs as they are now. */
  announce(): void {
    const { reader, settings } = this.#o
    this.#announced = digestOf(reader.latest.facts, reader.latest.problems)
    this.#announcedAt = performance.now()
    // Nobody waits for SQS here: facts are also for filtering.
    if (settings().publish) void this.#publish(settings().queue)
  }

  /** Refreshes and announces, each in its interval, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let refreshedAt = performance.now()
    while (!signal.aborted) {
      const { intervalMs } = this.#o.head()
      const { refreshMs } = this.#o.settings()
      // A fleet that was started together does not announce together.
      const dueAt = this.#announcedAt + intervalMs * (0.85 + 0.1 * this.#o.random())
      const wakeAt = Math.min(dueAt, refreshedAt + refreshMs)
      await sleep(Math.max(0, wakeAt - performance.now()), undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      if (performance.now() >= refreshedAt + refreshMs) {
        await this.refresh()
        refreshedAt = performance.now()
      }
      if (performance.now() >= dueAt) this.announce()
    }
  }

  async #publish(queue: string): Promise<void> {
    const { outbox } = this.#o
    const limitBytes = await outbox.bodyLimit(queue)
    outbox.post(queue, this.#fittingBody(limitBytes))
  }

  /** Facts that are too large for the queue lose their largest parts, and say so. */
  #fittingBody(limitBytes: number): string {
    const { reader } = this.#o
    let facts = reader.latest.facts
    const problems = [...reader.latest.problems]
    for (;;) {
      const message = this.#message(facts, problems)
      const body = sealBody(message)
      const largest = largestKeyOf(facts)
      const isReadable = lengthOf(message) <= maxReportLength
      if ((body.length <= limitBytes && isReadable) || largest === undefined) return body
      facts = Object.fromEntries(Object.entries(facts).filter(([key]) => key !== largest))
      problems.push(
        isReadable
          ? `Fact ${largest} is not published: the facts are larger than the queue's ${limitBytes} bytes.`
          : `Fact ${largest} is not published: the facts are more than ${maxReportLength} characters.`,
      )
    }
  }

  #message(facts: Facts, problems: readonly string[]): FactsMessage {
    return {
      type: 'facts',
      ...this.#o.head(),
      ...(problems.length > 0
        ? { problems: problems.map((problem) => problem.slice(0, problemLength)) }
        : {}),
      facts,
    }
  }

  #logProblems(problems: readonly string[]): void {
    const { log } = this.#o
    for (const problem of problems) if (!this.#problems.includes(problem)) log.warn(`Facts: ${problem}`)
    for (const problem of this.#problems)
      if (!problems.includes(problem)) log.info(`Facts: no longer: ${problem}`)
    this.#problems = problems
  }
}

function digestOf(facts: Facts, problems: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([facts, problems]))
    .digest('hex')
}

function largestKeyOf(facts: Facts): string | undefined {
  const sizes = Object.entries(facts)
    .filter(([key]) => key !== 'agent' && key !== 'hostname')
    .map(([key, value]) => ({ key, size: JSON.stringify(value).length }))
  return sizes.sort((one, other) => other.size - one.size)[0]?.key
}
