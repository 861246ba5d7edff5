import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contend, heldMark, type LockEntries, leave } from '../../../src/locks/contention.ts'

describe('contend', () => {
  it('never gives a lock to two living processes, whatever the order of their steps and whichever dies when', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), lives, fc.infiniteStream(fc.boolean()), async (s, plans, coins) => {
        const folder = new Folder(s, coins)
        await s.waitFor(Promise.all(plans.map((plan, index) => folder.live(`${index}`, plan))))
        expect(folder.mostHolders).toBeLessThanOrEqual(1)
      }),
      { numRuns: 1_000 },
    )
  })

  it('gives it to one of several that contend at once, also when others left their entries behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 5 }),
        fc.subarray(['0dead', '2dead', heldMark('2dead'), '9dead', heldMark('9dead'), heldMark('gone')]),
        fc.infiniteStream(fc.boolean()),
        async (s, count, left, coins) => {
          const folder = new Folder(s, coins, left)
          const contenders = Array.from({ length: count }, (_, index) =>
            folder.live(`${index}`, { attempts: 1 }),
          )
          const taken = await s.waitFor(Promise.all(contenders))
          expect(taken.reduce((sum, times) => sum + times)).toBe(1)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('leaves nothing of an attempt that fails', async () => {
    for (const failing of ['own', heldMark('own')]) {
      const names = new Set<string>()
      const entries: LockEntries = {
        names: async () => [...names],
        create: async (name) => {
          if (name === failing) throw new Error('disk is full')
          names.add(name)
        },
        remove: async (name) => void names.delete(name),
      }
      const attempt = contend(
        'own',
        entries,
        async () => true,
        async () => {},
      )
      await expect(attempt).rejects.toThrow('disk is full')
      expect([...names]).toEqual([])
    }
  })

  it('gives up when another process never ends its attempt', async () => {
    const names = new Set(['another'])
    const entries: LockEntries = {
      names: async () => [...names],
      create: async (name) => void names.add(name),
      remove: async (name) => void names.delete(name),
    }
    expect(
      await contend(
        'own',
        entries,
        async () => true,
        async () => {},
      ),
    ).toBe(false)
    expect([...names]).toEqual(['another'])
  })
})

interface Life {
  /** Takes the lock this often, and releases it unless it is the last time. */
  readonly attempts: number
  /** Dies before this step. */
  readonly diesAt?: number
}

const lives = fc.array(
  fc.record(
    { attempts: fc.integer({ min: 1, max: 3 }), diesAt: fc.integer({ min: 0, max: 60 }) },
    {
      requiredKeys: ['attempts'],
    },
  ),
  { minLength: 2, maxLength: 5 },
)

/** A folder in memory, with the freedom that POSIX gives to readdir: what comes or goes meanwhile is seen or not. */
class Folder {
  mostHolders = 0
  readonly #names: Set<string>
  readonly #scheduler: fc.Scheduler
  readonly #coins: Iterator<boolean>
  readonly #living = new Set<string>()
  readonly #holders = new Set<string>()

  constructor(scheduler: fc.Scheduler, coins: Iterable<boolean>, left: readonly string[] = []) {
    this.#scheduler = scheduler
    this.#coins = coins[Symbol.iterator]()
    this.#names = new Set(left)
  }

  /** @returns how often it had the lock */
  async live(id: string, { attempts, diesAt = Number.POSITIVE_INFINITY }: Life): Promise<number> {
    let steps = 0
    let taken = 0
    const step = async () => {
      await this.#scheduler.schedule(Promise.resolve())
      steps += 1
      if (steps > diesAt) throw new Death()
    }
    const entries = this.#entries(step)
    try {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const name = `${id}.${attempt}`
        this.#living.add(name)
        const isAlive = async (other: string) => this.#living.has(other)
        if (!(await contend(name, entries, isAlive, step))) continue
        taken += 1
        this.#holders.add(name)
        this.mostHolders = Math.max(this.mostHolders, this.#holders.size)
        if (attempt === attempts - 1) break
        await step()
        this.#holders.delete(name)
        await leave(name, entries)
      }
    } catch (error) {
      if (!(error instanceof Death)) throw error
      for (const name of [...this.#living].filter((own) => own.startsWith(`${id}.`))) {
        this.#living.delete(name)
        this.#holders.delete(name)
      }
    }
    return taken
  }

  #entries(step: () => Promise<void>): LockEntries {
    return {
      names: async () => {
        await step()
        const before = new Set(this.#names)
        await step()
        const seen = new Set([...before, ...this.#names])
        for (const name of seen) {
          const isCertain = before.has(name) && this.#names.has(name)
          if (!isCertain && this.#coins.next().value) seen.delete(name)
        }
        return [...seen]
      },
      create: async (name) => {
        await step()
        this.#names.add(name)
      },
      remove: async (name) => {
        await step()
        this.#names.delete(name)
      },
    }
  }
}

/** A process that is killed does no more, not even what `catch` and `finally` say. */
class Death extends Error {}
