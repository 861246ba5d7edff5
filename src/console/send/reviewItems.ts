import * as vscode from 'vscode'
import { foldHosts } from '../../hosts/hostFolding.ts'
import type { CommandCost } from '../../master/commandCost.ts'
import { costDetails } from '../../master/costDetails.ts'
import type { Reach } from '../../master/fleet/reach.ts'
import { doubtDetails, signatureDetails } from '../../master/fleet/reachDetails.ts'
import { describeScript } from '../../run/requestDetails.ts'
import { canaryOf } from '../../run/rollout.ts'
import { describeRollout } from '../../run/rolloutText.ts'
import type { RunRequest } from '../../run/runRequest.ts'
import { printDuration } from '../../text/duration.ts'
import { isOneLine } from '../../text/oneLine.ts'
import { visibleText } from '../../text/visibleText.ts'
import { plainText } from '../text/plainText.ts'
import { describeAction, describeHow, notFoundDetail, type RunPlan } from './runPlan.ts'

/** What choosing an item does: `all` shows everything as a document, `signing` sets up signing instead, the others run it or change a part of it. */
export type Part =
  | 'run'
  | 'all'
  | 'signing'
  | 'who'
  | 'unseen'
  | 'timeout'
  | 'rollout'
  | 'canary'
  | 'user'
  | 'directory'

export interface PartItem extends vscode.QuickPickItem {
  readonly part: Part
}

/** The rows of the review: what will happen, the targets, the missing agents, and everything that can still be changed. */
export function itemsFor(plan: RunPlan, reach: Reach, cost?: CommandCost): PartItem[] {
  const { request, environment, notFound = [] } = plan
  const { action } = request
  const t = vscode.l10n.t
  const { name, protected: isProtected } = environment.environment
  const what = plainText(describeAction(action, t))
  const items: PartItem[] = [
    {
      part: 'run',
      label: isProtected ? `$(shield) ${t('{0}: type “{1}” to confirm', what, name)}` : `$(play) ${what}`,
      detail: plainText(describeHow(plan, reach, t)),
    },
    ...commandItems(action),
    {
      part: 'who',
      label: `$(checklist) ${vscode.l10n.t('Targets')}`,
      description: vscode.l10n.t('{0} of {1} agents', reach.named.length, reach.known),
      detail: plainText(foldHosts(reach.named.map(({ hostname }) => hostname))),
    },
    ...[
      ...(notFound.length === 0 ? [] : [notFoundDetail(notFound, t)]),
      ...doubtDetails(reach, request, t),
    ].map(
      (detail): PartItem => ({
        part: 'all',
        label: `$(warning) ${plainText(detail.name)}`,
        detail: plainText(detail.value.replaceAll('\n', '')),
      }),
    ),
    ...costDetails(cost, t).map(
      (detail): PartItem => ({
        part: 'all',
        label: `$(${cost?.kind === 'too-large' ? 'error' : 'package'}) ${detail.name}`,
        detail: plainText(detail.value),
      }),
    ),
    ...signatureDetails(reach, t).map(
      (concern): PartItem => ({
        part: 'signing',
        label: `$(${concern.isCertain ? 'warning' : 'key'}) ${plainText(concern.name)}`,
        description: t('Set Up Signing…'),
        detail: plainText(concern.value.replaceAll('\n', '')),
      }),
    ),
    ...(mayIncludeUnseen(plan)
      ? [
          {
            part: 'unseen' as const,
            label: `$(${request.unseen === 'included' ? 'pass-filled' : 'circle-large-outline'}) ${t('Include agents not seen yet')}`,
            description: request.unseen === 'included' ? t('on') : t('off'),
            detail: t('Every agent that matches the filter runs it, even one that has not been seen.'),
          },
        ]
      : []),
    {
      part: 'timeout',
      label: `$(watch) ${vscode.l10n.t('Timeout')}`,
      description: printDuration(request.timeoutMs),
    },
    {
      part: 'rollout',
      label: `$(git-branch) ${vscode.l10n.t('Rollout')}`,
      description: describeRollout(request.rollout, t),
    },
    ...canaryItems(request, reach),
  ]
  if (action.kind !== 'shell' && action.kind !== 'script') return items
  const variables = Object.keys(action.environment ?? {})
  return [
    ...items,
    {
      part: 'user',
      label: `$(account) ${vscode.l10n.t('User')}`,
      description: action.user !== undefined ? plainText(action.user) : vscode.l10n.t('default of the agent'),
    },
    {
      part: 'directory',
      label: `$(folder) ${vscode.l10n.t('Directory')}`,
      description:
        action.directory !== undefined ? plainText(action.directory) : vscode.l10n.t('default of the agent'),
    },
    {
      part: 'all',
      label: `$(open-preview) ${vscode.l10n.t('Show everything')}`,
      description: plainText(variables.join(', ')),
    },
  ]
}

/** Which agents go first on their own, if any do. */
function canaryItems({ rollout }: RunRequest, { named }: Reach): PartItem[] {
  const agentIds = named.map(({ agentId }) => agentId)
  const canary = new Set(rollout === undefined ? [] : canaryOf(agentIds, rollout))
  if (rollout === undefined || canary.size === 0) return []
  const isChosen = rollout.canaryAgents?.some((agentId) => canary.has(agentId)) === true
  const hosts = named.filter(({ agentId }) => canary.has(agentId)).map(({ hostname }) => hostname)
  return [
    {
      part: 'canary',
      label: `$(beaker) ${vscode.l10n.t('Canary')}`,
      description: isChosen ? vscode.l10n.t('chosen') : vscode.l10n.t('the first by name'),
      detail: plainText(foldHosts(hosts)),
    },
  ]
}

/** If a command must name its agents, there is no such choice. */
function mayIncludeUnseen({ environment, request }: RunPlan): boolean {
  const { targets, rollout } = request
  return !environment.environment.protected && targets === undefined && rollout === undefined
}

/** Lines of a command that the box shows, and characters in each; the document has all. */
const mostLines = 10
const mostCharacters = 100

/** The whole command if the first item shows only its start, and what identifies a script. */
function commandItems(action: RunRequest['action']): PartItem[] {
  if (action.kind === 'script') {
    return [{ part: 'all', label: `$(file-code) ${plainText(describeScript(action, vscode.l10n.t))}` }]
  }
  if (action.kind !== 'shell' || isOneLine(visibleText(action.command))) return []
  const lines = visibleText(action.command.trim())
    .split('\n')
    .flatMap((line) => line.match(new RegExp(`.{1,${mostCharacters}}`, 'gu')) ?? [''])
  const more = lines.length - mostLines
  return [
    ...lines.slice(0, mostLines).map((line): PartItem => ({ part: 'all', label: plainText(line) || ' ' })),
    ...(more > 0
      ? [
          {
            part: 'all' as const,
            label: `$(ellipsis) ${vscode.l10n.t('{0} more lines', more)}`,
            description: vscode.l10n.t('open all of it in an editor'),
          },
        ]
      : []),
  ]
}
