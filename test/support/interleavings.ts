import { AsyncLocalStorage } from 'node:async_hooks'
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
 * Plays `scenario` once in each order in which what pauses on its stage can go on. What it waits for beyond the stage must be
 * promises, or the disk where that is said; not timers.
 * @returns the orders that were played
 * @throws what the scenario throws, with the order in which it did
 */
export async function everyInterleaving(
  scenario: (stage: Stage) => Promise<void>,
  { usesDisk = false } = {},
): Promise<string[]> {
  const played: string[] = []
  // The first time also loads modules, which is neither a promise of the scenario nor the disk that is looked at.
  if (usesDisk) await scenario(new OneOrder([], usesDisk))
  /** At each turn: which of those that wait goes on, and how many could. */
  let turns: { readonly taken: number; readonly of: number }[] = []
  do {
    const stage = new OneOrder(
      turns.map(({ taken }) => taken),
      usesDisk,
    )
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

/** A turn of one that waits for another takes this long, where it could as well be the disk, milliseconds. */
const diskMs = 250

class OneOrder implements Stage {
  readonly order: string[] = []
  readonly turns: { taken: number; of: number }[] = []
  readonly #choices: readonly number[]
  readonly #usesDisk: boolean
  readonly #waiting: { readonly name: string; readonly go: () => void }[] = []
  readonly #ends: Record<string, PromiseSettledResult<unknown>> = {}
  /** Those that are not done; how often each of them pauses at the moment. */
  readonly #actors = new Map<string, number>()
  readonly #actor = new AsyncLocalStorage<string>()

  constructor(choices: readonly number[], usesDisk: boolean) {
    this.#choices = choices
    this.#usesDisk = usesDisk
  }

  act(name: string, work: () => unknown): void {
    this.#actors.set(name, 0)
    const acting = this.#actor.run(name, () => this.pause(name).then(work))
    void Promise.allSettled([acting]).then(([end]) => {
      this.#ends[name] = end as PromiseSettledResult<unknown>
      this.#actors.delete(name)
    })
  }

  async pause(name: string): Promise<void> {
    const actor = this.#actor.getStore()
    this.#count(actor, 1)
    await new Promise<void>((resolve) => this.#waiting.push({ name, go: resolve }))
    this.#count(actor, -1)
  }

  async play(): Promise<Readonly<Record<string, PromiseSettledResult<unknown>>>> {
    for (;;) {
      await this.#settled()
      if (this.#waiting.length === 0) {
        if (this.#actors.size === 0) return this.#ends
        const stuck = () => `: ${[...this.#actors.keys()]} wait for nothing on the stage`
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

  #count(actor: string | undefined, change: 1 | -1): void {
    const pauses = actor === undefined ? undefined : this.#actors.get(actor)
    if (actor !== undefined && pauses !== undefined) this.#actors.set(actor, pauses + change)
  }

  /** When every actor pauses or is done, or waits for one that does. */
  async #settled(): Promise<void> {
    const areSettled = () => [...this.#actors.values()].every((pauses) => pauses > 0)
    // What follows from a promise follows within a few turns of the event loop.
    for (let turn = 0; turn < 6; turn += 1) await nextTurn()
    if (!this.#usesDisk) return
    for (let since = performance.now(); !areSettled() && performance.now() - since < diskMs; ) {
      const isAtWork = process.getActiveResourcesInfo().some((resource) => /req/i.test(resource))
      if (isAtWork) since = performance.now()
      await nextTurn()
    }
  }
}
