import { viewProblem } from '../../answers/viewProblems.ts'
import type { NameProblem } from '../../hosts/similarNames.ts'
import type { ActionHeader, AgentRow, GroupRow, PreviewLine, RunHeader } from '../../page/toPage.ts'
import { actionName, actionText } from '../../run/actionText.ts'
import { hiddenSentence } from '../../run/hiddenCommand.ts'
import type { RecordedRequest } from '../../run/runRequest.ts'
import type { ReplyState, RunState } from '../../run/runState.ts'
import { chosenIn, describeTargets } from '../../run/targetText.ts'
import { endOfUnexpected, shownState } from '../../run/unexpected.ts'
import { localize } from '../../text/localizable.ts'
import type { Translate } from '../../text/translate.ts'
import { visibleText } from '../../text/visibleText.ts'
import type { ShownEnvironment } from './shownRun.ts'

/** A reply as a row of the page. */
export function agentRow(
  reply: ReplyState,
  group: number | undefined,
  nameProblem: NameProblem | undefined,
  t: Translate,
): AgentRow {
  const { agentId, hostname, latencyMs, durationMs, droppedBytes, output } = reply
  const note = noteOf(reply, t)
  return {
    ...{
      id: agentId,
      host: hostname,
      state: shownState(reply),
      output,
      bytes: reply.stdoutBytes + reply.stderrBytes,
    },
    ...exitOf(reply),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(droppedBytes > 0 ? { droppedBytes } : {}),
    ...(reply.late ? { late: true } : {}),
    ...(reply.expected || reply.unexpected ? {} : { joined: true }),
    ...(reply.conflicting === true ? { conflicting: true } : {}),
    ...(reply.heardAt === undefined ? {} : { identity: reply.identity }),
    ...(nameProblem === undefined ? {} : { nameProblem }),
    ...(note === undefined ? {} : { note }),
    ...(group === undefined ? {} : { group }),
  }
}

/** A group as a row; `representative` is the reply of one of its agents. */
export function groupRow(
  representative: ReplyState,
  { id, count, hosts, majority, originals, label, preview }: GroupFacts,
  t: Translate,
): GroupRow {
  const note = noteOf(representative, t)
  return {
    ...{ id, count, majority, originals, state: shownState(representative) },
    ...exitOf(representative),
    hosts: hosts.length > maxHostsCharacters ? `${hosts.slice(0, maxHostsCharacters)}…` : hosts,
    bytes: representative.stdoutBytes + representative.stderrBytes,
    preview: preview?.lines ?? [],
    more: preview?.more ?? false,
    ...(label === undefined ? {} : { label }),
    ...(note === undefined ? {} : { note }),
  }
}

interface GroupFacts {
  readonly id: number
  readonly count: number
  readonly hosts: string
  readonly majority: boolean
  readonly originals: number
  readonly label: string | undefined
  readonly preview: { readonly lines: readonly PreviewLine[]; readonly more: boolean } | undefined
}

/** The run without what a page must not know, above all the values of environment variables. */
export function runHeader(
  state: RunState,
  environment: ShownEnvironment,
  {
    live,
    elsewhere = false,
    now,
    t,
  }: { live: boolean; elsewhere?: boolean | undefined; now: number; t: Translate },
): RunHeader {
  const {
    runId,
    request,
    issuer,
    startedAt,
    endedAt,
    phase,
    stopReason,
    stopSentence,
    pauseReason,
    pauseSentence,
    steps,
    stepsStarted,
  } = state
  const { rollout } = request
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
    phase,
    cancelling: state.cancelRequestedAt !== undefined && phase !== 'over',
    ...(rollout === undefined
      ? {}
      : { rollout: { steps: steps.length, started: stepsStarted, canary: (rollout.canary ?? 0) > 0 } }),
    ...(stopReason === undefined
      ? {}
      : { stopReason: stopSentence === undefined ? stopReason : localize(stopSentence, t) }),
    ...(pauseReason === undefined
      ? {}
      : { pauseReason: pauseSentence === undefined ? pauseReason : localize(pauseSentence, t) }),
    ...(state.hidden.length === 0
      ? {}
      : { hidden: state.hidden.map((hidden) => localize(hiddenSentence(hidden), t)) }),
    ...viewOf(request),
    live,
    ...(elsewhere && phase !== 'over' ? { elsewhere: true } : {}),
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

/** The most characters of a group's folded hosts: more would not be visible. */
const maxHostsCharacters = 1000

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

function exitOf({ outcome }: ReplyState): { exitCode?: number; signal?: string } {
  if (outcome?.kind === 'exited') return { exitCode: outcome.code }
  return outcome?.kind === 'signalled' ? { signal: outcome.signal } : {}
}

function noteOf(reply: ReplyState, t: Translate): string | undefined {
  const { refusal, outcome, state, started, unread, unexpected } = reply
  if (unexpected) {
    const end = endOfUnexpected(reply)
    return end && localize(end, t)
  }
  if (refusal !== undefined) return refusal.reason
  if (unread === true) return t('replies may be unread')
  if (outcome?.kind === 'not-executed') return outcome.reason
  if (outcome?.kind === 'cancelled' && !outcome.started) return t('before it started')
  return state === 'running' && started === 'queued' ? t('waiting for a free slot') : undefined
}
