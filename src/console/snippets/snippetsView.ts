import * as vscode from 'vscode'
import { oneLine } from '../../text/oneLine.ts'
import { visibleText } from '../../text/visibleText.ts'
import type { FoundSnippet, Snippets, UnusableSnippet } from '../send/snippets.ts'
import { visibleItem } from '../text/visibleItem.ts'

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
    if (parent?.kind === 'file') return [...parent.rows]
    if (parent !== undefined) return []
    const { snippets, unusable } = await this.#snippets.read()
    const rows: SnippetRow[] = [
      ...snippets.map((snippet) => ({ kind: 'snippet', snippet }) as const),
      ...unusable.map((entry) => ({ kind: 'unusable', entry }) as const),
    ]
    const byFile = new Map<string, SnippetRow[]>()
    for (const row of rows) {
      const file = placeOf(row).uri.toString()
      byFile.set(file, [...(byFile.get(file) ?? []), row])
    }
    const files = [...byFile.values()].map((own): SnippetNode => ({ kind: 'file', rows: inTextOrder(own) }))
    return files.length === 1 ? this.getChildren(files[0]) : files
  }

  getTreeItem(node: SnippetNode): vscode.TreeItem {
    switch (node.kind) {
      case 'file':
        return visibleItem(fileItem(node.rows))
      case 'snippet':
        return visibleItem(snippetItem(node.snippet))
      case 'unusable':
        return visibleItem(unusableItem(node.entry))
    }
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose()
  }
}

export type SnippetNode = SnippetRow | { readonly kind: 'file'; readonly rows: readonly SnippetRow[] }

type SnippetRow =
  | { readonly kind: 'snippet'; readonly snippet: FoundSnippet }
  | { readonly kind: 'unusable'; readonly entry: UnusableSnippet }

function placeOf(row: SnippetRow): { readonly uri: vscode.Uri; readonly offset: number } {
  return row.kind === 'snippet' ? row.snippet : row.entry
}

function inTextOrder(rows: readonly SnippetRow[]): SnippetRow[] {
  return [...rows].sort((a, b) => placeOf(a).offset - placeOf(b).offset)
}

function fileItem([row]: readonly SnippetRow[]): vscode.TreeItem {
  const first = row && placeOf(row)
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
    .appendText(visibleText(description ?? name))
    .appendCodeblock(visibleText(file === undefined ? what : `file: ${file}`), 'shellscript')
  item.command = openCommand(uri, offset)
  return item
}

/** Enter or a click opens its place in the file. */
function unusableItem({ name, messages, uri, offset }: UnusableSnippet): vscode.TreeItem {
  const item = new vscode.TreeItem(name)
  item.id = `${uri}#${offset}!${name}`
  item.description = messages.join(' ')
  item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
  item.contextValue = 'unusable'
  item.tooltip = messages.join('\n')
  item.command = openCommand(uri, offset)
  item.accessibilityInformation = {
    label: vscode.l10n.t('Cannot use {0} as a snippet: {1}', name, messages.join(' ')),
  }
  return item
}

function openCommand(uri: vscode.Uri, offset: number): vscode.Command {
  return { title: vscode.l10n.t('Open'), command: 'ec2-collective.openSnippet', arguments: [uri, offset] }
}
