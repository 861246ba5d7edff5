import { isVerdict, type Verdict } from '../protocol/verdict.ts'
import type { ReplyState, RunState } from './runState.ts'
import type { Timing } from './timing.ts'

/**
 * What the silence of an agent says. `all`: everything that was sent has been read. `behind`: replies may be waiting
 * unread, and that will be known before long. `uncertain`: they may be, and waiting longer would not help.
 */
export type Hearing = 'all' | 'behind' | 'uncertain'

/**
 * What an agent's silence calls for now: nothing yet (`undefined`), publishing the command again, asking for its result,
 * or the verdict `no-reply` or `lost`.
 */
export function decideOnTimeout(
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
  // Its result may have been sent to a queue that nobody reads now, so ask once more before it counts as lost.
  return overdueMs < timing.responseTimeoutMs ? 'ask' : 'lost'
}

/**
 * When an agent that stays silent gets its verdict, milliseconds; undefined for one that has one, or to which nothing was sent.
 * @param sendingTookMs how long SQS took to accept its command
 */
export function giveUpAt(
  state: RunState,
  reply: ReplyState,
  timing: Timing,
  sendingTookMs: number,
): number | undefined {
  if (isVerdict(reply.state)) return undefined
  if (reply.state !== 'expected') return deadline(state, reply, timing) + timing.responseTimeoutMs
  return reply.sentAt === undefined ? undefined : reply.sentAt + sendingTookMs + timing.responseTimeoutMs
}

function deadline(state: RunState, reply: ReplyState, timing: Timing): number {
  const { cancelRequestedAt, request } = state
  const { startedAt, heardAt, cancelRefused } = reply
  // A queued command waits for others of unknown length: as long as its agent reports, it is still to come.
  const byItself =
    startedAt === undefined
      ? (heardAt ?? state.startedAt) + request.timeoutMs + timing.queuedSilenceMs
      : startedAt + request.timeoutMs + timing.graceMs
  if (cancelRequestedAt === undefined || cancelRefused !== undefined) return byItself
  return Math.min(byItself, cancelRequestedAt + timing.graceMs)
}
