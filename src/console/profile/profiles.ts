import { homedir } from 'node:os'
import path from 'node:path'
import * as vscode from 'vscode'
import type { ChosenProfiles } from '../../declarations/workspaceChoice.ts'
import type { Environment } from '../../queues/environment.ts'
import { changeSetting, changesSetting, inspectSetting, readSetting } from '../declarations/settings.ts'
import { listProfiles, type Profile } from './awsFiles.ts'

/**
 * The profiles that sign. The AWS files are read on first use and then watched; their contents are not stored elsewhere.
 */
export class Profiles implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>()
  readonly #disposables: vscode.Disposable[]
  readonly #memento: vscode.Memento
  #isWatching = false
  /** Fires when the files or the chosen profile changed: the credentials may be different. */
  readonly onDidChange = this.#changed.event

  /** @param memento of the workspace */
  constructor(memento: vscode.Memento) {
    this.#memento = memento
    this.#disposables = [
      this.#changed,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (changesSetting(event, 'profile') || changesSetting(event, 'signingKey')) this.#changed.fire()
      }),
    ]
  }

  /** The profile for environments that name none; undefined for the SDK's default chain. */
  get chosen(): string | undefined {
    return readSetting('profile') || undefined
  }

  /** For this workspace if it already has its own choice, otherwise for the user. */
  async choose(name: string | undefined): Promise<void> {
    // A repository can write the setting, too.
    await this.#memento.update(choiceKey, name ?? '')
    await changeSetting('profile', name)
  }

  /** The profile that applies to environments without one, and the user's own: see {@link ChosenProfiles}. */
  names(): ChosenProfiles {
    const usual = process.env.AWS_PROFILE || 'default'
    const { user, workspace } = inspectSetting('profile')
    const ofWorkspace = workspace.current ?? workspace.old
    const isChoice = ofWorkspace !== undefined && ofWorkspace === this.#memento.get(choiceKey)
    const own = isChoice ? ofWorkspace : (user.current ?? user.old)
    return { chosen: this.chosen ?? usual, own: typeof own === 'string' && own !== '' ? own : usual }
  }

  /** The environment with the profile that signs for it. The local fleet has its own keys. */
  readonly withProfile = (environment: Environment): Environment => {
    this.watch()
    const { chosen } = this
    if (environment.profile !== undefined || environment.credentials !== undefined || chosen === undefined) {
      return environment
    }
    return { ...environment, profile: chosen }
  }

  /** The name of what signs for an environment, for the status bar. */
  nameFor(environment: Environment): string | undefined {
    if (environment.credentials !== undefined) return undefined
    return environment.profile ?? this.chosen ?? process.env.AWS_PROFILE
  }

  async list(): Promise<Profile[]> {
    this.watch()
    const { readAwsFiles } = await import('../../queues/awsProfile.ts')
    return listProfiles(await readAwsFiles(), vscode.l10n.t)
  }

  /** The regions of the profiles: of the one for environments that name none, for undefined. */
  async regions(): Promise<(profile: string | undefined) => string | undefined> {
    this.watch()
    const { chosen } = this.names()
    const { profileRegions } = await import('../../queues/awsProfile.ts')
    const regionOf = await profileRegions()
    return (profile) => regionOf(profile ?? chosen)
  }

  /** Keys in the environment variables of VS Code. In the default chain they take precedence over every file. */
  hasEnvironmentKeys(): boolean {
    return process.env.AWS_ACCESS_KEY_ID !== undefined
  }

  watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    for (const file of [configFile(), credentialsFile()]) {
      const pattern = new vscode.RelativePattern(vscode.Uri.file(path.dirname(file)), path.basename(file))
      const watcher = vscode.workspace.createFileSystemWatcher(pattern)
      const fire = () => this.#changed.fire()
      this.#disposables.push(
        watcher,
        watcher.onDidChange(fire),
        watcher.onDidCreate(fire),
        watcher.onDidDelete(fire),
      )
    }
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose()
  }
}

/** The last choice that was made in this workspace by the command. */
const choiceKey = 'chosenProfile'

export function configFile(): string {
  return awsFile(process.env.AWS_CONFIG_FILE, 'config')
}

export function credentialsFile(): string {
  return awsFile(process.env.AWS_SHARED_CREDENTIALS_FILE, 'credentials')
}

/** As the SDK finds it: an empty variable is none, and `~/` is the home directory. */
function awsFile(named: string | undefined, usual: string): string {
  if (named === undefined || named === '') return path.join(homedir(), '.aws', usual)
  return named.startsWith('~/') ? path.join(homedir(), named.slice(2)) : named
}
