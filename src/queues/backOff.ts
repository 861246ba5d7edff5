import { setTimeout as sleep } from 'node:timers/promises'
import type { QueueErrorKind } from './errorKind.ts'

/** How long to wait after the first failure, and at most, milliseconds. */
const pace: Readonly<Record<QueueErrorKind, readonly [firstMs: number, mostMs: number]>> = {
  // Many clients are throttled at the same time, so all of them have to spread out.
  throttled: [1_000, 30_000],
  // A laptop that wakes up should be back within seconds.
  network: [500, 15_000],
  credentials: [2_000, 60_000],
  // Agents learn of a private reply queue up to a second before SQS lets them use it.
  'missing-queue': [500, 60_000],
  forbidden: [5_000, 60_000],
  invalid: [5_000, 60_000],
  unknown: [2_000, 60_000],
}

/** Doubles with each failure, with jitter: half of each wait is fixed, half is random. */
export interface BackOff {
  /** The next wait in milliseconds, after a failure of this kind. */
  next(kind: QueueErrorKind): number
  /** Call it after a success. */
  reset(): void
}

/** @param random returns numbers from 0 to below 1 */
export function createBackOff(random: () => number = Math.random): BackOff {
  let failures = 0
  return {
    next(kind) {
      const [firstMs, mostMs] = pace[kind]
      const waitMs = Math.min(mostMs, firstMs * 2 ** Math.min(failures, 16))
      failures += 1
      return Math.round(waitMs / 2 + (random() * waitMs) / 2)
    },
    reset() {
      failures = 0
    },
  }
}

/** Waits; ends early, without throwing, when `signal` aborts. */
export async function pause(waitMs: number, signal?: AbortSignal): Promise<void> {
  await sleep(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
}
