import type { ReplyState, RunState } from '../run/runState.ts'

/** Of a run in which an agent executed the command although the command did not name it, whatever else happened. */
export const unexpectedCode = 5

/**
 * A run's exit code for pipelines, 0 to 255. `last-non-zero` is the rule of the original EC2 Collective: of the exit codes
 * of all agents, the last one that is not 0. `strict`: 1 unless every agent succeeded. Under both rules an agent that did
 * not exit by itself counts as a failure: no reply never passes for success. {@link unexpectedCode} precedes all others.
 */
export function exitCodeOf(state: RunState, rule: 'last-non-zero' | 'strict'): number {
  if (state.unexpected > 0) return unexpectedCode
  let code = 0
  for (const reply of state.replies.values()) {
    const own = rule === 'strict' ? Number(reply.state !== 'succeeded') : exitCodeOfReply(reply)
    if (own !== 0) code = own
  }
  return code
}

/** As in a shell: the exit code, 124 for a timeout, 130 when cancelled, 126 when refused, 1 for the rest. */
function exitCodeOfReply({ state, outcome }: ReplyState): number {
  if (outcome?.kind === 'exited') return outcome.code
  if (state === 'succeeded') return 0
  if (state === 'timed-out') return 124
  if (state === 'cancelled') return 130
  if (state === 'refused') return 126
  return 1
}
