import * as vscode from 'vscode'
import type { StatusItem } from './statusItem.ts'

/** The menu of the status bar item. */
export function showMenu(status: StatusItem) {
  return async () => {
    const key = status.environment?.key
    const items = [
      { label: `$(play) ${vscode.l10n.t('Run Command…')}`, command: 'runCommand', arguments: [] },
      {
        label: `$(account) ${vscode.l10n.t('Choose AWS Profile…')}`,
        command: 'chooseProfile',
        arguments: [],
      },
      { label: `$(person) ${vscode.l10n.t('Who Am I?')}`, command: 'whoAmI', arguments: [key] },
      { label: `$(pulse) ${vscode.l10n.t('Run Doctor')}`, command: 'doctor', arguments: [key] },
      { label: `$(output) ${vscode.l10n.t('Show Log')}`, command: 'showLog', arguments: [] },
    ]
    const title = status.environment?.environment.name ?? 'EC2 Collective'
    const picked = await vscode.window.showQuickPick(items, { title })
    if (picked !== undefined)
      await vscode.commands.executeCommand(`ec2-collective.${picked.command}`, ...picked.arguments)
  }
}
