import * as vscode from 'vscode'
import { readFilter } from '../../protocol/filter/writtenFilter.ts'
import type { RecordedRequest } from '../../run/runRequest.ts'
import type { RunState } from '../../run/runState.ts'
import type { SendOutcome } from '../send/runs.ts'
import type { Sending } from '../send/sending.ts'
import type { ShownRuns } from './shownRuns.ts'

/**
 * Repeats a run: on the given agents, or on all agents that match its filter now. Always asks, and says how the fleet has
 * changed since. The values of secrets are not stored, so it asks for them again.
 */
export async function runAgain(
  sending: Sending,
  shownRuns: ShownRuns,
  state: RunState,
  targets: readonly string[] | undefined,
): Promise<SendOutcome> {
  const environment = await shownRuns.declaredFor(state)
  const action = await withSecrets(state.request)
  if (action === undefined) return { kind: 'not-sent', why: 'declined' }
  const { filter, timeoutMs, rollout, secrets, outputLimitBytes, snippetName, view } = state.request
  const chosen = targets ?? state.request.targets
  const outcome = await sending.again(
    {
      environment,
      filter: readFilter(filter),
      action,
      timeoutMs,
      ...(rollout !== undefined && { rollout }),
      ...(secrets !== undefined && { secrets }),
      ...(outputLimitBytes !== undefined && { outputLimitBytes }),
      ...(snippetName !== undefined && { snippetName }),
      ...(view !== undefined && { view }),
      ...(chosen !== undefined && { targets: chosen }),
    },
    // A subset was chosen by hand, so that it differs from the first run says nothing.
    targets === undefined ? [...state.replies.values()].filter(({ expected }) => expected) : undefined,
  )
  if (outcome.kind !== 'not-sent') await shownRuns.rememberOrigin(outcome.started.run.runId, state.runId)
  return outcome
}

/** @returns undefined when the user cancelled */
async function withSecrets({
  action,
  secrets = [],
}: RecordedRequest): Promise<RecordedRequest['action'] | undefined> {
  if (secrets.length === 0 || (action.kind !== 'shell' && action.kind !== 'script')) return action
  const environment = { ...action.environment }
  for (const name of secrets) {
    const value = await vscode.window.showInputBox({
      title: vscode.l10n.t('Secret {0}', name),
      prompt: vscode.l10n.t('Secrets are not stored. Enter the value for this run'),
      password: true,
      ignoreFocusOut: true,
    })
    if (value === undefined) return undefined
    environment[name] = value
  }
  return { ...action, environment }
}
