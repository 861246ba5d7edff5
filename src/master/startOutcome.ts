import type { Run } from './engine/run.ts'

/**
 * What became of a request to start a run, whose caller may abort it at any moment. Also after it was `sent`, an abort cancels
 * the run.
 */
export type StartOutcome =
  /** SQS has the command. */
  | { readonly kind: 'sent'; readonly run: Run }
  /** Aborted, or the master was closed, before SQS was told of the command: no agent has it. */
  | { readonly kind: 'not-sent' }
  /** SQS has the command; it was aborted by then, and the agents are asked to stop. */
  | { readonly kind: 'cancelled'; readonly run: Run }
  /**
   * Aborted while SQS was being told: agents may have the command, all of them or some. It counts as sent, and the agents are
   * asked to stop. When it was the master that was closed, the run is left as it stands, to be resumed.
   */
  | { readonly kind: 'interrupted'; readonly run: Run }
