import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { type FactIndex, indexFacts } from '../../protocol/filter/factIndex.ts'

/** The most agents whose facts are indexed for completion: 1,000 with facter's facts take about 150 ms. */
const mostAgents = 1_000

/** How long an index is used while the set of agents is the same, milliseconds. */
const goodForMs = 30_000

/** Facts to complete a filter with. */
export interface FactSample {
  readonly index: FactIndex
  /** Not all agents were indexed: the counts of the index are too low. */
  readonly isPart: boolean
}

/**
 * Keeps an index of facts while agents appear and disappear. It is rebuilt when the set of agents changes, not for each
 * message of theirs: with 10,000 agents this would take all the time of the editor.
 */
export class FactSampler {
  readonly #now: () => number
  #sample: FactSample | undefined
  #agents = -1
  #madeAt = 0

  constructor(now: () => number) {
    this.#now = now
  }

  sampleOf(agents: readonly KnownAgent[]): FactSample {
    const now = this.#now()
    const isGood = this.#agents === agents.length && now - this.#madeAt < goodForMs
    if (this.#sample === undefined || !isGood) {
      const step = Math.max(1, agents.length / mostAgents)
      const read: KnownAgent[] = []
      for (let index = 0; index < Math.min(mostAgents, agents.length); index++) {
        const agent = agents[Math.floor(index * step)]
        if (agent !== undefined) read.push(agent)
      }
      this.#sample = { index: indexFacts(read.map(({ facts }) => facts)), isPart: step > 1 }
      this.#agents = agents.length
      this.#madeAt = now
    }
    return this.#sample
  }
}
