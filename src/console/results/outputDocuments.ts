import * as vscode from 'vscode'
import { plainOutput } from '../../report/runTables.ts'
import type { ShownRun } from './shownRun.ts'

/** Characters of a document: beyond 50 MB VS Code opens none from an extension. */
const maxCharacters = 40_000_000
/** How often an open document of a growing output is written anew, milliseconds. */
const changeEveryMs = 1000

/** Outputs as read-only documents: find, copy, save and compare are the editor's own. */
export class OutputDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #find: (runId: string) => Promise<ShownRun | undefined>
  readonly #changed = new vscode.EventEmitter<vscode.Uri>()
  readonly #watches = new Map<string, () => void>()
  readonly #disposables: vscode.Disposable[]
  #isDisposed = false
  readonly onDidChange = this.#changed.event

  constructor(find: (runId: string) => Promise<ShownRun | undefined>) {
    this.#find = find
    this.#disposables = [
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) this.#unwatch(uri)
      }),
    ]
  }

  async open(run: ShownRun, agentId: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(outputUri(run, agentId))
    await vscode.window.showTextDocument(document, { preview: false })
  }

  /** Shows two outputs beside one another in the editor's diff. `titles` say whose they are. */
  async compare(
    left: { run: ShownRun; agentId: string; title: string },
    right: { run: ShownRun; agentId: string; title: string },
  ): Promise<void> {
    await vscode.commands.executeCommand(
      'vscode.diff',
      outputUri(left.run, left.agentId),
      outputUri(right.run, right.agentId),
      `${left.title} ↔ ${right.title}`,
    )
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const [runId = '', agentId = ''] = uri.path.slice(1).split('/')
    const run = await this.#find(runId)
    const reply = run?.state.replies.get(agentId)
    if (run === undefined || reply === undefined)
      return vscode.l10n.t('This run is no longer in the history.')
    this.#watch(uri, run, agentId)
    const text = await plainOutput(run, agentId)
    if (text.length <= maxCharacters) return text
    const half = maxCharacters / 2
    const left = (text.length - maxCharacters).toLocaleString()
    const gap = vscode.l10n.t('{0} characters are omitted here. Export the run to get all of them.', left)
    return `${text.slice(0, half)}\n\n… ${gap} …\n\n${text.slice(-half)}`
  }

  dispose(): void {
    this.#isDisposed = true
    for (const stop of this.#watches.values()) stop()
    for (const disposable of this.#disposables) disposable.dispose()
  }

  /** As long as it is open and grows, the document follows. */
  #watch(uri: vscode.Uri, run: ShownRun, agentId: string): void {
    if (
      this.#isDisposed ||
      this.#watches.has(uri.path) ||
      run.state.replies.get(agentId)?.output === 'complete'
    )
      return
    let timer: NodeJS.Timeout | undefined
    const unsubscribe = run.onChange(({ output }) => {
      if (!output.has(agentId)) return
      timer ??= setTimeout(() => {
        timer = undefined
        this.#changed.fire(uri)
      }, changeEveryMs)
    })
    this.#watches.set(uri.path, () => {
      clearTimeout(timer)
      unsubscribe()
    })
  }

  #unwatch(uri: vscode.Uri): void {
    this.#watches.get(uri.path)?.()
    this.#watches.delete(uri.path)
  }
}

const scheme = 'ec2-collective-output'

/** The tab shows the last part: the host. */
function outputUri({ state }: ShownRun, agentId: string): vscode.Uri {
  const host = state.replies.get(agentId)?.hostname ?? agentId
  return vscode.Uri.from({ scheme, path: `/${state.runId}/${agentId}/${host.replaceAll('/', '_')}.txt` })
}
