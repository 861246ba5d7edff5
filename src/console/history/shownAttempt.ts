import { isGivenUp } from '../command.ts'
import { errorActionsFor } from '../errorActions.ts'
import type { AttemptEnd, ShownAttempt } from '../results/shownRun.ts'
import type { Attempt } from '../send/attempt.ts'
import type { Draft } from '../send/runPlan.ts'
import { messageOf } from '../text/messageOf.ts'
import type { ShownRuns } from './shownRuns.ts'

/**
 * An attempt to send, for a page.
 * @param review shows the review of a plan again
 */
export function shownAttempt(
  attempt: Attempt,
  shownRuns: Pick<ShownRuns, 'started'>,
  review: (draft: Draft) => Promise<unknown>,
): ShownAttempt {
  const { environment, request } = attempt.plan
  return {
    environment: environment.environment,
    request: attempt.request,
    get stage() {
      return attempt.stage
    },
    confirmed: attempt.confirmed,
    end: endOf(attempt, shownRuns),
    watch: (listener) => attempt.watch(listener),
    stop: () => attempt.stop(),
    again: () => review({ ...request, environment }),
  }
}

async function endOf(attempt: Attempt, shownRuns: Pick<ShownRuns, 'started'>): Promise<AttemptEnd> {
  const end = await attempt.end
  if (end.kind === 'ended') {
    const { outcome } = end
    return outcome.kind === 'not-sent'
      ? { kind: 'nothing' }
      : { kind: 'run', shown: shownRuns.started(outcome.started) }
  }
  if (isGivenUp(end.error)) return { kind: 'nothing' }
  const actions = errorActionsFor(end.error, attempt.plan.environment)
  return { kind: 'failed', reason: messageOf(end.error), actions }
}
