import * as vscode from 'vscode'
import { aborted, orAborted } from '../../async/aborted.ts'
import type { CommandCost, CostOf } from '../../master/commandCost.ts'
import { unknownFleet } from '../../master/fleet/fleetSnapshot.ts'
import { type Reach, reachOf } from '../../master/fleet/reach.ts'
import { isUserName } from '../../protocol/action.ts'
import { describeRollout, parseRolloutText, printRollout } from '../../run/rolloutText.ts'
import type { RunRequest } from '../../run/runRequest.ts'
import { parseDuration } from '../../text/duration.ts'
import type { Connections } from '../environments/connections.ts'
import { messageOf } from '../text/messageOf.ts'
import { showWait } from './cancellation.ts'
import { questionOf } from './confirmSend.ts'
import { type Documents, showDocument } from './question.ts'
import { changeCanary, changeTargets } from './reviewAgents.ts'
import { itemsFor, type Part, type PartItem } from './reviewItems.ts'
import type { RunPlan } from './runPlan.ts'
import { type Place, type StepEnd, showPickStep } from './step.ts'

/**
 * The last box before a run: one sentence that says what will happen, and rows for everything that can still be changed.
 * @returns the plan with the changes of the user
 */
export async function reviewPlan(
  connections: Connections,
  documents: Documents,
  plan: RunPlan,
  place: Place,
  onChange: (request: RunRequest) => void = () => {},
): Promise<StepEnd<RunPlan>> {
  const { environment, request: _, ...more } = plan
  const costOf = await openedCost(connections, environment, place.signal)
  if (costOf === aborted) return { kind: 'given-up' }
  const reach = () => connections.reach(environment.key, request) ?? reachOf(unknownFleet, request)
  const watch = connections.watch(environment)
  let { request } = plan
  const asked = (): RunPlan => ({ ...more, environment, request })
  let shown = reach()
  try {
    for (;;) {
      const end = await showPickStep<PartItem, Part>({
        ...place,
        title: vscode.l10n.t('Run on {0}', environment.environment.name),
        placeholder: vscode.l10n.t('Press Enter to run, or change targets and options below.'),
        itemsFor: () => {
          shown = reach()
          return itemsFor(asked(), shown, costOf?.(request, shown))
        },
        take: ({ part }) => ({ kind: 'done', value: part }),
        onDidChange: (refresh) =>
          connections.onDidChange(({ key }) => {
            if (key === environment.key) refresh()
          }),
      })
      if (end.kind !== 'done') return end
      // What was on the screen is what the person has agreed to.
      if (end.value === 'run') return { kind: 'done', value: { ...asked(), seen: shown.named } }
      if (end.value === 'signing') {
        // It may declare the environment in another way, so this review is over.
        void vscode.commands.executeCommand('ec2-collective.setUpSigning', environment.key)
        return { kind: 'given-up' }
      }
      if (end.value === 'all')
        await showDocument(questionOf(asked(), shown, costOf?.(request, shown), undefined), documents)
      else {
        request = await changePart(end.value, request, shown)
        onChange(request)
      }
    }
  } finally {
    watch.dispose()
  }
}

/** Opens the environment, where a person sees that it takes time, and can give up. */
async function openedCost(
  connections: Connections,
  environment: RunPlan['environment'],
  signal: AbortSignal = new AbortController().signal,
) {
  const stop = new AbortController()
  const stopped = AbortSignal.any([signal, stop.signal])
  const opening = connections.use(environment).then(async ({ master }) => {
    // Where it is not known now, the question before sending says it, or why nothing can be sent.
    return master.costing(stopped).then(remembering, () => undefined)
  })
  const title = vscode.l10n.t('Connecting to {0}…', environment.environment.name)
  return showWait(title, { stop: () => stop.abort() }, orAborted(opening, stopped))
}

/** The fleet changes all the time: the cost is computed again when the request or a number of agents has changed. */
function remembering(costOf: CostOf): CostOf {
  let last: { readonly request: RunRequest; readonly counts: string; readonly cost: CommandCost } | undefined
  return (request, reach) => {
    const counts = `${reach.named.length} ${reach.known}`
    if (last?.request !== request || last.counts !== counts)
      last = { request, counts, cost: costOf(request, reach) }
    return last.cost
  }
}

async function changePart(
  part: Exclude<Part, 'run' | 'all' | 'signing'>,
  request: RunRequest,
  reach: Reach,
): Promise<RunRequest> {
  switch (part) {
    case 'who':
      return changeTargets(request, reach)
    case 'unseen': {
      const { unseen, ...rest } = request
      return unseen === 'included' ? rest : { ...rest, unseen: 'included' }
    }
    case 'timeout':
      return changeTimeout(request)
    case 'rollout':
      return changeRollout(request)
    case 'canary':
      return changeCanary(request, reach)
    case 'user':
      return changeText(request, 'user', {
        prompt: vscode.l10n.t('User to run as; empty for the agent’s own user'),
        validateInput: (text) =>
          text === '' || isUserName(text) ? undefined : vscode.l10n.t('Not a valid user name'),
      })
    case 'directory':
      return changeText(request, 'directory', {
        prompt: vscode.l10n.t('Absolute directory to run in; empty for the agent’s default'),
        validateInput: (text) =>
          text === '' || text.startsWith('/')
            ? undefined
            : vscode.l10n.t('Use an absolute directory: it starts with /'),
      })
  }
}

async function changeTimeout(request: RunRequest): Promise<RunRequest> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Timeout'),
    prompt: vscode.l10n.t('Agents stop the command after this: seconds, or 90s, 10m, 1h'),
    value: `${request.timeoutMs / 1000}s`,
    ignoreFocusOut: true,
    validateInput: (value) =>
      parseDuration(value) === undefined
        ? vscode.l10n.t('Use a duration such as 60, 90s, 10m or 1h, at most 7d.')
        : undefined,
  })
  const timeoutMs = text === undefined ? undefined : parseDuration(text)
  return timeoutMs === undefined ? request : { ...request, timeoutMs }
}

async function changeRollout(request: RunRequest): Promise<RunRequest> {
  const presets = [
    ...['', 'canary=1', 'canary=1 batch=10%', 'canary=1 window=10%', 'batch=1 pause=10s'],
    'batch=25% failures=5%',
  ]
  const other = vscode.l10n.t('Custom…')
  const items = [
    ...presets.map((text) => ({
      label: capitalize(describeRollout(parseRolloutText(text), vscode.l10n.t)),
      description: text,
      text,
    })),
    { label: other, description: '', text: undefined },
  ]
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Rollout'),
    placeHolder: vscode.l10n.t('Rollout strategy'),
    ignoreFocusOut: true,
  })
  if (chosen === undefined) return request
  const text = chosen.text ?? (await askRollout(request))
  if (text === undefined) return request
  const { rollout: _, ...rest } = request
  const rollout = parseRolloutText(text)
  if (rollout === undefined) return rest
  // The steps name their agents.
  const { unseen: __, ...named } = rest
  return { ...named, rollout }
}

function askRollout(request: RunRequest): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Rollout'),
    prompt: vscode.l10n.t(
      'canary: agents to try first · batch: agents per step, or window: most agents at once · pause: wait between steps · failures: stop above',
    ),
    value:
      request.rollout === undefined
        ? 'canary=1 batch=10% pause=30s failures=2'
        : printRollout(request.rollout),
    ignoreFocusOut: true,
    validateInput: (value) => {
      try {
        parseRolloutText(value)
        return undefined
      } catch (error) {
        return messageOf(error)
      }
    },
  })
}

async function changeText(
  request: RunRequest,
  field: 'user' | 'directory',
  options: vscode.InputBoxOptions,
): Promise<RunRequest> {
  const { action } = request
  if (action.kind !== 'shell' && action.kind !== 'script') return request
  const text = await vscode.window.showInputBox({
    ...options,
    value: action[field] ?? '',
    ignoreFocusOut: true,
  })
  if (text === undefined) return request
  const { [field]: _, ...rest } = action
  return {
    ...request,
    action: text === '' ? (rest as typeof action) : ({ ...rest, [field]: text } as typeof action),
  }
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
