import * as vscode from 'vscode'
import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import type { Reach } from '../../master/fleet/reach.ts'
import { canaryOf } from '../../run/rollout.ts'
import type { RunRequest } from '../../run/runRequest.ts'
import { plainText } from '../text/plainText.ts'

/** The list of targets, from which the user can exclude agents. */
export async function changeTargets(request: RunRequest, reach: Reach): Promise<RunRequest> {
  const items = reach.agents.map((agent) => ({ ...itemOf(agent), picked: true }))
  const chosen = await pickAgents(items, {
    title:
      items.length === 1
        ? vscode.l10n.t('Targets: 1 agent')
        : vscode.l10n.t('Targets: {0} agents', items.length),
    placeHolder: vscode.l10n.t('Clear the ones to exclude'),
  })
  if (chosen === undefined || chosen.length === items.length) return request
  if (chosen.length === 0) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('No agent was selected, so the targets did not change. Press Escape to send nothing.'),
    )
    return request
  }
  const { unseen: _, ...rest } = request
  return { ...rest, targets: chosen }
}

/** The list of targets, from which the user chooses those that go first. */
export async function changeCanary(request: RunRequest, reach: Reach): Promise<RunRequest> {
  const { rollout } = request
  if (rollout === undefined) return request
  const canary = canaryOf(
    reach.named.map(({ agentId }) => agentId),
    rollout,
  )
  const items = reach.agents.map((agent) => ({ ...itemOf(agent), picked: canary.includes(agent.agentId) }))
  const chosen = await pickAgents(items, {
    title: vscode.l10n.t('Canary'),
    placeHolder: vscode.l10n.t('Select the agents that go first, on their own'),
  })
  if (chosen === undefined) return request
  if (chosen.length === 0) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('No agent was selected, so the canary did not change.'),
    )
    return request
  }
  return { ...request, rollout: { ...rollout, canary: chosen.length, canaryAgents: chosen } }
}

function itemOf({ agentId, hostname, state, version }: KnownAgent) {
  return {
    label: plainText(hostname),
    description: [
      plainText(agentId),
      state === 'stale' ? vscode.l10n.t('not seen recently') : undefined,
      plainText(version),
    ]
      .filter(Boolean)
      .join(' · '),
    agentId,
  }
}

/** @returns their ids; undefined when the user cancelled */
async function pickAgents(
  items: readonly (vscode.QuickPickItem & { readonly agentId: string })[],
  options: { readonly title: string; readonly placeHolder: string },
): Promise<string[] | undefined> {
  const chosen = await vscode.window.showQuickPick(items, {
    ...{ canPickMany: true, matchOnDescription: true, ignoreFocusOut: true },
    ...options,
  })
  return chosen?.map(({ agentId }) => agentId)
}
