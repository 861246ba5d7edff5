import * as vscode from 'vscode'
import type { ShownRun } from './shownRun.ts'

/** The most characters of a document: VS Code does not open documents of extensions beyond 50 MB. */
const maxCharacters = 40_000_000
/** How often an open document of a growing output is updated, milliseconds. */
const changeEveryMs = 1000

/** Outputs as read-only documents, with the editor's find, copy, save and compare. */
export class OutputDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #find: (runId: string) => Promise<ShownRun | undefined>
  readonly #changed = new vscode.EventEmitter<vscode.Uri>()
  /** Of the open documents, by path. Aborted when the document is closed. */
  readonly #open = new Map<string, AbortController>()
  readonly #disposables: vscode.Disposable[]
  readonly onDidChange = this.#changed.event

  constructor(find: (runId: string) => Promise<ShownRun | undefined>) {
    this.#find = find
    this.#disposables = [
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      // Not when its text is asked for: it may be closed before it has that, or not be opened at all.
      vscode.workspace.onDidOpenTextDocument(({ uri }) => {
        if (uri.scheme === scheme) void this.#watch(uri)
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) this.#unwatch(uri)
      }),
    ]
  }

  async open(run: ShownRun, agentId: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(outputUri(run, agentId))
    await vscode.window.showTextDocument(document, { preview: false })
  }

  /** Shows two outputs side by side in the editor's diff, under `titles`. */
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
    const { runId, agentId } = idsIn(uri)
    const run = await this.#find(runId)
    if (run?.state.replies.has(agentId) !== true)
      return vscode.l10n.t('This run is no longer in the history.')
    const { plainOutput } = await import('../../report/runTables.ts')
    const text = await plainOutput(run, agentId)
    if (text.length <= maxCharacters) return text
    const half = maxCharacters / 2
    const left = (text.length - maxCharacters).toLocaleString()
    const gap = vscode.l10n.t('{0} characters are omitted here. Export the run to get all of them.', left)
    return `${text.slice(0, half)}\n\n… ${gap} …\n\n${text.slice(-half)}`
  }

  dispose(): void {
    for (const closed of this.#open.values()) closed.abort()
    for (const disposable of this.#disposables) disposable.dispose()
  }

  /** The document is updated while it is open and the output grows. */
  async #watch(uri: vscode.Uri): Promise<void> {
    this.#unwatch(uri)
    const closed = new AbortController()
    this.#open.set(uri.path, closed)
    const { runId, agentId } = idsIn(uri)
    // Where the run cannot be read, the document says why.
    const run = await this.#find(runId).catch(() => undefined)
    const reply = run?.state.replies.get(agentId)
    if (run === undefined || reply?.output === 'complete' || closed.signal.aborted) return
    let timer: NodeJS.Timeout | undefined
    const update = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        this.#changed.fire(uri)
      }, changeEveryMs)
    }
    const unsubscribe = run.onChange(({ output }) => {
      if (output.has(agentId)) update()
    })
    closed.signal.addEventListener('abort', () => {
      clearTimeout(timer)
      unsubscribe()
    })
    // The output may have grown since the text was read.
    update()
  }

  #unwatch(uri: vscode.Uri): void {
    this.#open.get(uri.path)?.abort()
    this.#open.delete(uri.path)
  }
}

const scheme = 'ec2-collective-output'

/** The tab shows the last part: the host. */
function outputUri({ state }: ShownRun, agentId: string): vscode.Uri {
  const host = state.replies.get(agentId)?.hostname ?? agentId
  return vscode.Uri.from({ scheme, path: `/${state.runId}/${agentId}/${host.replaceAll('/', '_')}.txt` })
}

function idsIn(uri: vscode.Uri): { readonly runId: string; readonly agentId: string } {
  const [runId = '', agentId = ''] = uri.path.slice(1).split('/')
  return { runId, agentId }
}
