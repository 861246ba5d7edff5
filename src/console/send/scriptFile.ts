import * as vscode from 'vscode'
import { scriptAction } from './scriptAction.ts'

type ScriptAction = ReturnType<typeof scriptAction>

/**
 * The script in a file of the workspace, as it lies on disk.
 * @param file path, relative to the first workspace folder that has it
 * @throws Error when there is none
 */
export async function fileScript(
  file: string,
  args: readonly string[],
  interpreter: string | undefined,
): Promise<ScriptAction> {
  const folders = vscode.workspace.workspaceFolders ?? []
  const uris = file.startsWith('/')
    ? [vscode.Uri.file(file)]
    : folders.map(({ uri }) => vscode.Uri.joinPath(uri, file))
  for (const uri of uris) {
    const content = await read(uri)
    if (content !== undefined) return scriptAction({ name: file, content, args, interpreter })
  }
  throw new Error(vscode.l10n.t('There is no script {0} in the workspace.', file))
}

/** The whole file of an editor: its bytes on disk when it is saved, otherwise what stands in the editor, in UTF-8. */
export async function documentScript(
  document: vscode.TextDocument,
  args: readonly string[],
): Promise<ScriptAction> {
  const { languageId, fileName: name } = document
  const isOnDisk = !document.isDirty && !document.isUntitled
  const onDisk = isOnDisk ? await read(document.uri) : undefined
  return scriptAction({ name, content: onDisk ?? Buffer.from(document.getText()), args, languageId })
}

/** The selected part of a file, run by what runs the file. */
export function selectionScript(
  document: vscode.TextDocument,
  selections: readonly vscode.Selection[],
  args: readonly string[],
): ScriptAction {
  const { languageId, fileName: name } = document
  const parts = selections.map((selection) => document.getText(selection))
  const text = parts.every((part) => part.endsWith('\n')) ? parts.join('') : `${parts.join('\n')}\n`
  const firstLineOfFile = document.lineAt(0).text
  return scriptAction({ name, content: Buffer.from(text), args, languageId, firstLineOfFile })
}

async function read(uri: vscode.Uri): Promise<Uint8Array | undefined> {
  try {
    return await vscode.workspace.fs.readFile(uri)
  } catch {
    return undefined
  }
}
