import { setTimeout as delay } from 'node:timers/promises'
import type { FaultProxy } from '../support/faultProxy.ts'
import type { Dice, Range } from '../support/faults/dice.ts'
import { badDay } from './badDay.ts'
import type { SoakProcess } from './soakProcess.ts'

export interface Weather {
  /** Milliseconds from one kill of an agent, of a master, and from one outage to the next, on average. */
  readonly killAgentMs: number
  readonly killMasterMs: number
  readonly outageMs: number
  /** How long outages last, milliseconds: the first one, and all others. */
  readonly firstOutageMs: number
  readonly otherOutagesMs: Range
}

export interface Storm {
  /** So far. */
  outages(): number
  /** Lets the sky clear; resolves when everybody is alive again and SQS has good days only. */
  end(): Promise<void>
}

/** Whom the storm may kill. */
export interface Victims {
  readonly agents: readonly SoakProcess[]
  readonly masters: readonly SoakProcess[]
}

/** Lets SQS have a bad day, and kills and restarts its victims, until it is ended. */
export function startStorm(
  proxy: FaultProxy,
  { agents, masters }: Victims,
  weather: Weather,
  dice: (name: string) => Dice,
): Storm {
  const calm = proxy.inject(...badDay)
  const over = new AbortController()
  let outages = 0
  const kill = async (victims: readonly SoakProcess[], downMs: Range, thrown: Dice) => {
    const victim = victims[thrown.between([0, victims.length - 1])]
    await victim?.kill()
    await delay(thrown.between(downMs))
    victim?.start()
  }
  const troubles = [
    often(weather.killAgentMs, dice('agents'), over.signal, (thrown) => kill(agents, [100, 4_000], thrown)),
    often(weather.killMasterMs, dice('masters'), over.signal, (thrown) =>
      kill(masters, [100, 3_000], thrown),
    ),
    often(weather.outageMs, dice('outages'), over.signal, async (thrown) => {
      const end = proxy.outage()
      outages += 1
      await delay(outages === 1 ? weather.firstOutageMs : thrown.between(weather.otherOutagesMs))
      end()
    }),
  ]
  return {
    outages: () => outages,
    async end() {
      over.abort()
      await Promise.all(troubles)
      calm()
    },
  }
}

/** Lets something happen again and again, at random times. What has begun is brought to its end. */
async function often(
  everyMs: number,
  dice: Dice,
  signal: AbortSignal,
  act: (dice: Dice) => Promise<void>,
): Promise<void> {
  for (;;) {
    await delay(dice.between([everyMs / 2, (everyMs * 3) / 2]), undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    await act(dice)
  }
}
