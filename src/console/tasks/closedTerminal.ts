import * as vscode from 'vscode'
import type { SendOutcome } from '../send/runs.ts'
import type { Trouble } from '../trouble.ts'

/**
 * The user has closed the terminal of a task: says what happens to its run, and asks if there is a choice. A run in
 * progress continues unless they stop it.
 */
export async function tellOfClosedTerminal(outcome: SendOutcome, trouble: Trouble): Promise<void> {
  const { t } = vscode.l10n
  if (outcome.kind === 'not-sent') return
  const { run, environment } = outcome.started
  const { name } = environment.environment
  if (outcome.kind !== 'sent') {
    await vscode.window.showWarningMessage(
      t('The run was being sent to {0}. Agents that have received it are asked to stop.', name),
    )
    return
  }
  if (run.state.phase === 'over' || run.state.cancelRequestedAt !== undefined) return
  const stop = t('Stop on the Servers')
  const { unsettled, replies } = run.state
  const chosen = await vscode.window.showInformationMessage(
    t('The run on {0} continues: {1} of {2} agents have not finished.', name, unsettled, replies.size),
    stop,
    t('Keep Running'),
  )
  if (chosen !== stop) return
  try {
    await run.cancel()
  } catch (error) {
    trouble.show(error, environment)
  }
}
