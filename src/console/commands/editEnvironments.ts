import * as vscode from 'vscode'
import type { DeclaredEnvironment, Origin } from '../../declarations/declaredEnvironment.ts'
import { removeEntry } from '../../declarations/editEntries.ts'
import { mergedEnvironments } from '../../declarations/settings.ts'
import { visibleText } from '../../text/visibleText.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { openCommand, placeOf } from '../declarations/originPlace.ts'
import { inspectSetting, writeSetting } from '../declarations/settings.ts'
import { showUnsaved } from '../declarations/unsavedNotice.ts'
import type { WorkspaceFiles } from '../declarations/workspaceFiles.ts'
import { plainText } from '../text/plainText.ts'
import { chosenNodes } from './chosenNodes.ts'

/** "Edit Environment": opens its entry in the settings or the workspace file. */
export function editEnvironment(list: EnvironmentList) {
  return async (clicked?: unknown, selected?: unknown) => {
    const declared = await chosenEnvironment(list, clicked, selected, vscode.l10n.t('Edit Environment'))
    if (declared === undefined) return
    const { command, arguments: args = [] } = openCommand(declared.origin)
    await vscode.commands.executeCommand(command, ...args)
  }
}

/** "Remove Environment": removes the entry only. The queues stay as they are. */
export function removeEnvironment(list: EnvironmentList, files: WorkspaceFiles) {
  return async (clicked?: unknown, selected?: unknown) => {
    const declared = await chosenEnvironment(list, clicked, selected, vscode.l10n.t('Remove Environment'))
    if (declared === undefined) return
    const { environment, origin } = declared
    const remove = vscode.l10n.t('Remove')
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t(
        'Remove the environment {0} from {1}? Its queues and agents stay as they are.',
        environment.name,
        visibleText(placeOf(origin)),
      ),
      { modal: true },
      remove,
    )
    if (answer !== remove) return
    if (origin.kind === 'settings') await removeFromSettings(origin, environment.name)
    if (origin.kind !== 'file') return
    const edited = await files.edit(vscode.Uri.parse(origin.file), (text) =>
      removeEntry(text, 'environments', environment.name),
    )
    await showUnsaved(edited)
  }
}

async function chosenEnvironment(
  list: EnvironmentList,
  clicked: unknown,
  selected: unknown,
  title: string,
): Promise<DeclaredEnvironment | undefined> {
  const [node] = chosenNodes(clicked, selected) ?? []
  if (node !== undefined) return node.declared
  const all = await list.all()
  const editable = all.filter(({ origin }) => origin.kind !== 'local-fleet')
  if (editable.length === 0)
    throw new Error(vscode.l10n.t('There is no environment in the settings or the workspace.'))
  const items = editable.map((declared) => ({
    label: declared.environment.name,
    description: plainText(placeOf(declared.origin)),
    declared,
  }))
  return (await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t('Environment') }))
    ?.declared
}

/** Removes it from its own scope, and from no other. */
async function removeFromSettings(
  origin: Extract<Origin, { kind: 'settings' }>,
  name: string,
): Promise<void> {
  const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget
  const folder =
    origin.scope === 'folder'
      ? vscode.workspace.workspaceFolders?.find(({ uri }) => uri.toString() === origin.uri)
      : undefined
  const { current, old } = inspectSetting('environments', folder)[origin.scope]
  const { [name]: _, ...rest } = mergedEnvironments(current, old) ?? {}
  const target = { user: Global, workspace: Workspace, folder: WorkspaceFolder }[origin.scope]
  await writeSetting('environments', rest, target, folder)
}
