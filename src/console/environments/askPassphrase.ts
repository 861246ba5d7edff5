import * as vscode from 'vscode'

/** @returns undefined when the user gave none */
export async function askPassphrase(file: string): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Passphrase of {0}', file),
    password: true,
    ignoreFocusOut: true,
  })
}
