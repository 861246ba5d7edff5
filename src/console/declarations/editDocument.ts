import * as vscode from 'vscode'

export interface EditedFile {
  readonly document: vscode.TextDocument
  /** False if it already had unsaved changes: saving these is up to the person who made them. */
  readonly isSaved: boolean
}

/** How many times an edit is retried when the text changes meanwhile, because the user types or another extension edits. */
const mostAttempts = 5

/**
 * Changes a file through the editor's buffer, and saves it unless it already had unsaved changes. A missing file is
 * created, with its folder.
 * @throws Error when the editor refuses, and what `change` throws
 */
export async function editDocument(uri: vscode.Uri, change: (text: string) => string): Promise<EditedFile> {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const isThere = openDocument(uri) !== undefined || (await exists(uri))
    if (!isThere) {
      const edit = new vscode.WorkspaceEdit()
      // Refused if the file exists by now.
      edit.createFile(uri, { contents: Buffer.from(change('')) })
      if (await vscode.workspace.applyEdit(edit)) {
        return { document: await vscode.workspace.openTextDocument(uri), isSaved: true }
      }
      continue
    }
    const document = await vscode.workspace.openTextDocument(uri)
    const { isDirty } = document
    const text = document.getText()
    const edit = new vscode.WorkspaceEdit()
    const { start, end, replacement } = difference(text, change(text))
    edit.replace(uri, new vscode.Range(document.positionAt(start), document.positionAt(end)), replacement)
    // Refused if the text has changed since.
    if (!(await vscode.workspace.applyEdit(edit))) continue
    if (isDirty) return { document, isSaved: false }
    if (await document.save()) return { document, isSaved: true }
    throw new Error(
      vscode.l10n.t('Changed {0}, but could not save it.', vscode.workspace.asRelativePath(uri)),
    )
  }
  throw new Error(vscode.l10n.t('Cannot change {0}.', vscode.workspace.asRelativePath(uri)))
}

/** The document, whether an editor shows it or not. */
export function openDocument(uri: vscode.Uri): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString())
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  )
}

/** The lines that differ, so that cursors, folds and marks in the other lines stay where they are. */
function difference(before: string, after: string): { start: number; end: number; replacement: string } {
  const most = Math.min(before.length, after.length)
  let start = 0
  while (start < most && before[start] === after[start]) start++
  start = before.lastIndexOf('\n', start - 1) + 1
  let same = 0
  while (same < most - start && before.at(-1 - same) === after.at(-1 - same)) same++
  // Back to the start of the line from which the rest is the same.
  const line = before.indexOf('\n', before.length - same)
  const end = line === -1 ? before.length : line + 1
  return { start, end, replacement: after.slice(start, after.length - (before.length - end)) }
}
