import * as vscode from 'vscode'
import { everyone } from '../../protocol/filter/writtenFilter.ts'
import type { RunState } from '../../run/runState.ts'
import type { SendOutcome } from '../send/runs.ts'
import type { Sending } from '../send/sending.ts'
import type { ShownRuns } from './shownRuns.ts'

/**
 * Another command on agents of a run. They are a plain list of chosen agents, not a filter, which others could match by
 * now; the review names those that have gone since.
 */
export async function runOther(
  sending: Sending,
  shownRuns: ShownRuns,
  state: RunState,
  targets: readonly string[],
): Promise<SendOutcome> {
  const environment = await shownRuns.declaredFor(state)
  const outcome = await sending.ask(
    { environment, filter: everyone, targets },
    vscode.l10n.t('Run Another Command'),
  )
  if (outcome.kind !== 'not-sent') await shownRuns.rememberOrigin(outcome.started.run.runId, state.runId)
  return outcome
}
