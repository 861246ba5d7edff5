import * as vscode from 'vscode'
import { addEntry } from '../../declarations/editEntries.ts'
import type { SnippetDeclaration } from '../../declarations/snippet.ts'
import { parseWorkspaceFile } from '../../declarations/workspaceFile.ts'
import { actionName, actionText } from '../../run/actionText.ts'
import { oneLine } from '../../text/oneLine.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { showUnsaved } from '../declarations/unsavedNotice.ts'
import { type WorkspaceFiles, workspaceFilePath } from '../declarations/workspaceFiles.ts'
import type { RunHistory } from '../send/runHistory.ts'
import type { SendOutcome } from '../send/runs.ts'
import { defaultTimeoutMs, type Sending } from '../send/sending.ts'
import type { FoundSnippet, Snippets } from '../send/snippets.ts'
import { plainText } from '../text/plainText.ts'
import type { SnippetNode } from './snippetsView.ts'

/** "Run Snippet…": from the palette, the view, or the lens above it, which passes its name and file. */
export function runSnippet(sending: Sending, snippets: Snippets) {
  return async (clicked?: SnippetNode | string, uri?: vscode.Uri): Promise<SendOutcome | undefined> => {
    const snippet = await chosenSnippet(snippets, clicked, uri)
    if (snippet === undefined) return undefined
    const draft = await snippets.draftOf(snippet, {})
    return draft && sending.ask(draft, snippet.name)
  }
}

/** A click in the view: opens the file at the snippet. */
export function openSnippet() {
  return async (uri: vscode.Uri, offset: number) => {
    const document = await vscode.workspace.openTextDocument(uri)
    const at = document.positionAt(offset)
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at) })
  }
}

/** "Save as Snippet…" of a row of the history or a run; without one, of the last command. Shares what was just tried with the team. */
export function saveAsSnippet(history: RunHistory, files: WorkspaceFiles, list: EnvironmentList) {
  return async (clicked?: unknown) => {
    const runId = isRunNode(clicked)
      ? clicked.summary.runId
      : typeof clicked === 'string'
        ? clicked
        : undefined
    const runs = await history.list()
    const run = runs.find((each) =>
      runId === undefined ? isSavable(each.request.action.kind) : each.runId === runId,
    )
    if (run === undefined)
      throw new Error(
        runId === undefined
          ? vscode.l10n.t('No command has been sent from this workspace yet.')
          : vscode.l10n.t('This run is no longer in the history.'),
      )
    const folder = vscode.workspace.workspaceFolders?.[0]
    if (folder === undefined) throw new Error(vscode.l10n.t('Open a folder first: snippets are saved in it.'))
    const uri = vscode.Uri.joinPath(folder.uri, workspaceFilePath)
    const taken = parseWorkspaceFile(await files.current(uri)).names.snippets
    const { action, filter } = run.request
    const name = await vscode.window.showInputBox({
      title: vscode.l10n.t('Save as Snippet'),
      prompt: vscode.l10n.t(
        'Name of the snippet, saved in {0}: {1}',
        workspaceFilePath,
        plainText(oneLine(actionName(action))),
      ),
      ignoreFocusOut: true,
      validateInput: (value) =>
        value.trim() === ''
          ? vscode.l10n.t('Enter a name')
          : taken.includes(value.trim())
            ? vscode.l10n.t('A snippet with this name already exists.')
            : undefined,
    })
    if (name === undefined) return
    const known = (await list.all()).find(({ environment }) => environment.name === run.environment)
    const standardMs = known?.defaults.timeoutMs ?? defaultTimeoutMs()
    const declaration = declarationOf(run.request, run.environment, filter, standardMs)
    const edited = await files.edit(uri, (text) => addEntry(text, 'snippets', name.trim(), declaration))
    const at =
      parseWorkspaceFile(edited.document.getText()).snippets.find((snippet) => snippet.name === name.trim())
        ?.at.start ?? 0
    await openSnippet()(uri, at)
    await showUnsaved(edited)
  }
}

/** The declaration of a command that was run. @throws Error when it is neither a command nor a script */
export function declarationOf(
  {
    action,
    timeoutMs,
    targets,
    secrets = [],
    view,
  }: Awaited<ReturnType<RunHistory['list']>>[number]['request'],
  environment: string,
  filter: string,
  standardTimeoutMs: number,
): SnippetDeclaration {
  if (action.kind !== 'shell' && action.kind !== 'script') {
    throw new Error(vscode.l10n.t('Only commands and scripts can be saved as snippets.'))
  }
  const { user, directory } = action
  const inputs = Object.entries(action.environment ?? {})
  return {
    environment,
    // Agents that were chosen by hand do not belong in a snippet.
    ...(targets === undefined && { filter }),
    ...(action.kind === 'shell'
      ? { command: action.command }
      : {
          script: actionText(action),
          ...(action.args.length > 0 && { args: action.args }),
          ...(action.interpreter !== undefined && { interpreter: action.interpreter }),
        }),
    // As it ran: the values are filled in, and can be changed before it runs again. Those of secrets are not kept anywhere.
    ...(inputs.length > 0 && {
      inputs: Object.fromEntries(
        inputs.map(([name, value]) => [name, secrets.includes(name) ? { secret: true } : { default: value }]),
      ),
    }),
    ...(timeoutMs !== standardTimeoutMs && { timeout: timeoutMs / 1000 }),
    ...(view !== undefined && { view }),
    ...(user !== undefined && { user }),
    ...(directory !== undefined && { directory }),
  }
}

async function chosenSnippet(
  snippets: Snippets,
  clicked: SnippetNode | string | undefined,
  uri: vscode.Uri | undefined,
): Promise<FoundSnippet | undefined> {
  if (typeof clicked === 'object' && clicked.kind === 'snippet') return clicked.snippet
  if (typeof clicked === 'string') {
    return (await unsavedSnippet(clicked, uri)) ?? snippets.named(clicked)
  }
  const all = await snippets.all()
  if (all.length === 0) {
    throw new Error(vscode.l10n.t('No snippet yet. Run a command, then save it as a snippet.'))
  }
  const items = all.map((snippet) => {
    const { environment, filter, description, command, script, file } = snippet.declaration
    return {
      label: plainText(snippet.name),
      description: plainText([environment, filter].filter(Boolean).join(' · ')),
      detail: plainText(description ?? oneLine(command ?? script ?? file ?? '')),
      snippet,
    }
  })
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Run Snippet'),
    matchOnDescription: true,
    matchOnDetail: true,
  })
  return picked?.snippet
}

/** The text of the editor, saved or not: this is what its lens shows. */
async function unsavedSnippet(name: string, uri: vscode.Uri | undefined): Promise<FoundSnippet | undefined> {
  if (uri === undefined) return undefined
  const text = (await vscode.workspace.openTextDocument(uri)).getText()
  const snippet = parseWorkspaceFile(text).snippets.find((each) => each.name === name)
  const folder = vscode.workspace.getWorkspaceFolder(uri)?.name ?? ''
  return snippet && { ...snippet, folder, uri, offset: snippet.at.start }
}

function isSavable(kind: string): boolean {
  return kind === 'shell' || kind === 'script'
}

function isRunNode(value: unknown): value is { summary: { runId: string } } {
  return typeof value === 'object' && value !== null && 'summary' in value
}
