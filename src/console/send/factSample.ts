import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { type FactIndex, indexFacts } from '../../protocol/filter/factIndex.ts'

/** Agents whose facts are read for completion: 1,000 of facter's size take some 150 ms. */
const mostAgents = 1_000

/** An index is good for so long while agents only repeat themselves, milliseconds. */
const goodForMs = 30_000

/** What a filter can be completed with. */
export interface FactSample {
  readonly index: FactIndex
  /** Not all agents were read: what the index counts is too little. */
  readonly isPart: boolean
}

/**
 * Keeps an index of the facts of agents that come and go. It is made anew when there are others, not for each word of
 * theirs: with 10,000 agents that would be all that the editor does.
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
