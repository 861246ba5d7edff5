import type { Facts } from '../../../src/protocol/facts.ts'
import { mergeFacts } from './mergeFacts.ts'

/** One place that facts come from. */
export interface FactSource {
  /** For people, as in `file /etc/facts.yaml`; unique. */
  readonly name: string
  /**
   * Reads everything anew. Must end by itself in bounded time.
   * @throws Error whose message says in words what is wrong
   */
  read(): Promise<Facts>
}

/** All sources together, at one moment. */
export interface FactReading {
  readonly facts: Facts
  /** Sentences about sources in trouble; their last good facts are still in `facts`. */
  readonly problems: readonly string[]
  /** What each source gave, in the order of merging: a later one wins. */
  readonly bySource: ReadonlyMap<string, Facts>
}

/** Reads sources in their fixed order of merging. A source in trouble keeps its last good facts and stops no other. */
export class FactReader {
  /** The latest reading; empty before the first. */
  latest: FactReading = { facts: {}, problems: [], bySource: new Map() }
  readonly #sources: () => Promise<readonly FactSource[]>
  #reading: Promise<FactReading> | undefined
  #following: Promise<FactReading> | undefined

  constructor(sources: () => Promise<readonly FactSource[]>) {
    this.#sources = sources
  }

  /** A reading that begins after this call; calls during a reading share the one that follows it. */
  refresh(): Promise<FactReading> {
    if (this.#reading === undefined) {
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined
      })
      return this.#reading
    }
    this.#following ??= this.#reading.then(() => {
      this.#following = undefined
      return this.refresh()
    })
    return this.#following
  }

  async #read(): Promise<FactReading> {
    const before = this.latest.bySource
    const problems: string[] = []
    const bySource = new Map<string, Facts>()
    const readings = (await this.#sources()).map(async (source) => ({
      source,
      outcome: await attempt(source),
    }))
    for (const { source, outcome } of await Promise.all(readings)) {
      if (outcome instanceof Error) problems.push(`${source.name}: ${outcome.message}`)
      const facts = outcome instanceof Error ? before.get(source.name) : outcome
      if (facts !== undefined) bySource.set(source.name, facts)
    }
    this.latest = { facts: mergeFacts([...bySource.values()]), problems, bySource }
    return this.latest
  }
}

async function attempt(source: FactSource): Promise<Facts | Error> {
  try {
    return await source.read()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
