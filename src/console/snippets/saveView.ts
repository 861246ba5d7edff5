import * as vscode from 'vscode'
import type { AnswersView } from '../../answers/view.ts'
import { setInSnippet } from '../../declarations/editEntries.ts'
import type { Snippet } from '../../declarations/snippet.ts'
import { parseWorkspaceFile } from '../../declarations/workspaceFile.ts'
import { actionText } from '../../run/actionText.ts'
import type { RecordedRequest } from '../../run/runRequest.ts'
import { showUnsaved } from '../declarations/unsavedNotice.ts'
import type { WorkspaceFiles } from '../declarations/workspaceFiles.ts'
import type { FoundSnippet, Snippets } from '../send/snippets.ts'
import { plainText } from '../text/plainText.ts'
import { openSnippet } from './snippetCommands.ts'

/** "Save view to snippet" of a results page: the snippet of that command opens its results like this from now on. */
export function saveView(snippets: Snippets, files: WorkspaceFiles) {
  return async (
    { action, snippetName }: Pick<RecordedRequest, 'action' | 'snippetName'>,
    view: AnswersView,
  ) => {
    if (Object.keys(view).length === 0)
      throw new Error(vscode.l10n.t('Nothing is chosen: group, sort or choose columns first.'))
    const same = (await snippets.all()).filter((snippet) => runs(snippet, action))
    const named = same.filter(({ name }) => name === snippetName)
    const found = named.length > 0 ? named : same
    if (found.length === 0)
      throw new Error(
        vscode.l10n.t('No snippet runs this command. Save it as a snippet first, then save the view.'),
      )
    const snippet = found.length === 1 ? found[0] : await chosen(found)
    if (snippet === undefined) return
    const { uri, name } = snippet
    const edited = await files.edit(uri, (text) => setInSnippet(text, name, 'view', view))
    const at = parseWorkspaceFile(edited.document.getText()).snippets.find((each) => each.name === name)?.at
    await openSnippet()(uri, at?.start ?? 0)
    await showUnsaved(edited)
  }
}

/** Whether the snippet sends this command; its filter, user and inputs may differ. */
export function runs(
  { declaration: { command, script, file } }: Pick<Snippet, 'declaration'>,
  action: RecordedRequest['action'],
): boolean {
  if (action.kind === 'shell') return command === action.command
  if (action.kind !== 'script') return false
  return script === undefined ? file?.split('/').at(-1) === action.name : script === actionText(action)
}

async function chosen(found: readonly FoundSnippet[]): Promise<FoundSnippet | undefined> {
  const items = found.map((snippet) => ({
    label: plainText(snippet.name),
    description: vscode.workspace.asRelativePath(snippet.uri),
    snippet,
  }))
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Save View to Snippet'),
  })
  return picked?.snippet
}
