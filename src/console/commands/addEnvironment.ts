import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { addEntry } from '../../declarations/editEntries.ts'
import {
  colours,
  type EnvironmentDeclaration,
  type ReadEnvironment,
  readEnvironment,
} from '../../declarations/environmentDeclaration.ts'
import { mergedEnvironments } from '../../declarations/settings.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { placeOf } from '../declarations/originPlace.ts'
import { inspectSetting, writeSetting } from '../declarations/settings.ts'
import { showUnsaved } from '../declarations/unsavedNotice.ts'
import { type WorkspaceFiles, workspaceFilePath } from '../declarations/workspaceFiles.ts'
import type { Profiles } from '../profile/profiles.ts'
import type { WorkspaceConsent } from '../profile/workspaceConsent.ts'
import { translated } from '../text/messageOf.ts'
import { plainText } from '../text/plainText.ts'

/** "Add Environment…": name, region, profile, protection, colour, and where to save it. */
export function addEnvironment(
  list: EnvironmentList,
  files: WorkspaceFiles,
  profiles: Profiles,
  consent: WorkspaceConsent,
) {
  return async () => {
    const all = await list.all()
    const title = vscode.l10n.t('Add Environment')
    const name = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t(
        'Name of the environment. Its queues take this name: testing_master, testing_agent, testing_facts.',
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
    if (place === 'settings') return saveInSettings(name, declaration)
    if (profile !== '') await consent.agree(name, { profile: { name: profile, by: 'declaration' } })
    return saveInFile(files, place, name, declaration)
  }
}

function problemWithName(name: string, all: readonly DeclaredEnvironment[]): string | undefined {
  const read = readEnvironment(name, { region: 'eu-west-1' })
  if (!read.ok) return firstOf(read)
  const twin = all.find(({ environment }) => environment.name === name)
  return twin && vscode.l10n.t('An environment with this name already exists in {0}.', placeOf(twin.origin))
}

function firstOf({ problems: [first] }: Extract<ReadEnvironment, { ok: false }>): string | undefined {
  return first && translated(first.message)
}

/** Regions that the user already works in come first; any other can be typed. */
async function askRegion(title: string, used: readonly string[]): Promise<string | undefined> {
  const region = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('AWS region of the queues'),
    value: used[0] ?? 'eu-west-1',
    ignoreFocusOut: true,
    validateInput: (text) => {
      const read = readEnvironment('x', { region: text })
      return read.ok ? undefined : firstOf(read)
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

/** @returns '' for the chosen profile */
async function askProfile(title: string, profiles: Profiles): Promise<string | undefined> {
  const known = await profiles.list()
  if (known.length === 0) return ''
  const items = [
    {
      label: vscode.l10n.t('The chosen profile'),
      description: vscode.l10n.t('the profile chosen for EC2 Collective'),
      name: '',
    },
    ...known.map(({ name, region, problem }) => ({
      label: plainText(name),
      description: region ?? '',
      ...(problem !== undefined && { detail: `$(warning) ${plainText(problem)}` }),
      name,
    })),
  ]
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('AWS profile for this environment'),
    ignoreFocusOut: true,
  })
  return chosen?.name
}

async function askGuard(
  title: string,
): Promise<Pick<EnvironmentDeclaration, 'protected' | 'colour'> | undefined> {
  const open = vscode.l10n.t('Open: Enter confirms a run')
  const guarded = vscode.l10n.t('Protected: you type its name before every run')
  const guard = await vscode.window.showQuickPick(
    [
      { label: `$(server-environment) ${open}`, isProtected: false },
      { label: `$(shield) ${guarded}`, isProtected: true },
    ],
    {
      title,
      placeHolder: vscode.l10n.t('Protection'),
      ignoreFocusOut: true,
    },
  )
  if (guard === undefined) return undefined
  const items = [
    {
      label: vscode.l10n.t('No colour'),
      iconPath: new vscode.ThemeIcon('circle-outline'),
      colour: undefined,
    },
    ...colours.map((colour) => ({
      label: colour,
      iconPath: new vscode.ThemeIcon('circle-filled', new vscode.ThemeColor(`charts.${colour}`)),
      colour,
    })),
  ]
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('Colour of the environment wherever it is shown'),
    ignoreFocusOut: true,
  })
  if (chosen === undefined) return undefined
  return {
    ...(guard.isProtected && { protected: true }),
    ...(chosen.colour !== undefined && { colour: chosen.colour }),
  }
}

/** Where a new environment is saved: in the user settings, or in the repository for everyone. */
async function askPlace(title: string): Promise<'settings' | vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? []
  if (folders.length === 0) return 'settings'
  const items = [
    ...folders.map((folder) => ({
      label: vscode.l10n.t('Workspace file'),
      description: folders.length === 1 ? workspaceFilePath : `${folder.name}/${workspaceFilePath}`,
      detail: vscode.l10n.t('Shared with everyone who has the repository'),
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
    placeHolder: vscode.l10n.t('Where to save the environment'),
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
  await showUnsaved(await files.edit(uri, (text) => addEntry(text, 'environments', name, declaration)))
}

async function saveInSettings(name: string, declaration: EnvironmentDeclaration): Promise<void> {
  const { current, old } = inspectSetting('environments').user
  const all = { ...mergedEnvironments(current, old), [name]: declaration }
  await writeSetting('environments', all, vscode.ConfigurationTarget.Global)
}
