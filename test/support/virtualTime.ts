import type { SweepTime } from '../../src/master/fleet/sweepTime.ts'
import type { Dice } from './faults/dice.ts'

/** Time that passes only where everybody waits for it: thousands of seconds in a moment. */
export interface VirtualTime extends SweepTime {
  /** Lets time pass until `work` is done. */
  play<T>(work: Promise<T>): Promise<T>
}

export function createVirtualTime(dice: Dice): VirtualTime {
  let now = 0
  const waiting = new Map<number, (() => void)[]>()
  const play = async <T>(work: Promise<T>) => {
    let isDone = false
    const done = () => {
      isDone = true
    }
    work.then(done, done)
    await nextTurn()
    while (!isDone) {
      const next = Math.min(...waiting.keys())
      if (next === Number.POSITIVE_INFINITY) throw new Error('nobody waits for time to pass')
      now = next
      const woken = waiting.get(next) ?? []
      waiting.delete(next)
      for (const wake of woken) wake()
      await nextTurn()
    }
    return work
  }
  return {
    play,
    now: () => now,
    random: () => dice.between([0, 999_999]) / 1_000_000,
    pause: (ms) =>
      new Promise<void>((resolve) => {
        const at = now + Math.max(0, Math.ceil(ms))
        const others = waiting.get(at)
        if (others === undefined) waiting.set(at, [resolve])
        else others.push(resolve)
      }),
  }
}

/** When all that is ready to go on has done so. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
