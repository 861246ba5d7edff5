import type { Translate } from '../text/translate.ts'

/**
 * US dollars per million requests to standard queues: AWS's list price for most regions (2026). The first million of each
 * month is free, which is not counted here, because the rest of the account may have used it.
 */
export const dollarsPerMillionRequests = 0.4

export function dollars(requests: number): number {
  return (requests / 1_000_000) * dollarsPerMillionRequests
}

export interface FleetHabits {
  /** Seconds of one long poll, default 20. */
  readonly pollSeconds?: number
  /** Seconds between two facts messages of an agent, default 30. */
  readonly factsSeconds?: number
  /** Billed requests per facts message: one for each started 64 KB. Default 1. */
  readonly factsUnits?: number
}

/** Requests in 30 days by a fleet that receives no commands. */
export function idleRequestsPerMonth(
  agents: number,
  { pollSeconds = 20, factsSeconds = 30, factsUnits = 1 }: FleetHabits = {},
): number {
  const month = 30 * 24 * 3600
  return Math.round(agents * (month / pollSeconds + (month / factsSeconds) * factsUnits))
}

/** A price of requests in words, as in `$0.0123`, rounded. */
export function printPrice(requests: number, t: Translate): string {
  return printDollars(dollars(requests), t)
}

/** US dollars in words, as in `$0.0123`, rounded. */
export function printDollars(amount: number, t: Translate): string {
  if (amount === 0) return '$0'
  if (amount < 0.0001) return t('less than {0}', '$0.0001')
  return `$${amount >= 0.1 ? amount.toFixed(2) : amount.toFixed(4)}`
}

/** Pauses of an agent between receives that bring what it knows: the first, and the longest, seconds (`sqs_poll_interval`). */
const pauseSeconds = { first: 0.1, longest: 1 }

/** A command is on the queue for no longer, seconds. */
const mostVisibleSeconds = 60

/**
 * How often each agent of the environment receives a command that is visible for so long, targeted or not: a visible message
 * ends each long poll at once, so an agent receives it again after pauses of 0.1, 0.2, 0.4, 0.8 and then 1 s each; and the
 * long poll that follows.
 */
export function receivesWhileVisible(seconds: number): number {
  let receives = 1
  const until = Math.min(seconds, mostVisibleSeconds)
  for (
    let [at, pause] = [0, pauseSeconds.first];
    at < until;
    at += pause, pause = Math.min(pauseSeconds.longest, pause * 2)
  )
    receives += 1
  return receives
}
