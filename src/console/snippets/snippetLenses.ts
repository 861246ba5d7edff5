import * as vscode from 'vscode'
import { type DeclaredEnvironment, findEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { SnippetDeclaration } from '../../declarations/snippet.ts'
import { parseWorkspaceFile } from '../../declarations/workspaceFile.ts'
import type { WrittenFilter } from '../../protocol/filter/writtenFilter.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { workspaceFileSelector } from '../declarations/workspaceFiles.ts'
import type { Connections } from '../environments/connections.ts'
import { plainText } from '../text/plainText.ts'

/** How long after the last request for lenses of a file its environments are still watched, milliseconds. */
const interestMs = 60_000

/** `▶ Run on testing · 12 agents` above each snippet: the number of targets is shown where it is started. */
export class SnippetLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #list: EnvironmentList
  readonly #connections: Connections
  readonly #changed = new vscode.EventEmitter<void>()
  readonly #watches = new Map<string, { readonly watch: vscode.Disposable; timer: NodeJS.Timeout }>()
  readonly #disposables: vscode.Disposable[]
  /** Texts of the lenses of watched environments, each once. */
  readonly #shown = new Map<string, ShownCount>()
  #isDisposed = false
  readonly onDidChangeCodeLenses = this.#changed.event

  constructor(list: EnvironmentList, connections: Connections) {
    this.#list = list
    this.#connections = connections
    this.#disposables = [
      this.#changed,
      vscode.languages.registerCodeLensProvider(workspaceFileSelector, this),
      list.onDidChange(() => this.#changed.fire()),
      connections.onDidChange(({ key }) => this.#refresh(key)),
    ]
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const environments = await this.#list.all()
    return parseWorkspaceFile(document.getText()).snippets.flatMap(({ name, declaration, filter, at }) => {
      const start = document.positionAt(at.start)
      const range = new vscode.Range(start, start)
      const title = `$(play) ${plainText(this.#title(declaration, filter, environments))}`
      const run = { title, command: 'ec2-collective.runSnippet', arguments: [name, document.uri] }
      const connect = this.#connectCommand(declaration, environments)
      return [run, ...(connect === undefined ? [] : [connect])].map(
        (command) => new vscode.CodeLens(range, command),
      )
    })
  }

  dispose(): void {
    this.#isDisposed = true
    for (const { watch, timer } of this.#watches.values()) {
      clearTimeout(timer)
      watch.dispose()
    }
    for (const disposable of this.#disposables) disposable.dispose()
  }

  #title(
    { environment: wanted, filter: text }: SnippetDeclaration,
    filter: WrittenFilter | undefined,
    all: readonly DeclaredEnvironment[],
  ): string {
    if (!vscode.workspace.isTrusted) return vscode.l10n.t('Run (not in an untrusted workspace)')
    if (wanted === undefined) return vscode.l10n.t('Run…')
    const found = findEnvironment(all, wanted, vscode.l10n.t)
    if (found.kind !== 'found') return vscode.l10n.t('Cannot run: there is no environment {0}', wanted)
    const { environment } = found
    const name = environment.environment.protected ? `${wanted} (${vscode.l10n.t('protected')})` : wanted
    const count = this.#count(environment, filter)
    if (filter === undefined) return vscode.l10n.t('Run on {0}…', name)
    if (count === undefined) return vscode.l10n.t('Run on {0} · {1}', name, text ?? '')
    if (filter.text === '*') return vscode.l10n.t('Run on {0} · EVERY agent, {1} known', name, count)
    return count === 1
      ? vscode.l10n.t('Run on {0} · 1 agent', name)
      : vscode.l10n.t('Run on {0} · {1} agents', name, count)
  }

  /** Only a person connects: an opened file does not, and has no number of agents until then. */
  #connectCommand(
    { environment: wanted, filter }: SnippetDeclaration,
    all: readonly DeclaredEnvironment[],
  ): vscode.Command | undefined {
    if (!vscode.workspace.isTrusted || wanted === undefined || filter === undefined) return undefined
    const found = findEnvironment(all, wanted, vscode.l10n.t)
    if (found.kind !== 'found' || this.#connections.state(found.environment.key).kind === 'open')
      return undefined
    return {
      title: `$(plug) ${vscode.l10n.t('Connect to count agents')}`,
      command: 'ec2-collective.connect',
      arguments: [found.environment.key],
    }
  }

  /** Undefined when not known (yet), or without a filter. */
  #count(environment: DeclaredEnvironment, filter: WrittenFilter | undefined): number | undefined {
    this.#beInterested(environment)
    const { key } = environment
    if (filter === undefined) return undefined
    const count = this.#reached(key, filter)
    this.#shown.set(`${key}\n${filter.text}`, { key, filter, count })
    return count
  }

  #reached(key: string, filter: WrittenFilter): number | undefined {
    const state = this.#connections.state(key)
    return state.kind === 'open' && state.heard ? state.master.reach({ filter }).agents.length : undefined
  }

  /** Requests new lenses if their text would change. */
  #refresh(key: string): void {
    if (!this.#watches.has(key)) return
    let isOutdated = false
    for (const shown of this.#shown.values()) {
      if (shown.key !== key) continue
      const count = this.#reached(key, shown.filter)
      isOutdated ||= count !== shown.count
      shown.count = count
    }
    if (isOutdated) this.#changed.fire()
  }

  /** Keeps the number up to date while the file is visible, in which case VS Code requests its lenses repeatedly. */
  #beInterested(environment: DeclaredEnvironment): void {
    // Requested before that, answered after it.
    if (this.#isDisposed) return
    const { key } = environment
    const known = this.#watches.get(key)
    const watch = known?.watch ?? this.#connections.watchOpen(environment)
    clearTimeout(known?.timer)
    const timer = setTimeout(() => {
      this.#watches.delete(key)
      for (const [id, shown] of this.#shown) if (shown.key === key) this.#shown.delete(id)
      watch.dispose()
    }, interestMs)
    this.#watches.set(key, { watch, timer })
  }
}

interface ShownCount {
  /** Key of the environment. */
  readonly key: string
  readonly filter: WrittenFilter
  count: number | undefined
}
