import { setTimeout as sleep } from 'node:timers/promises'
import { bodyBounds } from '../../../src/protocol/bounds.ts'
import { sealBody, tooLarge } from '../../../src/protocol/envelope.ts'
import type { Facts } from '../../../src/protocol/facts.ts'
import type { FactsMessage } from '../../../src/protocol/messages.ts'
import type { FactReader } from '../facts/factReader.ts'
import { type Log, reasonOf } from '../log/log.ts'
import type { Outbox } from '../replies/outbox.ts'
import { FactChanges } from './factChanges.ts'

/** SQS and the master take sentences of at most this length. */
const problemLength = 1000

/** What a facts message says beside the facts. */
export type FactsHead = Omit<FactsMessage, 'type' | 'leaving' | 'problems' | 'facts'>

export interface PublisherOptions {
  readonly reader: FactReader
  readonly outbox: Pick<Outbox, 'post' | 'bodyLimit'>
  readonly log: Log
  /** From 0 to below 1. */
  readonly random: () => number
  /** As it is at the moment. */
  readonly head: () => FactsHead
  /** Sentences about what is wrong with the agent itself. */
  readonly conditions: () => readonly string[]
  readonly settings: () => {
    readonly queue: string
    readonly publish: boolean
    readonly refreshMs: number
  }
}

/** Keeps facts fresh and tells masters of them, so that they know whom to expect. */
export class FactsPublisher {
  readonly #o: PublisherOptions
  readonly #changes = new FactChanges()
  #announcedAt = Number.NEGATIVE_INFINITY
  #told: readonly string[] = []
  #toldDropped = ''

  constructor(options: PublisherOptions) {
    this.#o = options
  }

  /**
   * Reads all sources and announces what changed.
   * @param fresh read also what is usually kept for a while
   * @returns the facts
   */
  async refresh(fresh = false): Promise<Facts> {
    const { facts, problems, warnings } = await this.#o.reader.refresh(fresh)
    this.#tell([...problems, ...warnings])
    if (this.#changes.isNews(facts, [...problems, ...this.#o.conditions()])) this.announce()
    return facts
  }

  /** Tells of facts, problems and running runs as they are now. */
  announce(): void {
    const { settings } = this.#o
    this.#announcedAt = performance.now()
    // Nobody waits for SQS here: facts are also for filtering.
    if (settings().publish)
      this.#publish(settings().queue).catch((error) =>
        this.#o.log.error(`Cannot publish facts: ${reasonOf(error)}`),
      )
  }

  /** Tells masters that the agent stops: they no longer expect it. Resolves when that is on its way. */
  async leave(): Promise<void> {
    const { settings, log } = this.#o
    if (!settings().publish) return
    await this.#publish(settings().queue, true).catch((error) =>
      log.error(`Cannot publish that the agent stops: ${reasonOf(error)}`),
    )
  }

  /** Refreshes and announces, each in its interval, until `signal` aborts. Nothing that fails ends it. */
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
        await this.refresh().catch((error) => this.#o.log.error(`Cannot read facts: ${reasonOf(error)}`))
        refreshedAt = performance.now()
      }
      if (performance.now() >= dueAt) this.announce()
    }
  }

  async #publish(queue: string, isLeaving = false): Promise<void> {
    const { outbox } = this.#o
    const limitBytes = await outbox.bodyLimit(queue)
    outbox.post(queue, this.#fittingBody(limitBytes, isLeaving))
  }

  /** Facts that are too large for the queue, or for masters, lose their largest parts, and say so. */
  #fittingBody(limitBytes: number, isLeaving: boolean): string {
    const { facts } = this.#o.reader.latest
    const problems = [...this.#o.conditions(), ...this.#o.reader.latest.problems]
    const largest = keysBySize(facts)
    const attempt = (without: number) => {
      const dropped = new Set(largest.slice(0, without))
      const left = Object.fromEntries(Object.entries(facts).filter(([key]) => !dropped.has(key)))
      const told = [...problems, ...describeDropped([...dropped], limitBytes)]
      const message = { ...this.#message(left, told), ...(isLeaving ? { leaving: true } : {}) }
      const body = sealBody(message)
      return { body, dropped, fits: body.length <= limitBytes && tooLarge(message) === undefined }
    }
    let best = attempt(0)
    if (best.fits) return this.#tellDropped(best, limitBytes)
    // As few as possible, found in a few attempts, as there may be thousands of facts.
    let [tooFew, enough] = [0, largest.length]
    best = attempt(enough)
    while (enough - tooFew > 1) {
      const middle = Math.floor((tooFew + enough) / 2)
      const tried = attempt(middle)
      if (tried.fits) [enough, best] = [middle, tried]
      else tooFew = middle
    }
    return this.#tellDropped(best, limitBytes)
  }

  #tellDropped(
    { body, dropped }: { body: string; dropped: ReadonlySet<string> },
    limitBytes: number,
  ): string {
    const sentence = describeDropped([...dropped], limitBytes).join()
    if (sentence !== '' && sentence !== this.#toldDropped) this.#o.log.warn(sentence)
    this.#toldDropped = sentence
    return body
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

  #tell(sentences: readonly string[]): void {
    const { log } = this.#o
    for (const sentence of sentences) if (!this.#told.includes(sentence)) log.warn(`Facts: ${sentence}`)
    for (const sentence of this.#told)
      if (!sentences.includes(sentence)) log.info(`Facts: solved: ${sentence}`)
    this.#told = sentences
  }
}

function describeDropped(keys: readonly string[], limitBytes: number): string[] {
  if (keys.length === 0) return []
  const named = keys.slice(0, 5).join(', ')
  const { characters, marks } = bodyBounds.facts
  const more = keys.length > 5 ? ` and ${keys.length - 5} more` : ''
  return [
    `${keys.length === 1 ? 'Fact' : 'Facts'} ${named}${more} ${keys.length === 1 ? 'is' : 'are'} not published: all facts together are larger than the queue's ${limitBytes} bytes, or than masters read (${characters} characters, ${marks} commas, colons and brackets).`,
  ]
}

/** Names of facts that may be left out, the largest first. */
function keysBySize(facts: Facts): string[] {
  return Object.entries(facts)
    .filter(([key]) => key !== 'agent' && key !== 'hostname')
    .map(([key, value]) => ({ key, size: JSON.stringify(value).length }))
    .sort((one, other) => other.size - one.size)
    .map(({ key }) => key)
}
