import * as vscode from 'vscode'
import { scriptAction } from './scriptAction.ts'
import { mostScriptBytes, NotAScript, readInside, readScript } from './scriptContent.ts'

type ScriptAction = ReturnType<typeof scriptAction>

/**
 * The script in a file of the workspace, as it is on disk.
 * @param file path, relative to the first workspace folder that has it, and inside it
 * @param where `anywhere`: the user has named it, so that it may be an absolute path
 * @throws Error when there is none, or it cannot be sent
 */
export async function fileScript(
  file: string,
  args: readonly string[],
  interpreter: string | undefined,
  where: 'anywhere' | 'workspace',
): Promise<ScriptAction> {
  const folders = vscode.workspace.workspaceFolders ?? []
  const contents =
    where === 'anywhere' && file.startsWith('/')
      ? [() => readScript(file)]
      : folders.map(
          ({ uri }) =>
            () =>
              contentInside(uri, file),
        )
  for (const read of contents) {
    const content = await explained(file, read)
    if (content !== undefined) return scriptAction({ name: file, content, args, interpreter })
  }
  throw noScript(file)
}

/**
 * The script in a file of a snippet. A repository may name only its own files, not other files of the user.
 * @param of the snippet
 * @param file path, relative to the workspace folder of the snippet
 * @throws Error when there is no such file, or it cannot be sent
 */
export async function snippetScript(
  of: vscode.Uri,
  file: string,
  args: readonly string[],
  interpreter: string | undefined,
): Promise<ScriptAction> {
  const folder = vscode.workspace.getWorkspaceFolder(of)
  const content = folder && (await explained(file, () => contentInside(folder.uri, file)))
  if (content === undefined) throw noScript(file)
  return scriptAction({ name: file, content, args, interpreter })
}

/** @throws NotAScript */
async function contentInside(folder: vscode.Uri, file: string): Promise<Uint8Array | undefined> {
  if (folder.scheme === 'file') return readInside(folder.fsPath, file)
  // Other file systems of the editor have no links to outside.
  const uri = vscode.Uri.joinPath(folder, file)
  if (!uri.path.startsWith(`${folder.path.replace(/\/$/, '')}/`)) throw new NotAScript(file, 'outside')
  const found = await vscode.workspace.fs.stat(uri).then(undefined, () => undefined)
  if (found === undefined) return undefined
  if (found.type !== vscode.FileType.File) throw new NotAScript(file, 'kind')
  if (found.size > mostScriptBytes) throw new NotAScript(file, 'large')
  return read(uri)
}

async function explained<T>(file: string, work: () => Promise<T>): Promise<T> {
  return work().catch((error) => {
    throw error instanceof NotAScript ? new Error(sentenceOf(file, error.why), { cause: error }) : error
  })
}

function sentenceOf(file: string, why: NotAScript['why']): string {
  switch (why) {
    case 'outside':
      return vscode.l10n.t('The script {0} is outside its workspace folder.', file)
    case 'kind':
      return vscode.l10n.t('{0} is not a file with a script.', file)
    case 'large':
      return vscode.l10n.t(
        'The script {0} is larger than {1} bytes, the most that can be sent.',
        file,
        mostScriptBytes,
      )
    case 'changing':
      return vscode.l10n.t('The script {0} is being changed. Try again when it is complete.', file)
  }
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
