import { isVerdict, type Verdict } from '../protocol/verdict.ts'
import type { ReplyState, RunState } from './runState.ts'
import type { Timing } from './timing.ts'

/**
 * What silence of an agent means now: nothing yet (`undefined`), that the command should go out to it again, that its
 * result should be asked for, or that it must be given up as `no-reply` or `lost`.
 */
export function judgeSilence(
  state: RunState,
  reply: ReplyState,
  timing: Timing,
  now: number,
): 'republish' | 'ask' | Extract<Verdict, 'no-reply' | 'lost'> | undefined {
  if (isVerdict(reply.state)) return undefined
  const { cancelRequestedAt } = state
  if (reply.state === 'expected') {
    if (reply.sentAt === undefined) return undefined
    const silentMs = now - reply.sentAt
    if (silentMs >= timing.responseTimeoutMs) return 'no-reply'
    return silentMs >= timing.republishAfterMs && cancelRequestedAt === undefined ? 'republish' : undefined
  }
  const overdueMs = now - deadline(state, reply, timing)
  if (overdueMs < 0) return undefined
  // Its result may have gone where nobody reads any more: one more word before it counts as lost.
  return overdueMs < timing.responseTimeoutMs ? 'ask' : 'lost'
}

function deadline(state: RunState, reply: ReplyState, timing: Timing): number {
  const { cancelRequestedAt, request } = state
  const { startedAt, heardAt, cancelRefused } = reply
  // A queued command waits for others of unknown length: as long as the agent is heard of, it is on its way.
  const byItself =
    startedAt === undefined
      ? (heardAt ?? state.startedAt) + request.timeoutMs + timing.queuedSilenceMs
      : startedAt + request.timeoutMs + timing.graceMs
  if (cancelRequestedAt === undefined || cancelRefused !== undefined) return byItself
  return Math.min(byItself, cancelRequestedAt + timing.graceMs)
}
