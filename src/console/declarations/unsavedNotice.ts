import * as vscode from 'vscode'
import { plainText } from '../text/plainText.ts'
import type { EditedFile } from './editDocument.ts'

/** Shows a file that was changed but not saved, because it has unsaved changes of the user. */
export async function showUnsaved({ document, isSaved }: EditedFile): Promise<void> {
  if (isSaved) return
  await vscode.window.showTextDocument(document)
  const save = vscode.l10n.t('Save')
  void vscode.window
    .showInformationMessage(
      plainText(
        vscode.l10n.t(
          '{0} has unsaved changes of yours, so it was not saved. Save it to apply the change.',
          vscode.workspace.asRelativePath(document.uri),
        ),
      ),
      save,
    )
    .then((answer) => answer === save && document.save())
}
