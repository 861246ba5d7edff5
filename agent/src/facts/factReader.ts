import type { Facts } from '../../../src/protocol/facts.ts'
import type { SourceList } from './factDirectory.ts'
import { mergeFacts } from './mergeFacts.ts'

/** Looking what sources there are takes no longer than this, milliseconds. */
const listWithinMs = 5_000

/** All sources together, at one moment. */
export interface FactReading {
  readonly facts: Facts
  /** Sentences about sources that cannot be read; their last facts are still in `facts`. */
  readonly problems: readonly string[]
  /** Sentences about what is most likely a mistake, and costs no fact. */
  readonly warnings: readonly string[]
  /** What each source gave, in the order of merging: a later one wins. */
  readonly bySource: ReadonlyMap<string, Facts>
}

/**
 * Reads sources in their fixed order of merging. A failing source keeps its last valid facts and does not stop the others:
 * one that does not answer in time is not waited for, and not asked again until it has answered.
 */
export class FactReader {
  /** The latest reading; empty before the first. */
  latest: FactReading = { facts: {}, problems: [], warnings: [], bySource: new Map() }
  readonly #list: () => Promise<SourceList>
  #listed: SourceList = { sources: [], warnings: [], problems: [] }
  #reading: Promise<FactReading> | undefined
  #following: Promise<FactReading> | undefined
  #isFreshNext = false
  /** What was asked and has not answered, by name: since when, by a steady clock. */
  readonly #unanswered = new Map<string, number>()

  constructor(list: () => Promise<SourceList>) {
    this.#list = list
  }

  /**
   * A reading that begins after this call; calls during a reading share the one that follows it.
   * @param fresh read also what is usually kept for a while
   */
  refresh(fresh = false): Promise<FactReading> {
    if (this.#reading === undefined) {
      this.#reading = this.#read(fresh).finally(() => {
        this.#reading = undefined
      })
      return this.#reading
    }
    this.#isFreshNext ||= fresh
    // One that fails says so to those who wait for it, and to nobody after them.
    const over = this.#reading.catch(() => {})
    this.#following ??= over.then(() => {
      const isFresh = this.#isFreshNext
      this.#following = undefined
      this.#isFreshNext = false
      return this.refresh(isFresh)
    })
    return this.#following
  }

  async #read(fresh: boolean): Promise<FactReading> {
    const before = this.latest.bySource
    const listed = await this.#ask('the directory of facts', listWithinMs, this.#list)
    if (!(listed instanceof Error)) this.#listed = listed
    const problems =
      listed instanceof Error ? [`the list of sources: ${listed.message}`] : [...listed.problems]
    const warnings = [...this.#listed.warnings]
    const bySource = new Map<string, Facts>()
    const asked = this.#listed.sources.map(async (source) => ({
      source,
      outcome: await this.#ask(source.name, source.withinMs, () => source.read(fresh)),
    }))
    for (const { source, outcome } of await Promise.all(asked)) {
      const { name } = source
      const reading = outcome instanceof Error ? failed(outcome, before.get(name)) : outcome
      problems.push(...reading.problems.map((problem) => `${name}: ${problem}`))
      warnings.push(...reading.warnings.map((warning) => `${name}: ${warning}`))
      if (reading.facts !== undefined) bySource.set(name, reading.facts)
    }
    this.latest = { facts: mergeFacts([...bySource.values()]), problems, warnings, bySource }
    return this.latest
  }

  async #ask<T>(name: string, withinMs: number, ask: () => Promise<T>): Promise<T | Error> {
    const since = this.#unanswered.get(name)
    if (since !== undefined) {
      return new Error(`has not answered for ${Math.round((performance.now() - since) / 1000)} s`)
    }
    this.#unanswered.set(name, performance.now())
    const answer = settle(ask).finally(() => this.#unanswered.delete(name))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Error>((resolve) => {
      timer = setTimeout(() => resolve(new Error(`did not answer within ${withinMs / 1000} s`)), withinMs)
    })
    return Promise.race([answer, late]).finally(() => clearTimeout(timer))
  }
}

function failed(error: Error, lastGood: Facts | undefined) {
  return { facts: lastGood, problems: [error.message], warnings: [] }
}

async function settle<T>(ask: () => Promise<T>): Promise<T | Error> {
  try {
    return await ask()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
