import * as vscode from 'vscode'

export interface EditedFile {
  readonly document: vscode.TextDocument
  /** False when there were unsaved changes in it before: saving them is left to the person who made them. */
  readonly isSaved: boolean
}

/** How often an edit is made anew when the text changes under it: somebody types, or another extension edits. */
const mostAttempts = 5

/**
 * Changes a file through the editor's buffer, and saves it unless somebody else had unsaved changes in it. A file that is
 * not there is made, with its folder.
 * @throws Error when the editor refuses, and what `change` throws
 */
export async function editDocument(uri: vscode.Uri, change: (text: string) => string): Promise<EditedFile> {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const isThere = openDocument(uri) !== undefined || (await exists(uri))
    if (!isThere) {
      const edit = new vscode.WorkspaceEdit()
      // Refused when it is there by now.
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
    // Refused when the text is another by now.
    if (!(await vscode.workspace.applyEdit(edit))) continue
    if (isDirty) return { document, isSaved: false }
    if (await document.save()) return { document, isSaved: true }
    throw new Error(
      vscode.l10n.t('Changed {0}, but could not save it.', vscode.workspace.asRelativePath(uri)),
    )
  }
  throw new Error(vscode.l10n.t('Cannot change {0}.', vscode.workspace.asRelativePath(uri)))
}

/** The document of an editor, shown or not. */
export function openDocument(uri: vscode.Uri): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString())
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  )
}

/** The lines that differ: cursors, folds and marks of the others stay where they are. */
function difference(before: string, after: string): { start: number; end: number; replacement: string } {
  const most = Math.min(before.length, after.length)
  let start = 0
  while (start < most && before[start] === after[start]) start++
  start = before.lastIndexOf('\n', start - 1) + 1
  let same = 0
  while (same < most - start && before.at(-1 - same) === after.at(-1 - same)) same++
  // Up to a line's start, from where the rest is the same.
  const line = before.indexOf('\n', before.length - same)
  const end = line === -1 ? before.length : line + 1
  return { start, end, replacement: after.slice(start, after.length - (before.length - end)) }
}
