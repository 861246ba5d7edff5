import { getHeapStatistics } from 'node:v8'
import { instanceSender, isOwnInstance } from '../identity/identity.ts'

/** How much an inventory may hold. What is beyond it is counted and reported; what is there already stays. */
export interface InventoryBounds {
  /** Upper bound of the heap that the facts of all agents may take, bytes. */
  readonly heapBytes: number
  /** The same for facts that SQS does not prove to come from the instance that they name. */
  readonly unprovenHeapBytes: number
  /** Agents other than itself that one instance may send facts for: those of containers on it, for example. */
  readonly agentsPerInstance: number
}

/**
 * Half of the heap of this process. 4 GiB, as in VS Code and as usual in Node, are enough for 33,000 agents with all
 * facts of facter, counted at the most that messages of their size can take (65 KB; in fact they take 12 KB, as they share keys and
 * hidden classes, which nobody can rely on). A heap of 1 GiB lists 4,100 agents whose facts are unproven. Unproven facts get half of that,
 * so that who can send them keeps out no instance that proves what it is. An IAM user that all servers share sends for
 * as many agents as that allows; the credential of one instance is enough to make up no more than 16.
 */
export function inventoryBounds(heapLimitBytes = getHeapStatistics().heap_size_limit): InventoryBounds {
  return {
    heapBytes: heapLimitBytes / 2,
    unprovenHeapBytes: heapLimitBytes / 4,
    agentsPerInstance: 16,
  }
}

/** What the facts of one agent count for. */
export interface Load {
  readonly agentId: string
  readonly senderId: string | undefined
  readonly heapBytes: number
}

/** Why facts are not recorded: no memory for them, or their sender sends for too many agents already. */
export type Excess = 'memory' | 'sender'

/** Adds up what the agents of an inventory take. */
export class InventoryLoad {
  readonly #bounds: InventoryBounds
  readonly #heapBytes = { proven: 0, unproven: 0 }
  /** Number of agents by the instance that sends for them. */
  readonly #agentsOf = new Map<string, number>()

  constructor(bounds: InventoryBounds) {
    this.#bounds = bounds
  }

  /** Whether `next` may take the place of `known`; undefined where it may. */
  excess(known: Load | undefined, next: Load): Excess | undefined {
    const instance = bystanderOf(next)
    const isNewToSender = known === undefined || bystanderOf(known) !== instance
    if (instance !== undefined && isNewToSender) {
      if ((this.#agentsOf.get(instance) ?? 0) >= this.#bounds.agentsPerInstance) return 'sender'
    }
    const after = { ...this.#heapBytes }
    if (known !== undefined) after[identityOf(known)] -= known.heapBytes
    after[identityOf(next)] += next.heapBytes
    // What is not more than before is always within the bounds: they may have been set lower than what is there.
    if (known !== undefined && identityOf(known) === identityOf(next) && next.heapBytes <= known.heapBytes)
      return undefined
    const isTooMuch =
      after.proven + after.unproven > this.#bounds.heapBytes ||
      (identityOf(next) === 'unproven' && after.unproven > this.#bounds.unprovenHeapBytes)
    return isTooMuch ? 'memory' : undefined
  }

  /** Counts `next` in the place of `known`; without `next`, the agent is forgotten. */
  replace(known: Load | undefined, next: Load | undefined): void {
    if (known !== undefined) this.#count(known, -1)
    if (next !== undefined) this.#count(next, 1)
  }

  #count(load: Load, sign: 1 | -1): void {
    this.#heapBytes[identityOf(load)] += sign * load.heapBytes
    const instance = bystanderOf(load)
    if (instance === undefined) return
    const agents = (this.#agentsOf.get(instance) ?? 0) + sign
    if (agents > 0) this.#agentsOf.set(instance, agents)
    else this.#agentsOf.delete(instance)
  }
}

function identityOf({ agentId, senderId }: Load): 'proven' | 'unproven' {
  return isOwnInstance(agentId, senderId) ? 'proven' : 'unproven'
}

/** The instance that sent facts for an agent that is not itself. */
function bystanderOf(load: Load): string | undefined {
  const { senderId } = load
  return instanceSender(senderId) !== undefined && identityOf(load) === 'unproven' ? senderId : undefined
}
