import * as vscode from 'vscode'
import { splitArguments } from '../send/scriptAction.ts'
import { documentScript, selectionScript } from '../send/scriptFile.ts'
import type { Sending } from '../send/sending.ts'

/** "Run Active File as Script…": the file's exact bytes, with parameters as parameters. */
export function runActiveFile(sending: Sending) {
  return async () => {
    const { document } = activeEditor()
    const args = await askArguments(vscode.workspace.asRelativePath(document.uri))
    if (args === undefined) return undefined
    return sending.ask({ action: await documentScript(document, args) }, vscode.l10n.t('Run Script'))
  }
}

/** "Run Selection as Script…" */
export function runSelection(sending: Sending) {
  return async () => {
    const { document, selections } = activeEditor()
    const chosen = selections.filter((selection) => !selection.isEmpty)
    if (chosen.length === 0) throw new Error(vscode.l10n.t('Nothing is selected in the editor.'))
    return sending.ask({ action: selectionScript(document, chosen, []) }, vscode.l10n.t('Run Selection'))
  }
}

function activeEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor
  if (editor === undefined) throw new Error(vscode.l10n.t('Open the script in an editor first.'))
  return editor
}

async function askArguments(file: string): Promise<string[] | undefined> {
  const line = await vscode.window.showInputBox({
    title: vscode.l10n.t('Run {0}', file),
    prompt: vscode.l10n.t(
      'Parameters of the script, or empty. Quotes group words; variables and wildcards are not expanded.',
    ),
    ignoreFocusOut: true,
    validateInput: (text) => {
      try {
        splitArguments(text, vscode.l10n.t)
        return undefined
      } catch (error) {
        return (error as Error).message
      }
    },
  })
  return line === undefined ? undefined : splitArguments(line, vscode.l10n.t)
}
