import * as vscode from 'vscode'
import { oneLine } from '../send/runPlan.ts'
import type { FoundSnippet, Snippets } from '../send/snippets.ts'

/** The snippets of the workspace, by file where there is more than one. */
export class SnippetsView implements vscode.TreeDataProvider<SnippetNode>, vscode.Disposable {
  readonly #snippets: Snippets
  readonly #changed = new vscode.EventEmitter<void>()
  readonly #disposables: vscode.Disposable[]
  readonly onDidChangeTreeData = this.#changed.event

  constructor(snippets: Snippets) {
    this.#snippets = snippets
    const view = vscode.window.createTreeView('ec2-collective.snippets', { treeDataProvider: this })
    this.#disposables = [this.#changed, view, snippets.onDidChange(() => this.#changed.fire())]
  }

  async getChildren(parent?: SnippetNode): Promise<SnippetNode[]> {
    if (parent?.kind === 'snippet') return []
    if (parent !== undefined) return parent.snippets.map((snippet) => ({ kind: 'snippet', snippet }))
    const byFile = new Map<string, FoundSnippet[]>()
    for (const snippet of await this.#snippets.all()) {
      const file = snippet.uri.toString()
      byFile.set(file, [...(byFile.get(file) ?? []), snippet])
    }
    const files = [...byFile.values()].map((snippets): SnippetNode => ({ kind: 'file', snippets }))
    return files.length === 1 ? this.getChildren(files[0]) : files
  }

  getTreeItem(node: SnippetNode): vscode.TreeItem {
    return node.kind === 'file' ? fileItem(node.snippets) : snippetItem(node.snippet)
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose()
  }
}

export type SnippetNode =
  | { readonly kind: 'file'; readonly snippets: readonly FoundSnippet[] }
  | { readonly kind: 'snippet'; readonly snippet: FoundSnippet }

function fileItem(snippets: readonly FoundSnippet[]): vscode.TreeItem {
  const [first] = snippets
  const label = first === undefined ? '' : vscode.workspace.asRelativePath(first.uri)
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Expanded)
  item.id = first?.uri.toString() ?? ''
  item.iconPath = vscode.ThemeIcon.File
  item.contextValue = 'file'
  return item
}

function snippetItem({ name, declaration, uri, offset }: FoundSnippet): vscode.TreeItem {
  const { environment, filter, description, command, script, file } = declaration
  const item = new vscode.TreeItem(name)
  const what = command ?? script ?? file ?? ''
  item.id = `${uri}#${name}`
  item.description = [environment, filter, description ?? oneLine(what)].filter(Boolean).join(' · ')
  item.iconPath = new vscode.ThemeIcon(command === undefined ? 'file-code' : 'terminal')
  item.contextValue = 'snippet'
  item.tooltip = new vscode.MarkdownString()
    .appendText(description ?? name)
    .appendCodeblock(file === undefined ? what : `file: ${file}`, 'shellscript')
  item.command = {
    title: vscode.l10n.t('Open'),
    command: 'ec2-collective.openSnippet',
    arguments: [uri, offset],
  }
  return item
}
