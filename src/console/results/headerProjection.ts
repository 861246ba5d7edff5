import { viewProblem } from '../../answers/viewProblems.ts'
import type { ActionHeader, RolloutHeader, RunHeader } from '../../page/runHeader.ts'
import { isVerdict } from '../../protocol/verdict.ts'
import { actionName, actionText } from '../../run/actionText.ts'
import { hiddenSentence } from '../../run/hiddenCommand.ts'
import type { ReceiveTrouble } from '../../run/receiveTrouble.ts'
import type { RecordedRequest } from '../../run/runRequest.ts'
import type { RunState } from '../../run/runState.ts'
import { chosenIn, describeTargets } from '../../run/targetText.ts'
import { localize } from '../../text/localizable.ts'
import type { Translate } from '../../text/translate.ts'
import { visibleText } from '../../text/visibleText.ts'
import { railOf } from './rolloutRail.ts'
import type { ShownEnvironment } from './shownRun.ts'

/** What is true of a run at this moment, and in no record. */
export interface Moment {
  readonly live: boolean
  /** Whether another window has it in progress. */
  readonly elsewhere?: boolean | undefined
  readonly now: number
  readonly trouble?: ReceiveTrouble | undefined
  readonly nextStepAt?: number | undefined
  readonly t: Translate
}

/** The run without what a page must not know, above all the values of environment variables. */
export function runHeader(state: RunState, environment: ShownEnvironment, moment: Moment): RunHeader {
  const { runId, request, issuer, startedAt, endedAt, phase, stopReason, stopSentence } = state
  const { pauseReason, pauseSentence, hidden } = state
  const { live, elsewhere = false, now, trouble, t } = moment
  const rollout = rolloutHeader(state, moment)
  const { limitAt, cutAgents, toConfirm } = survey(state)
  const isOver = phase === 'over'
  return {
    runId,
    environment: environmentHeader(environment),
    targets: describeTargets(request.filter, chosenIn(state), t),
    action: actionHeader(request, t),
    issuer: { name: issuer.name, host: issuer.host },
    ...(state.sender === undefined ? {} : { sender: visibleText(state.sender) }),
    ...(state.signingKey === undefined ? {} : { signingKey: visibleText(state.signingKey) }),
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    now,
    timeoutMs: request.timeoutMs,
    ...(isOver || limitAt === undefined ? {} : { limitAt }),
    phase,
    ...(state.cancelRequestedAt === undefined || isOver
      ? {}
      : {
          cancelling: { at: state.cancelRequestedAt, confirmed: state.counts.cancelled, toConfirm },
        }),
    ...(rollout === undefined ? {} : { rollout }),
    ...(stopReason === undefined
      ? {}
      : { stopReason: stopSentence === undefined ? stopReason : localize(stopSentence, t) }),
    ...(pauseReason === undefined
      ? {}
      : { pauseReason: pauseSentence === undefined ? pauseReason : localize(pauseSentence, t) }),
    ...(hidden.length === 0 ? {} : { hidden: hidden.map((each) => localize(hiddenSentence(each), t)) }),
    ...(trouble === undefined || isOver ? {} : { trouble: { ...trouble, why: localize(trouble.why, t) } }),
    ...(cutAgents === 0 ? {} : { cutAgents }),
    ...viewOf(request),
    live,
    ...(elsewhere && !isOver ? { elsewhere: true } : {}),
  }
}

/** The environment as the page shows it. */
export function environmentHeader({
  name,
  colour,
  ...environment
}: ShownEnvironment): RunHeader['environment'] {
  return { name, protected: environment.protected, ...(colour === undefined ? {} : { colour }) }
}

/** A record of another version may have what is no view now. */
function viewOf({ view }: RecordedRequest): Pick<RunHeader, 'view'> {
  return view === undefined || viewProblem(view) !== undefined ? {} : { view }
}

function rolloutHeader(state: RunState, { nextStepAt }: Moment): RolloutHeader | undefined {
  const rail = railOf(state)
  return rail && { ...rail, ...(nextStepAt === undefined ? {} : { nextAt: nextStepAt }) }
}

/** When the last agent that runs reaches its time limit, and numbers of agents. */
function survey({ replies, request }: RunState) {
  let [cutAgents, toConfirm] = [0, 0]
  let limitAt: number | undefined
  for (const { cut, state, sentAt, startedAt, cancelRefused } of replies.values()) {
    if (cut === 'run') cutAgents += 1
    if (isVerdict(state) || sentAt === undefined) continue
    if (cancelRefused === undefined) toConfirm += 1
    limitAt = Math.max(limitAt ?? 0, (startedAt ?? sentAt) + request.timeoutMs)
  }
  return { cutAgents, toConfirm, limitAt }
}

/** The most characters of a script that are sent to the page. */
const maxScriptCharacters = 65_536

export function actionHeader({ action, targets, filter }: RecordedRequest, t: Translate): ActionHeader {
  const only =
    targets === undefined || filter === '*'
      ? []
      : [targets.length === 1 ? t('only 1 chosen agent') : t('only {0} chosen agents', targets.length)]
  if (action.kind === 'ping') return { kind: 'ping', text: 'ping', details: only }
  if (action.kind === 'facts') return { kind: 'facts', text: t('Refresh facts'), details: only }
  const variables = Object.keys(action.environment ?? {})
  const details = [
    ...only,
    ...(action.user === undefined ? [] : [t('as {0}', action.user)]),
    ...(action.directory === undefined ? [] : [t('in {0}', action.directory)]),
    ...(variables.length === 0 ? [] : [t('with {0}', variables.join(', '))]),
  ]
  if (action.kind === 'shell') return { kind: 'shell', text: actionName(action), details }
  const script = actionText(action).slice(0, maxScriptCharacters)
  if (action.interpreter !== undefined) details.unshift(t('by {0}', action.interpreter))
  return { kind: 'script', text: actionName(action), script, details }
}
