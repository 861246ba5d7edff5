/** The waits of a run, milliseconds. */
export interface Timing {
  /**
   * After this long without a reply the command is published once more to the agents without a reply. An agent pauses at
   * most 1.25 s between receives, and SQS nearly always delivers within a second.
   */
  readonly republishAfterMs: number
  /** After this long without any reply an agent gets `no-reply`. */
  readonly responseTimeoutMs: number
  /** After this long without a reply the master looks whether the command is on the queue. */
  readonly lookAfterMs: number
  /**
   * A command that was not found on the queue for this long is hidden. Another master hides it for 2 s at most, and in one
   * receive, when it withdraws its own.
   */
  readonly hiddenAfterMs: number
  /** How long a command stays on the queue for unknown agents after all expected agents have replied. */
  readonly joinMs: number
  /** What an agent may take beyond the command's timeout, or after a cancel: TERM, grace, KILL, and the reply. */
  readonly graceMs: number
  /** Added to the deadline of a queued command: an agent that sends neither facts nor replies for that long is lost. */
  readonly queuedSilenceMs: number
  /** A missing frame is requested again after this time, doubled after each try. */
  readonly resendAfterMs: number
  /** How many times; then the output is incomplete. */
  readonly resendTries: number
}

export const defaultTiming: Timing = {
  republishAfterMs: 4_000,
  responseTimeoutMs: 10_000,
  lookAfterMs: 3_000,
  hiddenAfterMs: 3_000,
  joinMs: 2_000,
  graceMs: 15_000,
  queuedSilenceMs: 90_000,
  resendAfterMs: 2_000,
  resendTries: 4,
}
