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

/**
 * Requests by the agents while a command is visible: a visible message ends each long poll at once, so all agents of the
 * environment, targeted or not, poll again after a pause until it is deleted or 60 s old.
 */
export function runRequests(agents: number, visibleSeconds: number, pauseSeconds = 1): number {
  return Math.round(agents * Math.max(1, Math.min(visibleSeconds, 60) / pauseSeconds))
}
