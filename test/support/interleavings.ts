import { setImmediate as nextTurn } from 'node:timers/promises'
import { until } from './until.ts'

/** Where the actors of one scenario meet. Whoever pauses here goes on when it is its turn. */
export interface Stage {
  /** Begins `work` when it is its turn; the scenario is over when all actors are. */
  act(name: string, work: () => unknown): void
  /** For what an actor waits for: a request that is under way, a disk that writes. */
  pause(name: string): Promise<void>
  /**
   * Lets them all go on, one after the other, until every actor is done.
   * @returns how each actor ended
   */
  play(): Promise<Readonly<Record<string, PromiseSettledResult<unknown>>>>
  /** Who went on, in order, so far. */
  readonly order: readonly string[]
}

/** More orders than these, and the scenario is too large to play them all. */
const mostOrders = 5_000

/**
 * Plays `scenario` once in each order in which what pauses on its stage can go on. All else that it waits for must come about
 * by itself, without timers.
 * @returns the orders that were played
 * @throws what the scenario throws, with the order in which it did
 */
export async function everyInterleaving(scenario: (stage: Stage) => Promise<void>): Promise<string[]> {
  const played: string[] = []
  /** At each turn: which of those that wait goes on, and how many could. */
  let turns: { readonly taken: number; readonly of: number }[] = []
  do {
    const stage = new OneOrder(turns.map(({ taken }) => taken))
    try {
      await scenario(stage)
    } catch (error) {
      throw new Error(`In the order ${stage.order.join(' → ')}: ${(error as Error).message}`, {
        cause: error,
      })
    }
    played.push(stage.order.join(' → '))
    if (played.length > mostOrders) throw new Error(`more than ${mostOrders} orders`)
    turns = nextOrder(stage.turns)
  } while (turns.length > 0)
  return played
}

/** The last turn at which another could have gone on takes that one. */
function nextOrder(turns: readonly { taken: number; of: number }[]): { taken: number; of: number }[] {
  const at = turns.findLastIndex(({ taken, of }) => taken + 1 < of)
  return turns
    .slice(0, at + 1)
    .map((turn, index) => (index === at ? { ...turn, taken: turn.taken + 1 } : turn))
}

class OneOrder implements Stage {
  readonly order: string[] = []
  readonly turns: { taken: number; of: number }[] = []
  readonly #choices: readonly number[]
  readonly #waiting: { readonly name: string; readonly go: () => void }[] = []
  readonly #ends: Record<string, PromiseSettledResult<unknown>> = {}
  readonly #actors = new Set<string>()

  constructor(choices: readonly number[]) {
    this.#choices = choices
  }

  act(name: string, work: () => unknown): void {
    this.#actors.add(name)
    void Promise.allSettled([this.pause(name).then(work)]).then(([end]) => {
      this.#ends[name] = end as PromiseSettledResult<unknown>
      this.#actors.delete(name)
    })
  }

  pause(name: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ name, go: resolve }))
  }

  async play(): Promise<Readonly<Record<string, PromiseSettledResult<unknown>>>> {
    for (;;) {
      await settled()
      if (this.#waiting.length === 0) {
        if (this.#actors.size === 0) return this.#ends
        const stuck = () => `: ${[...this.#actors]} wait for nothing on the stage`
        await until(() => this.#waiting.length > 0 || this.#actors.size === 0, 'the next turn', stuck, 5_000)
        continue
      }
      const taken = this.#choices[this.turns.length] ?? 0
      this.turns.push({ taken, of: this.#waiting.length })
      const [next] = this.#waiting.splice(taken, 1)
      this.order.push(next?.name ?? '')
      next?.go()
    }
  }
}

/** When nothing but timers and I/O can go on: what follows from a promise follows within a few turns of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await nextTurn()
}
