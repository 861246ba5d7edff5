import * as vscode from 'vscode'
import {
  type DeclaredEnvironment,
  environmentKey,
  type Origin,
} from '../../declarations/declaredEnvironment.ts'
import { type RunDefaults, readEnvironment } from '../../declarations/environmentDeclaration.ts'
import { parseWorkspaceFile } from '../../declarations/workspaceFile.ts'
import type { Environment } from '../../queues/environment.ts'
import type { WorkspaceFiles } from './workspaceFiles.ts'

/** Something declared as an environment that is none, or a file in which none can be found. */
export interface DeclarationTrouble {
  /** Of the environment, or of the file. */
  readonly name: string
  readonly origin: Origin
  readonly messages: readonly string[]
}

export interface Declarations {
  readonly environments: readonly DeclaredEnvironment[]
  readonly troubles: readonly DeclarationTrouble[]
}

const noDefaults: RunDefaults = { timeoutMs: undefined, rollout: undefined }

/**
 * All environments that are declared anywhere: settings, workspace files of every folder, and the local fleet's while
 * it runs. Nothing is read before the first question.
 */
export class EnvironmentList implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>()
  readonly #files: WorkspaceFiles
  readonly #lookForLocal: () => Promise<void>
  readonly #disposables: vscode.Disposable[]
  #local: readonly Environment[] = []
  #declarations: Promise<Declarations> | undefined
  /** Fires when the next {@link read} may give another answer. */
  readonly onDidChange = this.#changed.event

  /** @param lookForLocal called before the first answer: it may tell of a local fleet by {@link setLocal} */
  constructor(files: WorkspaceFiles, lookForLocal: () => Promise<void>) {
    this.#files = files
    this.#lookForLocal = lookForLocal
    this.#disposables = [
      this.#changed,
      files.onDidChange(() => this.#forget()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('ec2-collective.environments')) this.#forget()
      }),
    ]
  }

  read(): Promise<Declarations> {
    this.#declarations ??= this.#read()
    return this.#declarations
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
    this.#declarations = undefined
    this.#changed.fire()
  }

  async #read(): Promise<Declarations> {
    await this.#lookForLocal()
    const environments: DeclaredEnvironment[] = []
    const troubles: DeclarationTrouble[] = []
    const declared = vscode.workspace.getConfiguration('ec2-collective').get<object>('environments', {})
    for (const [name, value] of Object.entries(declared)) {
      const origin: Origin = { kind: 'settings' }
      const read = readEnvironment(name, value)
      if (read.ok) environments.push({ key: environmentKey(origin, name), origin, ...read })
      else troubles.push({ name, origin, messages: read.problems.map(({ message }) => message) })
    }
    for (const { folder, uri, text } of await this.#files.read()) {
      const file = uri.toString()
      const parsed = parseWorkspaceFile(text)
      for (const { environment, defaults, at } of parsed.environments) {
        const origin: Origin = { kind: 'file', folder, file, offset: at.start }
        environments.push({ key: environmentKey(origin, environment.name), origin, environment, defaults })
      }
      const ofEnvironments = parsed.problems.filter(({ entry }) => entry?.section !== 'snippets')
      for (const problem of ofEnvironments) {
        const name = problem.entry?.name ?? vscode.workspace.asRelativePath(uri)
        const origin: Origin = { kind: 'file', folder, file, offset: problem.at.start }
        troubles.push({ name, origin, messages: [problem.message] })
      }
    }
    for (const environment of this.#local) {
      const origin: Origin = { kind: 'local-fleet' }
      const key = environmentKey(origin, environment.name)
      environments.push({ key, origin, environment, defaults: noDefaults })
    }
    return { environments, troubles }
  }
}
