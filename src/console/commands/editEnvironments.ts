import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { addEntry, removeEntry } from '../../declarations/editEntries.ts'
import {
  colours,
  type EnvironmentDeclaration,
  readEnvironment,
} from '../../declarations/environmentDeclaration.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { type WorkspaceFiles, workspaceFilePath } from '../declarations/workspaceFiles.ts'
import type { Profiles } from '../profile/profiles.ts'
import { plainText } from '../text/plainText.ts'
import { chosenNodes } from './chosenNodes.ts'

/** "Add Environment…": name, region, profile, guard rail, and where it is kept. */
export function addEnvironment(list: EnvironmentList, files: WorkspaceFiles, profiles: Profiles) {
  return async () => {
    const all = await list.all()
    const title = vscode.l10n.t('Add Environment')
    const name = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t(
        'Its name. The queues are called after it: testing_master, testing_agent, testing_facts.',
      ),
      placeHolder: 'testing',
      ignoreFocusOut: true,
      validateInput: (text) => problemWithName(text, all),
    })
    if (name === undefined) return
    const region = await askRegion(title, await regionsInUse(all, profiles))
    if (region === undefined) return
    const profile = await askProfile(title, profiles)
    if (profile === undefined) return
    const guard = await askGuard(title)
    if (guard === undefined) return
    const declaration: EnvironmentDeclaration = {
      region,
      ...(profile !== '' && { profile }),
      ...guard,
    }
    const place = await askPlace(title)
    if (place === undefined) return
    if (place === 'settings') await saveInSettings(name, declaration)
    else await saveInFile(files, place, name, declaration)
  }
}

/** "Edit Environment": its entry, in the settings or the file where it stands. */
export function editEnvironment(list: EnvironmentList) {
  return async (clicked?: unknown, selected?: unknown) => {
    const declared = await chosenEnvironment(list, clicked, selected, vscode.l10n.t('Edit Environment'))
    if (declared === undefined) return
    if (declared.origin.kind === 'file') {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(declared.origin.file))
      const at = document.positionAt(declared.origin.offset)
      await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at) })
      return
    }
    const { workspaceValue } = inspectEnvironments() ?? {}
    const inWorkspace = workspaceValue !== undefined && declared.environment.name in workspaceValue
    const open = inWorkspace
      ? 'workbench.action.openWorkspaceSettingsFile'
      : 'workbench.action.openSettingsJson'
    await vscode.commands.executeCommand(open, { revealSetting: { key: 'ec2-collective.environments' } })
  }
}

/** "Remove Environment": the entry only. Its queues stay as they are. */
export function removeEnvironment(list: EnvironmentList, files: WorkspaceFiles) {
  return async (clicked?: unknown, selected?: unknown) => {
    const declared = await chosenEnvironment(list, clicked, selected, vscode.l10n.t('Remove Environment'))
    if (declared === undefined) return
    const { name } = declared.environment
    const remove = vscode.l10n.t('Remove')
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t(
        'Remove the environment {0} from {1}? Its queues and agents stay as they are.',
        name,
        placeOf(declared),
      ),
      { modal: true },
      remove,
    )
    if (answer !== remove) return
    if (declared.origin.kind === 'file') {
      const uri = vscode.Uri.parse(declared.origin.file)
      await files.edit(uri, (text) => removeEntry(text, 'environments', name))
      return
    }
    await removeFromSettings(name)
  }
}

export async function chosenEnvironment(
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
    description: placeOf(declared),
    declared,
  }))
  return (await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t('Environment') }))
    ?.declared
}

function problemWithName(name: string, all: readonly DeclaredEnvironment[]): string | undefined {
  const read = readEnvironment(name, { region: 'eu-west-1' })
  if (!read.ok) return read.problems[0]?.message
  const twin = all.find(({ environment }) => environment.name === name)
  return twin && vscode.l10n.t('There is one of this name already, in {0}.', placeOf(twin))
}

/** Regions that the user already works in come first; any other can be typed. */
async function askRegion(title: string, used: readonly string[]): Promise<string | undefined> {
  const region = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('AWS region of its queues'),
    value: used[0] ?? 'eu-west-1',
    ignoreFocusOut: true,
    validateInput: (text) => {
      const read = readEnvironment('x', { region: text })
      return read.ok ? undefined : read.problems[0]?.message
    },
  })
  return region
}

async function regionsInUse(all: readonly DeclaredEnvironment[], profiles: Profiles): Promise<string[]> {
  const ofProfiles = (await profiles.list()).flatMap(({ region }) => region ?? [])
  const ofEnvironments = all
    .filter(({ origin }) => origin.kind !== 'local-fleet')
    .map(({ environment }) => environment.region)
  return [...ofEnvironments, process.env.AWS_REGION ?? [], ...ofProfiles].flat()
}

/** @returns '' for no profile of its own */
async function askProfile(title: string, profiles: Profiles): Promise<string | undefined> {
  const known = await profiles.list()
  if (known.length === 0) return ''
  const items = [
    { label: vscode.l10n.t('The chosen profile'), description: vscode.l10n.t('whichever it is'), name: '' },
    ...known.map(({ name, region, problem }) => ({
      label: plainText(name),
      description: region ?? '',
      ...(problem !== undefined && { detail: `$(warning) ${plainText(problem)}` }),
      name,
    })),
  ]
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('AWS profile that signs for it'),
    ignoreFocusOut: true,
  })
  return chosen?.name
}

async function askGuard(
  title: string,
): Promise<Pick<EnvironmentDeclaration, 'protected' | 'colour'> | undefined> {
  const open = vscode.l10n.t('Open: runs are confirmed by Enter')
  const guarded = vscode.l10n.t('Protected: its name is typed before every run')
  const guard = await vscode.window.showQuickPick(
    [
      { label: `$(server-environment) ${open}`, isProtected: false },
      { label: `$(shield) ${guarded}`, isProtected: true },
    ],
    {
      title,
      placeHolder: vscode.l10n.t('Guard rail'),
      ignoreFocusOut: true,
    },
  )
  if (guard === undefined) return undefined
  const items = [
    { label: vscode.l10n.t('No colour'), colour: undefined },
    ...colours.map((colour) => ({
      label: colour,
      iconPath: new vscode.ThemeIcon('circle-filled', new vscode.ThemeColor(`charts.${colour}`)),
      colour,
    })),
  ]
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('Colour by which you will know it'),
    ignoreFocusOut: true,
  })
  if (chosen === undefined) return undefined
  return {
    ...(guard.isProtected && { protected: true }),
    ...(chosen.colour !== undefined && { colour: chosen.colour }),
  }
}

/** Where a new environment is kept: with the user, or in the repository with everybody. */
async function askPlace(title: string): Promise<'settings' | vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? []
  if (folders.length === 0) return 'settings'
  const items = [
    ...folders.map((folder) => ({
      label: vscode.l10n.t('Workspace file'),
      description: folders.length === 1 ? workspaceFilePath : `${folder.name}/${workspaceFilePath}`,
      detail: vscode.l10n.t('Shared with everybody who has the repository'),
      place: folder,
    })),
    {
      label: vscode.l10n.t('User settings'),
      description: '',
      detail: vscode.l10n.t('For you, in every workspace'),
      place: 'settings' as const,
    },
  ]
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('Where is it kept?'),
    ignoreFocusOut: true,
  })
  return chosen?.place
}

async function saveInFile(
  files: WorkspaceFiles,
  folder: vscode.WorkspaceFolder,
  name: string,
  declaration: EnvironmentDeclaration,
): Promise<void> {
  const uri = vscode.Uri.joinPath(folder.uri, workspaceFilePath)
  await files.edit(uri, (text) => addEntry(text, 'environments', name, declaration))
}

async function saveInSettings(name: string, declaration: EnvironmentDeclaration): Promise<void> {
  const { globalValue = {} } = inspectEnvironments() ?? {}
  await configuration().update(
    'environments',
    { ...globalValue, [name]: declaration },
    vscode.ConfigurationTarget.Global,
  )
}

async function removeFromSettings(name: string): Promise<void> {
  const inspected = inspectEnvironments()
  for (const [value, target] of [
    [inspected?.globalValue, vscode.ConfigurationTarget.Global],
    [inspected?.workspaceValue, vscode.ConfigurationTarget.Workspace],
  ] as const) {
    if (value === undefined || !(name in value)) continue
    const { [name]: _, ...rest } = value
    await configuration().update('environments', rest, target)
  }
}

function placeOf({ origin }: DeclaredEnvironment): string {
  if (origin.kind === 'file') return vscode.workspace.asRelativePath(vscode.Uri.parse(origin.file))
  return origin.kind === 'settings' ? vscode.l10n.t('the settings') : vscode.l10n.t('the local fleet')
}

function configuration(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('ec2-collective')
}

function inspectEnvironments() {
  return configuration().inspect<Record<string, unknown>>('environments')
}
