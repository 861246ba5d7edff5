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
  /** Only of the folder that was asked for, and only in a workspace of several folders. */
  readonly folder: ScopedValue
}

/** The value that counts: of the narrowest scope that has one, of the name of today before the old one. */
export function readSetting<Name extends SettingName>(name: Name): v.InferOutput<(typeof settings)[Name]> {
  const { user, workspace } = inspectSetting(name)
  const scopes = v.getMetadata(settings[name]).scope === 'machine' ? [user] : [workspace, user]
  for (const value of scopes.flatMap(({ current, old }) => [current, old])) {
    const parsed = value === undefined ? undefined : v.safeParse(settings[name], value)
    if (parsed?.success) return parsed.output as v.InferOutput<(typeof settings)[Name]>
  }
  // What is not set, and what is no value for it: VS Code marks that where it stands.
  return v.parse(settings[name], undefined) as v.InferOutput<(typeof settings)[Name]>
}

/** @param folder asks also for what this folder of a workspace of several says */
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
 * Writes a setting in one scope, by its name of today; what its old name says there goes.
 * @param value undefined takes it away
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

/** Writes a setting where it counts: in the workspace if that has a value of its own, otherwise for the user. */
export async function changeSetting(name: SettingName, value: unknown): Promise<void> {
  const { workspace } = inspectSetting(name)
  const isOfWorkspace = (workspace.current ?? workspace.old) !== undefined
  const { Global, Workspace } = vscode.ConfigurationTarget
  await writeSetting(name, value, isOfWorkspace ? Workspace : Global)
}

/** Whether a change of the settings concerns this one, by either name. */
export function changesSetting(event: vscode.ConfigurationChangeEvent, name: SettingName): boolean {
  return [settingsSection, oldSettingsSection].some((section) =>
    event.affectsConfiguration(`${section}.${name}`),
  )
}
