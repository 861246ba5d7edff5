import { type DeclaredEnvironment, notableEndpoint } from '../../declarations/declaredEnvironment.ts'
import { foldHosts } from '../../hosts/hostFolding.ts'
import type { CommandCost } from '../../master/commandCost.ts'
import { costDetails } from '../../master/costDetails.ts'
import type { Audience, Reach } from '../../master/fleet/reach.ts'
import { reachDetails } from '../../master/fleet/reachDetails.ts'
import { printArguments } from '../../run/actionText.ts'
import { requestDetails } from '../../run/requestDetails.ts'
import { describeRollout } from '../../run/rolloutText.ts'
import type { RunRequest } from '../../run/runRequest.ts'
import type { Detail } from '../../text/detail.ts'
import { printDuration } from '../../text/duration.ts'
import { isOneLine, oneLine } from '../../text/oneLine.ts'
import type { Translate } from '../../text/translate.ts'
import { visibleText } from '../../text/visibleText.ts'

/** The known parts of a run, before the user is asked for the rest. */
export type Draft = Partial<RunRequest> & Pick<Partial<RunPlan>, 'environment' | 'notFound' | 'snippet'>

/** A run that is not confirmed yet. */
export interface RunPlan {
  readonly environment: DeclaredEnvironment
  readonly request: RunRequest
  /** The targets that the user saw when they confirmed it. */
  readonly seen?: Reach['named']
  /** Names of a list of targets that stand for no agent, although a person has expected them. */
  readonly notFound?: readonly string[]
  /** Key of the draft with the inputs of the snippet that it is from. */
  readonly snippet?: string
}

/** The parts of a plan that the sentence describes. */
type WhoIsHit = Pick<Reach, 'named' | 'known'>

/** One sentence that says what will happen: command, number of agents, environment, filter, and how. */
export function describePlan(plan: RunPlan, reach: WhoIsHit, t: Translate): string {
  return `${describeAction(plan.request.action, t)} ${describeHow(plan, reach, t)}.`
}

/** What the sentence does not contain: the whole command, how it runs, its targets, the missing agents, and a notable cost. */
export function planDetails(
  { environment, request, notFound = [] }: RunPlan,
  reach: Reach,
  cost: CommandCost | undefined,
  t: Translate,
): Detail[] {
  const endpoint = notableEndpoint(environment)
  return [
    ...requestDetails(request, t),
    ...(notFound.length === 0 ? [] : [notFoundDetail(notFound, t)]),
    ...(endpoint === undefined ? [] : [{ name: t('Endpoint'), value: visibleText(endpoint) }]),
    ...reachDetails(reach, request, t),
    ...costDetails(cost, t),
  ]
}

/** What of a list of targets is no agent. */
export function notFoundDetail(notFound: readonly string[], t: Translate): Detail {
  return {
    name: t('Names that choose no agent ({0})', notFound.length),
    value: visibleText(foldHosts(notFound)),
  }
}

/** The sentence without what is run: `on 3 of 6 agents of testing (role=web): all at once, for at most 60 s each`. */
export function describeHow({ environment, request }: RunPlan, reach: WhoIsHit, t: Translate): string {
  const { name } = environment.environment
  const how = t(
    '{0}, for at most {1} each',
    describeRollout(request.rollout, t),
    printDuration(request.timeoutMs),
  )
  const endpoint = notableEndpoint(environment)
  const through = endpoint === undefined ? '' : t(', through {0}', endpoint)
  return `${describeTarget(name, request, reach, t)}${through}: ${how}${describeUser(request, t)}`
}

/** The targets, for titles and for the sentence: `on 37 of 412 agents of testing (role=web)`. */
export function describeTarget(
  name: string,
  { filter, targets, unseen }: Audience,
  { named, known }: WhoIsHit,
  t: Translate,
): string {
  const matching = named.length
  const isEveryone = filter.parsed.kind === 'everyone'
  if (targets !== undefined) {
    const names = named.map(({ hostname }) => hostname)
    const who = matching <= 3 ? names.join(', ') : t('{0} chosen agents', matching)
    const and = isEveryone ? '' : ` (${filter.text})`
    return t('on {0} of {1}{2}', matching === 0 ? t('no agent') : who, name, and)
  }
  if (unseen === 'included') {
    return t(
      'on EVERY agent of {0} that matches {1}, seen yet or not ({2} of {3} known)',
      name,
      filter.text,
      matching,
      known,
    )
  }
  if (isEveryone) return t('on EVERY agent of {0} ({1} known)', name, known)
  return t('on {0} of {1} agents of {2} ({3})', matching, known, name, filter.text)
}

/** The action, with the command cut to one readable line that says how much is cut. */
export function describeAction(action: RunRequest['action'], t: Translate): string {
  switch (action.kind) {
    case 'shell':
      return t('Run “{0}”', beginning(action.command, t))
    case 'script':
      return action.args.length === 0
        ? t('Run the script {0}', action.name)
        : t('Run the script {0} with {1}', action.name, beginning(printArguments(action.args), t))
    case 'ping':
      return t('Ping')
    case 'facts':
      return t('Refresh facts')
  }
}

function beginning(text: string, t: Translate): string {
  const visible = visibleText(text)
  const short = oneLine(visible)
  if (isOneLine(visible)) return short
  const lines = text.trim().split('\n').length
  return lines === 1
    ? t('{0} ({1} characters)', short, text.length)
    : t('{0} ({1} lines, {2} characters)', short, lines, text.length)
}

function describeUser({ action }: RunRequest, t: Translate): string {
  if (action.kind !== 'shell' && action.kind !== 'script') return ''
  const { user, directory } = action
  return `${user === undefined ? '' : t(', as {0}', user)}${directory === undefined ? '' : t(', in {0}', directory)}`
}
