import type { Excess } from './inventoryLoad.ts'

/** Agents whose facts were not recorded, by reason and sender. */
export interface NotRecorded {
  readonly excess: Excess
  readonly senderId: string | undefined
  readonly agents: number
}

/** Counts the agents whose facts an inventory refused during one sweep. */
export class RefusedFacts {
  readonly #byAgent = new Map<string, Omit<NotRecorded, 'agents'>>()

  add(agentId: string, excess: Excess, senderId: string | undefined): void {
    this.#byAgent.set(agentId, { excess, senderId })
  }

  groups(): NotRecorded[] {
    const groups = new Map<string, NotRecorded>()
    for (const { excess, senderId } of this.#byAgent.values()) {
      const key = `${excess} ${senderId}`
      groups.set(key, { excess, senderId, agents: (groups.get(key)?.agents ?? 0) + 1 })
    }
    return [...groups.values()]
  }
}
