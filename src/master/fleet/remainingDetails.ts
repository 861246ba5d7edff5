import { stateNames, verdicts } from '../../protocol/verdict.ts'
import { requestDetails } from '../../run/requestDetails.ts'
import { stepsLeft } from '../../run/rollout.ts'
import type { RunState } from '../../run/runState.ts'
import type { Detail } from '../../text/detail.ts'
import { localize } from '../../text/localizable.ts'
import type { Translate } from '../../text/translate.ts'
import { hostLines } from './hostLines.ts'
import type { NamedAgent, Reach } from './reach.ts'
import { doubtDetails, signatureDetails } from './reachDetails.ts'

/** The agents of the steps that have not started, in the order of the steps. */
export function remainingAgents(state: RunState): NamedAgent[] {
  return stepsLeft(state).flatMap((step) => namedIn(state, step))
}

/** What is left of a paused rollout, and what has become of it so far: all that a person agrees to when it goes on. */
export function remainingDetails(
  state: RunState,
  reach: Pick<Reach, 'agents' | 'missing' | 'look' | 'signing'>,
  t: Translate,
): Detail[] {
  const { pauseReason, pauseSentence, counts, request } = state
  const left = remainingAgents(state).length
  const why = pauseSentence === undefined ? pauseReason : localize(pauseSentence, t)
  const soFar = ([...verdicts, 'running', 'expected'] as const)
    .map((name) => ({ name, count: name === 'expected' ? counts.expected - left : counts[name] }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${count} ${localize(stateNames[name], t)}`)
  return [
    ...(why === undefined ? [] : [{ name: t('Paused'), value: why }]),
    { name: t('So far'), value: soFar.join(', ') },
    ...requestDetails(request, t),
    ...stepDetails(state, t),
    ...doubtDetails(reach, { targets: [] }, t),
    ...signatureDetails(reach, t),
  ]
}

/** The agents of each step that is left. Those of a window start one by one, so that they are one list. */
function stepDetails(state: RunState, t: Translate): Detail[] {
  const { steps, stepsStarted, request } = state
  const hosts = (agents: readonly NamedAgent[]) => hostLines(agents.map(({ hostname }) => hostname))
  if (request.rollout?.window !== undefined) {
    const left = remainingAgents(state)
    return [{ name: t('Not started ({0})', left.length), value: hosts(left) }]
  }
  return stepsLeft(state).map((step, index) => ({
    name: t('Step {0} of {1} ({2})', stepsStarted + index + 1, steps.length, step.length),
    value: hosts(namedIn(state, step)),
  }))
}

function namedIn({ replies }: RunState, step: readonly string[]): NamedAgent[] {
  return step.map((agentId) => ({ agentId, hostname: replies.get(agentId)?.hostname ?? agentId }))
}
