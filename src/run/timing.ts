/** The waits of a run, milliseconds. */
export interface Timing {
  /**
   * After so long without a sign of life the command is published once more to the silent agents. An agent pauses at
   * most 1.25 s between receives, and SQS delivers within a second nearly always.
   */
  readonly republishAfterMs: number
  /** After so long without a sign of life an agent gets `no-reply`. */
  readonly responseTimeoutMs: number
  /** So long a command stays on the queue for agents that nobody knew, though all that were expected have been heard of. */
  readonly joinMs: number
  /** What an agent may take beyond the command's own timeout, or after a cancel: TERM, grace, KILL, and the way back. */
  readonly graceMs: number
  /** An agent that said "queued" and is heard of no more, by facts or replies, for so long on top is lost. */
  readonly queuedSilenceMs: number
  /** A frame that is missing for so long is asked for again; doubled for each further time. */
  readonly resendAfterMs: number
  /** So often; then the output is incomplete. */
  readonly resendTries: number
}

export const defaultTiming: Timing = {
  republishAfterMs: 4_000,
  responseTimeoutMs: 10_000,
  joinMs: 2_000,
  graceMs: 15_000,
  queuedSilenceMs: 90_000,
  resendAfterMs: 2_000,
  resendTries: 4,
}
