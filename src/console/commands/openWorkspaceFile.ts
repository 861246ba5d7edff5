import * as vscode from 'vscode'
import { type WorkspaceFiles, workspaceFilePath } from '../declarations/workspaceFiles.ts'

const template = `# Environments and snippets of EC2 Collective, for everyone who works in this repository.
environments:
  # testing:
  #   region: eu-west-1
  #   colour: green
  # production:
  #   region: eu-west-1
  #   protected: true

snippets:
  # Disk space:
  #   filter: role=web
  #   command: df -h /
`

/** "Open Workspace File": creates it if it is missing. */
export function openWorkspaceFile(files: WorkspaceFiles) {
  return async () => {
    const folders = vscode.workspace.workspaceFolders ?? []
    const folder =
      folders.length > 1
        ? await vscode.window.showWorkspaceFolderPick({
            placeHolder: vscode.l10n.t('Folder of the workspace file'),
          })
        : folders[0]
    if (folder === undefined) {
      if (folders.length === 0)
        throw new Error(vscode.l10n.t('Open a folder first: the file is saved in it.'))
      return
    }
    const uri = vscode.Uri.joinPath(folder.uri, workspaceFilePath)
    const exists = await vscode.workspace.fs.stat(uri).then(
      () => true,
      () => false,
    )
    if (!exists) await files.edit(uri, () => template)
    await vscode.window.showTextDocument(uri)
  }
}
