import * as vscode from 'vscode'

/** A button above a line of a document. */
export interface DocumentAction {
  /** From 0. */
  readonly line: number
  readonly title: string
  readonly command: string
  readonly arguments?: readonly unknown[]
}

interface Shown {
  readonly text: string
  readonly actions: readonly DocumentAction[]
}

/** Read-only texts in editors: they can be searched and copied, but not saved. Each path is shown once. */
export class ReadOnlyDocuments
  implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable
{
  readonly #shown = new Map<string, Shown>()
  readonly #changed = new vscode.EventEmitter<vscode.Uri>()
  readonly #lensesChanged = new vscode.EventEmitter<void>()
  readonly #disposables: vscode.Disposable[]
  readonly onDidChange = this.#changed.event
  readonly onDidChangeCodeLenses = this.#lensesChanged.event

  constructor() {
    this.#disposables = [
      this.#changed,
      this.#lensesChanged,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.languages.registerCodeLensProvider({ scheme }, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) this.#shown.delete(uri.path)
      }),
    ]
  }

  /** @param path shown in the tab by its last part; its extension determines the language */
  async show(path: string, text: string, actions: readonly DocumentAction[] = []): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.keep(path, text, actions))
    await vscode.window.showTextDocument(document, { preview: false })
  }

  /** Keeps a text under the returned URI until its editor is closed. */
  keep(path: string, text: string, actions: readonly DocumentAction[] = []): vscode.Uri {
    const uri = vscode.Uri.from({ scheme, path: `/${path}` })
    this.#shown.set(uri.path, { text, actions })
    this.#changed.fire(uri)
    this.#lensesChanged.fire()
    return uri
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.#shown.get(uri.path)?.text ??
      vscode.l10n.t('This text is no longer available. Close this tab and open it again.')
    )
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const { actions = [] } = this.#shown.get(uri.path) ?? {}
    return actions.map(
      ({ line, title, command, arguments: args = [] }) =>
        new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command, arguments: [...args] }),
    )
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose()
  }
}

const scheme = 'ec2-collective'
