import type { ReceiveTrouble } from '../../run/receiveTrouble.ts'
import type { Hearing } from '../../run/replyTimeout.ts'
import type { RunState } from '../../run/runState.ts'
import type { Timing } from '../../run/timing.ts'

/** How a run reaches its agents. */
export interface RunTransport {
  readonly timing: Timing
  now(): number
  /**
   * Sends the run's command, to all its agents or only to `targets`. `stop` aborts it at once.
   * @throws Error when SQS refuses
   */
  publish(state: RunState, targets: readonly string[] | undefined, stop: AbortSignal): Promise<Publication>
  cancel(state: RunState, targets: readonly string[]): Promise<void>
  /** Asks these agents for frames again, or for their results. */
  resend(state: RunState, targets: readonly string[], missing: number[], result: boolean): Promise<void>
  /** Asks all agents that have this run for its result, also agents that the run does not know. */
  askEveryone(state: RunState): Promise<void>
  /** Deletes everything that was sent from the queue (best effort). */
  withdraw(): Promise<void>
  /** The same for control messages (all but the run's command) sent before `time`. Resolves with the number left. */
  withdrawControl(time: number): Promise<number>
  /**
   * Receives from the queue as an agent does, for messages to these agents that were sent after `since`.
   * @throws QueueError
   */
  look(what: 'command' | 'cancel', agentIds: readonly string[], since: number): Promise<Look>
  /** What silence says at this moment. Called only when something depends on it, as finding out may take a request. */
  hearing(now: number): Hearing
  /** Why replies cannot be received now: the same object as long as that does not change. */
  trouble(now: number): ReceiveTrouble | undefined
  /** Reports a problem that does not end the run. */
  onWarning(error: Error): void
}

/**
 * Whether agents can receive what was sent to them. `inconclusive`: nothing was sent that is still on the queue, or there are
 * too many messages to see all. `isHeld`: messages of the queue are in flight.
 */
export type Look =
  | { readonly kind: 'inconclusive' }
  | { readonly kind: 'seen' }
  | { readonly kind: 'unseen'; readonly agentIds: readonly string[]; readonly isHeld: boolean }

/**
 * The outcome of sending a command. `not-sent`: aborted before the request to SQS, so no agent has it. `interrupted`:
 * aborted during the request, so any agent may have it.
 */
export type Publication = 'sent' | 'not-sent' | 'interrupted'
