import * as vscode from 'vscode'
import { lazy } from '../../async/lazy.ts'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import {
  combineEnvironments,
  type Declarations,
  type ScopedEnvironments,
} from '../../declarations/declaredEnvironments.ts'
import { parseWorkspaceFile } from '../../declarations/workspaceFile.ts'
import type { Environment } from '../../queues/environment.ts'
import { changesSetting, inspectSetting } from './settings.ts'
import type { WorkspaceFiles } from './workspaceFiles.ts'

/** The regions of AWS profiles, for environments that name none. */
export interface ProfileRegions {
  /** Fires when they may have changed. */
  readonly onDidChange: vscode.Event<void>
  /** @returns the region of a profile; of the one for environments that name none, for undefined */
  regions(): Promise<(profile: string | undefined) => string | undefined>
}

/**
 * All declared environments: those of the settings, of the workspace files of every folder, and of the local fleet while
 * it runs. Nothing is read before the first call.
 */
export class EnvironmentList implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>()
  readonly #files: WorkspaceFiles
  readonly #beforeReading: () => Promise<void>
  readonly #profiles: ProfileRegions
  readonly #disposables: vscode.Disposable[]
  #local: readonly Environment[] = []
  /** Whether an environment is in the region of its profile. */
  #needsProfiles = false
  readonly #declarations = lazy(() => this.#read())
  /** Fires when the next {@link read} may return something else. */
  readonly onDidChange = this.#changed.event
  readonly #wasRead = new vscode.EventEmitter<Declarations>()
  /** Fires after each reading. */
  readonly onDidRead = this.#wasRead.event

  /** @param beforeReading called before each reading; it may report a local fleet with {@link setLocal} */
  constructor(files: WorkspaceFiles, profiles: ProfileRegions, beforeReading: () => Promise<void>) {
    this.#files = files
    this.#profiles = profiles
    this.#beforeReading = beforeReading
    this.#disposables = [
      this.#changed,
      this.#wasRead,
      files.onDidChange(() => this.#forget()),
      profiles.onDidChange(() => {
        if (this.#needsProfiles) this.#forget()
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (changesSetting(event, 'environments')) this.#forget()
      }),
    ]
  }

  read(): Promise<Declarations> {
    return this.#declarations.get()
  }

  async all(): Promise<readonly DeclaredEnvironment[]> {
    return (await this.read()).environments
  }

  async byKey(key: string): Promise<DeclaredEnvironment | undefined> {
    return (await this.all()).find((declared) => declared.key === key)
  }

  /** The environments of the local fleet, for as long as it runs. */
  setLocal(environments: readonly Environment[]): void {
    this.#local = environments
    this.#forget()
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose()
  }

  #forget(): void {
    this.#declarations.forget()
    this.#changed.fire()
  }

  async #read(): Promise<Declarations> {
    await this.#beforeReading()
    const files = (await this.#files.read()).map(({ folder, uri, text }) => ({
      folder,
      file: uri.toString(),
      name: vscode.workspace.asRelativePath(uri),
      content: parseWorkspaceFile(text),
    }))
    const combine = (regionOf: (profile: string | undefined) => string | undefined) =>
      combineEnvironments(scopedEnvironments(), files, this.#local, regionOf)
    let needsProfiles = false
    let declarations = combine(() => {
      needsProfiles = true
      return undefined
    })
    this.#needsProfiles = needsProfiles
    // The AWS files are not read for environments that name their region.
    if (needsProfiles) declarations = combine(await this.#profiles.regions())
    this.#wasRead.fire(declarations)
    return declarations
  }
}

/** Each scope separately: merged by VS Code, a workspace could change what the user has set. */
function scopedEnvironments(): ScopedEnvironments[] {
  const { user, workspace } = inspectSetting('environments')
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder): ScopedEnvironments => {
    const origin = {
      kind: 'settings',
      scope: 'folder',
      folder: folder.name,
      uri: folder.uri.toString(),
    } as const
    return { origin, ...inspectSetting('environments', folder).folder }
  })
  return [
    { origin: { kind: 'settings', scope: 'user' }, ...user },
    { origin: { kind: 'settings', scope: 'workspace' }, ...workspace },
    ...folders,
  ]
}
