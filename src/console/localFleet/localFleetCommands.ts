import * as vscode from 'vscode'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import type { EnvironmentsView } from '../environments/environmentsView.ts'
import type { LocalFleetControl } from './localFleetControl.ts'

/** "Start Local Fleet": a queue server and a few agents on this machine, to try everything. */
export function startLocalFleet(control: LocalFleetControl, list: EnvironmentList, view: EnvironmentsView) {
  return async () => {
    const title = vscode.l10n.t('Starting the local fleet…')
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      async (_progress, token) => {
        const abort = new AbortController()
        token.onCancellationRequested(() => abort.abort(new vscode.CancellationError()))
        await control.start(abort.signal)
      },
    )
    const local = (await list.all()).find(({ origin }) => origin.kind === 'local-fleet')
    if (local !== undefined) await view.reveal(local.key)
  }
}

/** "Stop Local Fleet": stops it for every window. */
export function stopLocalFleet(control: LocalFleetControl) {
  return async () => {
    const title = vscode.l10n.t('Stopping the local fleet…')
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
      control.stop(),
    )
  }
}
