import type { RunState } from '../../run/runState.ts'
import type { Timing } from '../../run/timing.ts'

/** What a run needs of the way to its agents. */
export interface RunTransport {
  readonly timing: Timing
  now(): number
  /**
   * Sends the run's command; to these agents only, when given. `stop` ends that at once.
   * @throws Error when SQS refuses
   */
  publish(state: RunState, targets: readonly string[] | undefined, stop: AbortSignal): Promise<Publication>
  cancel(state: RunState, targets: readonly string[]): Promise<void>
  /** Asks these agents for frames again, or for their results. */
  resend(state: RunState, targets: readonly string[], missing: number[], result: boolean): Promise<void>
  /** Asks whoever has this run for its result: also agents that the run does not know of. */
  askEveryone(state: RunState): Promise<void>
  /** Takes all that was sent off the queue again, as far as it is found. */
  withdraw(): Promise<void>
  /** The same with control messages (all but the run's command) that were sent before `time`. Resolves with how many are left. */
  withdrawControl(time: number): Promise<number>
  /** Whether replies may be waiting unread: silence proves nothing then. */
  backlogged(now: number): boolean
  /** Something that the run survives went wrong. */
  onWarning(error: Error): void
}

/**
 * What became of a command that was to be sent. `not-sent`: aborted before SQS was told of it, so no agent has it.
 * `interrupted`: aborted while SQS was being told, so any agent may have it.
 */
export type Publication = 'sent' | 'not-sent' | 'interrupted'
