import { setTimeout as delay } from 'node:timers/promises'

/** Time and chance as a sweep sees them: milliseconds of a steady clock, how to wait, numbers from 0 to below 1. */
export interface SweepTime {
  now(): number
  pause(ms: number, signal?: AbortSignal): Promise<unknown>
  random(): number
}

export const realTime: SweepTime = {
  now: () => performance.now(),
  pause: (ms, signal) => delay(ms, undefined, signal && { signal }),
  random: Math.random,
}
