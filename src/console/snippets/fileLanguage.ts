import * as vscode from 'vscode'
import { colours } from '../../declarations/environmentDeclaration.ts'
import { pathAt, placeAt } from '../../declarations/filePlace.ts'
import { knownKeys } from '../../declarations/knownKeys.ts'
import { describeRollout, readRollout } from '../../declarations/rolloutText.ts'
import { parseWorkspaceFile } from '../../declarations/workspaceFile.ts'
import { completeFilter } from '../../protocol/filter/complete.ts'
import { parseFilter } from '../../protocol/filter/parse.ts'
import { FilterSyntaxError } from '../../protocol/filter/syntaxError.ts'
import { everyone, readFilter } from '../../protocol/filter/writtenFilter.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { workspaceFileSelector } from '../declarations/workspaceFiles.ts'
import type { Connections } from '../environments/connections.ts'
import { FactSampler } from '../send/factSample.ts'
import { messageOf } from '../text/messageOf.ts'

/** What makes workspace files pleasant to write: diagnostics with line and column, completion, hover. */
export class FileLanguage implements vscode.CompletionItemProvider, vscode.HoverProvider, vscode.Disposable {
  readonly #list: EnvironmentList
  readonly #connections: Connections
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('ec2-collective')
  readonly #sampler = new FactSampler(Date.now)
  readonly #disposables: vscode.Disposable[]

  constructor(list: EnvironmentList, connections: Connections) {
    this.#list = list
    this.#connections = connections
    this.#disposables = [
      this.#diagnostics,
      vscode.languages.registerCompletionItemProvider(workspaceFileSelector, this, ' ', '=', '.'),
      vscode.languages.registerHoverProvider(workspaceFileSelector, this),
      vscode.workspace.onDidOpenTextDocument((document) => this.#check(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#check(document)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#diagnostics.delete(uri)),
    ]
    for (const document of vscode.workspace.textDocuments) this.#check(document)
  }

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[]> {
    const offset = document.offsetAt(position)
    const place = placeAt(document.getText(), offset)
    if (place === undefined) return []
    if (place.kind === 'key') {
      return knownKeys[place.of]
        .filter(({ key }) => !place.taken.includes(key))
        .map(({ key, meaning, snippet }, index) => {
          const item = new vscode.CompletionItem(key, vscode.CompletionItemKind.Property)
          item.insertText = new vscode.SnippetString(`${key}:${snippet}`)
          item.documentation = meaning
          item.sortText = String(index).padStart(2, '0')
          return item
        })
    }
    const { key, of, text, start } = place
    if (of === 'snippet' && key === 'filter') return this.#filterItems(document, position, text, start)
    return this.#valuesOf(of, key).then((values) =>
      values.map((value) => new vscode.CompletionItem(value, vscode.CompletionItemKind.Value)),
    )
  }

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const text = document.getText()
    const path = pathAt(text, document.offsetAt(position))
    const [section, name, key] = path ?? []
    if (section === undefined || name === undefined) return undefined
    const lines: string[] = []
    const known = knownKeys[section === 'snippets' ? 'snippet' : 'environment'].find(
      (each) => each.key === key,
    )
    if (known !== undefined) lines.push(known.meaning)
    const snippet = parseWorkspaceFile(text).snippets.find(
      (each) => section === 'snippets' && each.name === name,
    )
    const { filter, rollout } = snippet?.declaration ?? {}
    if (key === 'filter' && filter !== undefined) lines.push(...this.#whoMatches(filter))
    if (key === 'rollout' && rollout !== undefined)
      lines.push(describeRollout(readRollout(rollout), vscode.l10n.t))
    if (lines.length === 0) return undefined
    const content = new vscode.MarkdownString()
    for (const line of lines) content.appendText(line).appendMarkdown('\n\n')
    return new vscode.Hover(content)
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose()
  }

  #check(document: vscode.TextDocument): void {
    if (vscode.languages.match(workspaceFileSelector, document) === 0) return
    const { problems, snippets, locate } = parseWorkspaceFile(document.getText())
    const range = ({ start, end }: { start: number; end: number }) =>
      new vscode.Range(document.positionAt(start), document.positionAt(end))
    const diagnostics = problems.map(({ message, at }) => new vscode.Diagnostic(range(at), message))
    for (const { name, declaration } of snippets) {
      const value = locate(['snippets', name, 'filter'])?.value
      const message = declaration.filter === undefined ? undefined : problemOf(declaration.filter)
      if (message !== undefined && value !== undefined)
        diagnostics.push(new vscode.Diagnostic(range(value), message))
    }
    for (const diagnostic of diagnostics) diagnostic.source = 'EC2 Collective'
    this.#diagnostics.set(document.uri, diagnostics)
  }

  #filterItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    text: string,
    start: number,
  ): vscode.CompletionItem[] {
    // In quotes the filter begins behind the quote.
    const quote = /^["']/.test(text) ? 1 : 0
    const filter = text.slice(quote)
    const completion = completeFilter(filter, filter.length, this.#index())
    const from = document.positionAt(start + quote + completion.start)
    return completion.suggestions.map((suggestion, index) => {
      const item = new vscode.CompletionItem(suggestion.insert, vscode.CompletionItemKind.Field)
      item.range = new vscode.Range(from, position)
      item.detail = suggestion.detail
      item.sortText = String(index).padStart(3, '0')
      item.filterText = document.getText(item.range) + suggestion.insert
      return item
    })
  }

  async #valuesOf(of: string, key: string): Promise<string[]> {
    if (of === 'snippet' && key === 'environment') {
      return (await this.#list.all()).map(({ environment }) => environment.name)
    }
    if (of === 'environment' && key === 'colour') return [...colours]
    return key === 'protected' || key === 'secret' ? ['true', 'false'] : []
  }

  /** Of the environments that are open: completion connects to nobody. */
  #index() {
    const agents = this.#connections
      .opened()
      .flatMap(({ master }) => master.reach({ filter: everyone }).agents)
    return this.#sampler.sampleOf(agents).index
  }

  #whoMatches(text: string): string[] {
    try {
      const filter = readFilter(text)
      return this.#connections.opened().map(({ declared, master }) => {
        const { agents, known } = master.reach({ filter })
        const { name } = declared.environment
        return vscode.l10n.t('{0}: {1} of {2} agents match', name, agents.length, known)
      })
    } catch (error) {
      return [messageOf(error)]
    }
  }
}

function problemOf(filter: string): string | undefined {
  try {
    parseFilter(filter)
    return undefined
  } catch (error) {
    if (error instanceof FilterSyntaxError) return messageOf(error)
    throw error
  }
}
