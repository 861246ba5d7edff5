import * as vscode from 'vscode'
import type { Origin } from '../../declarations/declaredEnvironment.ts'
import { settingsSection } from '../../declarations/settings.ts'

/** Where something is declared, in words. */
export function placeOf(origin: Origin): string {
  if (origin.kind === 'file') return vscode.workspace.asRelativePath(vscode.Uri.parse(origin.file))
  if (origin.kind === 'local-fleet') return vscode.l10n.t('the local fleet')
  if (origin.scope === 'folder') return vscode.l10n.t('the settings of {0}', origin.folder)
  return origin.scope === 'workspace'
    ? vscode.l10n.t('the workspace settings')
    : vscode.l10n.t('your user settings')
}

/** The command that opens the declaration. */
export function openCommand(origin: Origin): vscode.Command {
  const title = vscode.l10n.t('Open')
  const reveal = { revealSetting: { key: `${settingsSection}.environments` } }
  if (origin.kind === 'file') {
    const uri = vscode.Uri.parse(origin.file)
    return { title, command: 'ec2-collective.openSnippet', arguments: [uri, origin.offset] }
  }
  if (origin.kind === 'settings' && origin.scope === 'folder') {
    const uri = vscode.Uri.joinPath(vscode.Uri.parse(origin.uri), '.vscode/settings.json')
    return { title, command: 'vscode.open', arguments: [uri] }
  }
  const isOfWorkspace = origin.kind === 'settings' && origin.scope === 'workspace'
  const command = isOfWorkspace
    ? 'workbench.action.openWorkspaceSettingsFile'
    : 'workbench.action.openSettingsJson'
  return { title, command, arguments: [reveal] }
}
