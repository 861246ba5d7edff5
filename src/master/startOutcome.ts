import type { Run } from './engine/run.ts'

/**
 * The outcome of starting a run, which the caller may abort at any moment. An abort after `sent` cancels the run.
 */
export type StartOutcome =
  /** SQS has the command. */
  | { readonly kind: 'sent'; readonly run: Run }
  /** Aborted, or the master was closed, before the request to SQS: no agent has the command. */
  | { readonly kind: 'not-sent' }
  /** SQS has the command, but it was aborted by then: the agents are asked to stop. */
  | { readonly kind: 'cancelled'; readonly run: Run }
  /**
   * Aborted during the request to SQS: some or all agents may have the command. It counts as sent, and the agents are asked
   * to stop. If the master was closed, the run stays as it is, to be resumed.
   */
  | { readonly kind: 'interrupted'; readonly run: Run }
