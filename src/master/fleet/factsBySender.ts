import type { Excess } from './inventoryLoad.ts'

/** Agents of one sender whose facts are beyond the bounds, or whose facts an instance sends that speaks for another agent. */
export interface FactsOfSender {
  readonly problem: Excess | 'conflicting'
  readonly senderId: string | undefined
  readonly agents: number
}

/** Counts the agents whose facts have a problem during one sweep, by problem and sender. */
export class FactsBySender {
  readonly #byAgent = new Map<string, Omit<FactsOfSender, 'agents'>>()

  add(agentId: string, problem: FactsOfSender['problem'], senderId: string | undefined): void {
    this.#byAgent.set(agentId, { problem, senderId })
  }

  groups(): FactsOfSender[] {
    const groups = new Map<string, FactsOfSender>()
    for (const { problem, senderId } of this.#byAgent.values()) {
      const key = `${problem} ${senderId}`
      groups.set(key, { problem, senderId, agents: (groups.get(key)?.agents ?? 0) + 1 })
    }
    return [...groups.values()]
  }
}
