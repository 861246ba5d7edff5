/**
 * US dollars per million requests to standard queues, by AWS's list price for most regions (2026). The first
 * million of each month is free; that is left out, as other use of the account may have eaten it.
 */
export const dollarsPerMillionRequests = 0.4

export function dollars(requests: number): number {
  return (requests / 1_000_000) * dollarsPerMillionRequests
}

export interface FleetHabits {
  /** Seconds of one long poll, 20 unless told. */
  readonly pollSeconds?: number
  /** Seconds from one facts message of an agent to the next, 30 unless told. */
  readonly factsSeconds?: number
  /** Billed requests that one facts message costs: 1 for each 64 KB begun. */
  readonly factsUnits?: number
}

/** Requests in 30 days of a fleet to which nobody sends anything. */
export function idleRequestsPerMonth(
  agents: number,
  { pollSeconds = 20, factsSeconds = 30, factsUnits = 1 }: FleetHabits = {},
): number {
  const month = 30 * 24 * 3600
  return Math.round(agents * (month / pollSeconds + (month / factsSeconds) * factsUnits))
}

/**
 * Requests by the agents because a command can be seen: a visible message ends each long poll at once, so all
 * agents of the environment, addressed or not, come back after a pause until it is deleted or 60 s old.
 */
export function runRequests(agents: number, visibleSeconds: number, pauseSeconds = 1): number {
  return Math.round(agents * Math.max(1, Math.min(visibleSeconds, 60) / pauseSeconds))
}
