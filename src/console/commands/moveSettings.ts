import * as vscode from 'vscode'
import {
  oldSettingsSection,
  type SettingName,
  settingNames,
  settingsSection,
  withoutOldName,
} from '../../declarations/settings.ts'
import { inspectSetting, writeSetting } from '../declarations/settings.ts'

/** A setting with its old name in one scope. */
interface OldSetting {
  readonly name: SettingName
  readonly target: vscode.ConfigurationTarget
  readonly folder: vscode.WorkspaceFolder | undefined
  /** The value of the current name in that scope after the move. */
  readonly value: unknown
}

/** "Move Settings": moves each setting to its current name, within its scope. */
export function moveSettings() {
  return async () => {
    const old = oldSettings()
    for (const { name, value, target, folder } of old) await writeSetting(name, value, target, folder)
    const names = [...new Set(old.map(({ name }) => `${settingsSection}.${name}`))]
    await vscode.window.showInformationMessage(
      names.length === 0
        ? vscode.l10n.t('All settings already have their new names.')
        : vscode.l10n.t('Moved: {0}', names.join(', ')),
    )
  }
}

/** Says once per window that settings have an old name, and offers to move them. In a workspace where the user declined, it never asks again. */
export class OldSettingsNotice {
  readonly #memento: vscode.Memento
  #isTold = false

  constructor(memento: vscode.Memento) {
    this.#memento = memento
  }

  tell(): void {
    if (this.#isTold || this.#memento.get(declined, false)) return
    const old = oldSettings()
    if (old.length === 0) return
    this.#isTold = true
    void this.#ask(old)
  }

  async #ask(old: readonly OldSetting[]): Promise<void> {
    const [move, no] = [vscode.l10n.t('Move Settings'), vscode.l10n.t('Not Now')]
    const names = [...new Set(old.map(({ name }) => `${oldSettingsSection}.${name}`))]
    const answer = await vscode.window.showInformationMessage(
      vscode.l10n.t(
        'Settings of EC2 Collective now begin with “{0}”. Settings with the old name still work: {1}',
        settingsSection,
        names.join(', '),
      ),
      move,
      no,
    )
    if (answer === no) await this.#memento.update(declined, true)
    if (answer === move) await vscode.commands.executeCommand('ec2-collective.moveSettings')
  }
}

const declined = 'oldSettings.declined'

function oldSettings(): OldSetting[] {
  const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget
  return settingNames.flatMap((name) => {
    const { user, workspace } = inspectSetting(name)
    const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => ({
      scope: inspectSetting(name, folder).folder,
      target: WorkspaceFolder,
      folder,
    }))
    return [
      { scope: user, target: Global, folder: undefined },
      { scope: workspace, target: Workspace, folder: undefined },
      ...folders,
    ].flatMap(({ scope, target, folder }) =>
      scope.old === undefined ? [] : [{ name, target, folder, value: withoutOldName(name, scope) }],
    )
  })
}
