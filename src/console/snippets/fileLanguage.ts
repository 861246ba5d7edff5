import * as vscode from 'vscode'
import { pathAt, placeAt } from '../../declarations/filePlace.ts'
import { type KeyedThing, knownKeys } from '../../declarations/knownKeys.ts'
import { parseWorkspaceFile } from '../../declarations/workspaceFile.ts'
import { completeFilter } from '../../protocol/filter/complete.ts'
import { everyone, type WrittenFilter, writeFilter } from '../../protocol/filter/writtenFilter.ts'
import { describeRollout, readRollout } from '../../run/rolloutText.ts'
import { localize } from '../../text/localizable.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { workspaceFileSelector } from '../declarations/workspaceFiles.ts'
import type { Connections } from '../environments/connections.ts'
import { FactSampler } from '../targets/factSample.ts'

/** Completion and hover in workspace files. */
export class FileLanguage implements vscode.CompletionItemProvider, vscode.HoverProvider, vscode.Disposable {
  readonly #list: EnvironmentList
  readonly #connections: Connections
  readonly #sampler = new FactSampler(Date.now)
  readonly #disposables: vscode.Disposable[]

  constructor(list: EnvironmentList, connections: Connections) {
    this.#list = list
    this.#connections = connections
    this.#disposables = [
      vscode.languages.registerCompletionItemProvider(workspaceFileSelector, this, ' ', '=', '.', '@'),
      vscode.languages.registerHoverProvider(workspaceFileSelector, this),
    ]
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
        .map(({ key, meaning, insert }, index) => {
          const item = new vscode.CompletionItem(key, vscode.CompletionItemKind.Property)
          item.insertText = new vscode.SnippetString(`${key}:${insert}`)
          item.documentation = new vscode.MarkdownString(meaning)
          item.sortText = String(index).padStart(2, '0')
          return item
        })
    }
    const { key, of, text, start } = place
    if ((of === 'snippet' && key === 'filter') || of === 'sets')
      return this.#filterItems(document, position, text, start, of === 'sets' ? key : undefined)
    return this.#valuesOf(of, key).then((values) =>
      values.map((value) => new vscode.CompletionItem(value, vscode.CompletionItemKind.Value)),
    )
  }

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const text = document.getText()
    const path = pathAt(text, document.offsetAt(position))
    const [section, name, key] = path ?? []
    if (section === undefined || name === undefined) return undefined
    const of = section === 'snippets' ? 'snippet' : 'environment'
    const meaning = knownKeys[of].find((known) => known.key === key)?.meaning
    const content = new vscode.MarkdownString(meaning)
    const { snippets, sets } = parseWorkspaceFile(text)
    const { declaration, filter } =
      snippets.find((each) => section === 'snippets' && each.name === name) ?? {}
    const lines: string[] = []
    const set = section === 'sets' ? sets.meaningOf(String(name)) : undefined
    if (set?.kind === 'condition') lines.push(set.text, ...this.#whoMatches(writeFilter(set.condition)))
    if (key === 'filter' && filter !== undefined) {
      // With the sets in it written out.
      if (filter.text !== declaration?.filter) lines.push(filter.text)
      lines.push(...this.#whoMatches(filter))
    }
    if (key === 'rollout' && declaration?.rollout !== undefined) {
      lines.push(describeRollout(readRollout(declaration.rollout), vscode.l10n.t))
    }
    if (meaning === undefined && lines.length === 0) return undefined
    for (const line of lines) content.appendMarkdown('\n\n').appendText(line)
    return new vscode.Hover(content)
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose()
  }

  #filterItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    text: string,
    start: number,
    ownName: string | undefined,
  ): vscode.CompletionItem[] {
    // In quotes, the filter begins after the quote.
    const quote = /^["']/.test(text) ? 1 : 0
    const filter = text.slice(quote)
    const { names, meaningOf } = parseWorkspaceFile(document.getText()).sets
    const sets = { names: names.filter((name) => name !== ownName), meaningOf }
    const completion = completeFilter(filter, filter.length, this.#index(), sets)
    const from = document.positionAt(start + quote + completion.start)
    return completion.suggestions.map((suggestion, index) => {
      const item = new vscode.CompletionItem(suggestion.insert, vscode.CompletionItemKind.Field)
      // In YAML no value begins with @ unless it is in quotes.
      if (suggestion.kind === 'set' && quote === 0 && completion.start === 0)
        item.insertText = `"${suggestion.insert}"`
      item.range = new vscode.Range(from, position)
      item.detail = localize(suggestion.detail, vscode.l10n.t)
      item.sortText = String(index).padStart(3, '0')
      item.filterText = document.getText(item.range) + suggestion.insert
      return item
    })
  }

  async #valuesOf(of: KeyedThing, key: string): Promise<string[]> {
    if (of === 'snippet' && key === 'environment') {
      return (await this.#list.all()).map(({ environment }) => environment.name)
    }
    return [...(knownKeys[of].find((known) => known.key === key)?.values ?? [])]
  }

  /** Only of open environments: completion does not connect. */
  #index() {
    const agents = this.#connections
      .opened()
      .flatMap(({ master }) => master.reach({ filter: everyone }).agents)
    return this.#sampler.sampleOf(agents).index
  }

  #whoMatches(filter: WrittenFilter): string[] {
    return this.#connections.opened().map(({ declared, master }) => {
      const { agents, known } = master.reach({ filter })
      const { name } = declared.environment
      return vscode.l10n.t('{0}: {1} of {2} agents match', name, agents.length, known)
    })
  }
}
