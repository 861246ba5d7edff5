import * as vscode from 'vscode'
import { OutsideFolder, realPathInside } from './insideFolder.ts'
import { scriptAction } from './scriptAction.ts'

type ScriptAction = ReturnType<typeof scriptAction>

/**
 * The script in a file of the workspace, as it is on disk.
 * @param file path, relative to the first workspace folder that has it, and inside it; or the user's own absolute path
 * @throws Error when there is none
 */
export async function fileScript(
  file: string,
  args: readonly string[],
  interpreter: string | undefined,
): Promise<ScriptAction> {
  const folders = vscode.workspace.workspaceFolders ?? []
  if (file.startsWith('/')) return scriptAt(vscode.Uri.file(file), file, args, interpreter)
  for (const { uri } of folders) {
    const found = await uriInside(uri, file)
    if (found !== undefined) return scriptAt(found, file, args, interpreter)
  }
  throw noScript(file)
}

/**
 * The script in a file of a snippet. A repository may name only its own files, not other files of the user.
 * @param of the snippet
 * @param file path, relative to the workspace folder of the snippet
 * @throws Error when there is no such file, or it is outside the folder
 */
export async function snippetScript(
  of: vscode.Uri,
  file: string,
  args: readonly string[],
  interpreter: string | undefined,
): Promise<ScriptAction> {
  const folder = vscode.workspace.getWorkspaceFolder(of)
  const found = folder && (await uriInside(folder.uri, file))
  if (found === undefined) throw noScript(file)
  return scriptAt(found, file, args, interpreter)
}

/** @throws Error when the file is outside the folder */
async function uriInside(folder: vscode.Uri, file: string): Promise<vscode.Uri | undefined> {
  if (folder.scheme === 'file') {
    const real = await realPathInside(folder.fsPath, file).catch((error) => {
      if (!(error instanceof OutsideFolder)) throw error
      throw new Error(vscode.l10n.t('The script {0} is outside its workspace folder.', file), {
        cause: error,
      })
    })
    return real === undefined ? undefined : vscode.Uri.file(real)
  }
  // Other file systems of the editor have no links to outside.
  const uri = vscode.Uri.joinPath(folder, file)
  if (!uri.path.startsWith(`${folder.path.replace(/\/$/, '')}/`)) {
    throw new Error(vscode.l10n.t('The script {0} is outside its workspace folder.', file))
  }
  return (await read(uri)) === undefined ? undefined : uri
}

async function scriptAt(
  uri: vscode.Uri,
  name: string,
  args: readonly string[],
  interpreter: string | undefined,
): Promise<ScriptAction> {
  const content = await read(uri)
  if (content === undefined) throw noScript(name)
  return scriptAction({ name, content, args, interpreter })
}

function noScript(file: string): Error {
  return new Error(vscode.l10n.t('There is no script {0} in the workspace.', file))
}

/** The whole file of an editor: its bytes on disk if it is saved, otherwise the text of the editor in UTF-8. */
export async function documentScript(
  document: vscode.TextDocument,
  args: readonly string[],
): Promise<ScriptAction> {
  const { languageId, fileName: name } = document
  const isOnDisk = !document.isDirty && !document.isUntitled
  const onDisk = isOnDisk ? await read(document.uri) : undefined
  return scriptAction({ name, content: onDisk ?? Buffer.from(document.getText()), args, languageId })
}

/** The selected part of a file, with the interpreter of the file. */
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
