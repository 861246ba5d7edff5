import { isVerdict, type Verdict } from '../protocol/verdict.ts'
import type { ReplyState, RunState } from './runState.ts'
import type { Timing } from './timing.ts'

/**
 * What silence of an agent means now: nothing yet (`undefined`), that the command should go out to it again, or that
 * it must be given up as `no-reply` or `lost`.
 */
export function judgeSilence(
  state: RunState,
  reply: ReplyState,
  timing: Timing,
  now: number,
): 'republish' | Extract<Verdict, 'no-reply' | 'lost'> | undefined {
  if (isVerdict(reply.state)) return undefined
  const { cancelRequestedAt } = state
  if (reply.state === 'expected') {
    if (reply.sentAt === undefined) return undefined
    const silentMs = now - reply.sentAt
    if (silentMs >= timing.responseTimeoutMs) return 'no-reply'
    return silentMs >= timing.republishAfterMs && cancelRequestedAt === undefined ? 'republish' : undefined
  }
  if (cancelRequestedAt !== undefined && now - cancelRequestedAt >= timing.graceMs) return 'lost'
  return now >= deadline(state, reply, timing) ? 'lost' : undefined
}

function deadline(state: RunState, reply: ReplyState, timing: Timing): number {
  const { timeoutMs } = state.request
  // A queued command waits for others of unknown length: as long as the agent is heard of, it is on its way.
  if (reply.startedAt === undefined)
    return (reply.heardAt ?? state.startedAt) + timeoutMs + timing.queuedSilenceMs
  return reply.startedAt + timeoutMs + timing.graceMs
}
