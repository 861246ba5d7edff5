import * as v from 'valibot'
import * as vscode from 'vscode'
import {
  oldSettingsSection,
  type ScopedValue,
  type SettingName,
  settings,
  settingsSection,
} from '../../declarations/settings.ts'

export interface InspectedSetting {
  readonly user: ScopedValue
  readonly workspace: ScopedValue
  /** Only for the requested folder, and only in a multi-root workspace. */
  readonly folder: ScopedValue
}

/** The effective value: of the narrowest scope that has one; the current name takes precedence over the old one. */
export function readSetting<Name extends SettingName>(name: Name): v.InferOutput<(typeof settings)[Name]> {
  const { user, workspace } = inspectSetting(name)
  const scopes = v.getMetadata(settings[name]).scope === 'machine' ? [user] : [workspace, user]
  for (const value of scopes.flatMap(({ current, old }) => [current, old])) {
    const parsed = value === undefined ? undefined : v.safeParse(settings[name], value)
    if (parsed?.success) return parsed.output as v.InferOutput<(typeof settings)[Name]>
  }
  // Not set, or not valid: VS Code marks invalid values in the settings.
  return v.parse(settings[name], undefined) as v.InferOutput<(typeof settings)[Name]>
}

/** @param folder also reads the value of this folder, in a multi-root workspace */
export function inspectSetting(name: SettingName, folder?: vscode.WorkspaceFolder): InspectedSetting {
  const [current, old] = [settingsSection, oldSettingsSection].map((section) =>
    vscode.workspace.getConfiguration(section, folder).inspect<unknown>(name),
  )
  const isOfSeveral = folder !== undefined && vscode.workspace.workspaceFile !== undefined
  return {
    user: { current: current?.globalValue, old: old?.globalValue },
    workspace: { current: current?.workspaceValue, old: old?.workspaceValue },
    folder: isOfSeveral
      ? { current: current?.workspaceFolderValue, old: old?.workspaceFolderValue }
      : { current: undefined, old: undefined },
  }
}

/**
 * Writes a setting in one scope under its current name, and removes the old name there.
 * @param value undefined removes the setting
 */
export async function writeSetting(
  name: SettingName,
  value: unknown,
  target: vscode.ConfigurationTarget,
  folder?: vscode.WorkspaceFolder,
): Promise<void> {
  await vscode.workspace.getConfiguration(settingsSection, folder).update(name, value, target)
  if (oldValue(inspectSetting(name, folder), target) === undefined) return
  await vscode.workspace.getConfiguration(oldSettingsSection, folder).update(name, undefined, target)
}

function oldValue(
  { user, workspace, folder }: InspectedSetting,
  target: vscode.ConfigurationTarget,
): unknown {
  const { Global, Workspace } = vscode.ConfigurationTarget
  return (target === Global ? user : target === Workspace ? workspace : folder).old
}

/** Writes a setting where it takes effect: in the workspace if it has a value there, otherwise in the user settings. */
export async function changeSetting(name: SettingName, value: unknown): Promise<void> {
  const { workspace } = inspectSetting(name)
  const isOfWorkspace = (workspace.current ?? workspace.old) !== undefined
  const { Global, Workspace } = vscode.ConfigurationTarget
  await writeSetting(name, value, isOfWorkspace ? Workspace : Global)
}

/** Whether a change of the settings affects this one, under either name. */
export function changesSetting(event: vscode.ConfigurationChangeEvent, name: SettingName): boolean {
  return [settingsSection, oldSettingsSection].some((section) =>
    event.affectsConfiguration(`${section}.${name}`),
  )
}
