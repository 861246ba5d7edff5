import { setTimeout as delay } from 'node:timers/promises'
import { isVerdict } from '../../protocol/verdict.ts'
import type { RunEvent } from '../../run/runEvent.ts'
import type { RunState } from '../../run/runState.ts'
import type { RunRecord } from '../store/runRecord.ts'
import type { FollowUp } from './followUp.ts'
import type { RolloutSteps } from './rolloutSteps.ts'
import type { RunTransport } from './transport.ts'

/** How long a cancel waits for the disk, milliseconds. */
const recordedWithinMs = 1_000

export interface CancelParts {
  readonly state: RunState
  readonly record: Pick<RunRecord, 'flush'>
  readonly steps: Pick<RolloutSteps, 'stop'>
  readonly followUp: Pick<FollowUp, 'cancel'>
  readonly transport: Pick<RunTransport, 'now'>
  readonly apply: (event: RunEvent) => void
  /** Carries out what may fail, and reports that. */
  readonly attempt: (act: () => Promise<void>) => Promise<boolean>
}

/**
 * Asks every agent that has not finished to stop; each confirms. Later steps are not started, and a send in progress is
 * aborted.
 * @throws QueueError when SQS refuses: agents go on, and are asked again when replies can be read
 */
export async function cancelRun(parts: CancelParts): Promise<void> {
  const { state, record, steps, followUp, transport, apply, attempt } = parts
  if (state.phase === 'over') return
  apply({ kind: 'cancelRequested', at: transport.now() })
  const stopped = steps.stop()
  // On disk before it is on the queue, like a command; but a full or slow disk must not prevent a cancel.
  const patience = delay(recordedWithinMs, undefined, { ref: false })
  await Promise.race([Promise.all([stopped, attempt(() => record.flush())]), patience])
  const targets = [...state.replies.values()]
    .filter(({ state }) => !isVerdict(state))
    .map(({ agentId }) => agentId)
  if (targets.length > 0) await followUp.cancel(targets)
}
