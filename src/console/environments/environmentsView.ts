import * as vscode from 'vscode'
import { factAt } from '../../protocol/facts.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { isTroubled } from './agentGroups.ts'
import type { Connections } from './connections.ts'
import { environmentRows } from './environmentRows.ts'
import { fingerprint } from './shownAgents.ts'
import { describeNode, explainNode } from './treeItems.ts'
import {
  agentNodes,
  type EnvironmentNode,
  type ErrorNode,
  environmentNode,
  errorNode,
  factNodes,
  type TreeNode,
} from './treeNode.ts'

/** The tree environment → groups → agents → facts. Only environments that are expanded in a visible view are kept up to date. */
export class EnvironmentsView implements vscode.TreeDataProvider<TreeNode | ErrorNode>, vscode.Disposable {
  readonly #list: EnvironmentList
  readonly #connections: Connections
  readonly #groupBy: () => string
  readonly #memento: vscode.Memento
  /** Keys of the environments that the user left expanded, including those that are not declared at the moment. */
  readonly #openRows: Set<string>
  readonly #changed = new vscode.EventEmitter<EnvironmentNode | undefined>()
  readonly #view: vscode.TreeView<TreeNode | ErrorNode>
  readonly #disposables: vscode.Disposable[]
  /** Environments that are expanded in the tree, by key, each with its row. */
  readonly #expanded = new Map<string, EnvironmentNode>()
  readonly #watches = new Map<string, vscode.Disposable>()
  /** The last shown state of each environment, by key. */
  readonly #shown = new Map<string, string>()
  readonly #openAgents = new Set<string>()
  readonly #rows = new Map<string, EnvironmentNode>()
  /** Number of readings of the list. */
  #reading = 0
  #isDisposed = false
  readonly onDidChangeTreeData = this.#changed.event

  /**
   * @param groupBy dotted path of the fact by which agents are grouped now; empty for no groups
   * @param memento remembers the expanded rows of this workspace across reloads
   */
  constructor(
    list: EnvironmentList,
    connections: Connections,
    groupBy: () => string,
    memento: vscode.Memento,
  ) {
    this.#list = list
    this.#memento = memento
    this.#openRows = new Set(memento.get<string[]>(openRows, []))
    this.#connections = connections
    this.#groupBy = groupBy
    this.#view = vscode.window.createTreeView('ec2-collective.environments', {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: true,
    })
    this.#disposables = [
      this.#changed,
      this.#view,
      this.#view.onDidExpandElement(({ element }) => this.#open(element)),
      this.#view.onDidCollapseElement(({ element }) => this.#shut(element)),
      this.#view.onDidChangeVisibility(() => this.#watchWhatIsSeen()),
      list.onDidChange(() => this.refresh()),
      connections.onDidChange(({ key }) => this.#refreshRow(key)),
    ]
  }

  /** Expands an environment's row and shows the view. */
  async reveal(key: string): Promise<void> {
    const declared = await this.#list.byKey(key)
    if (declared === undefined) return
    const row = this.#rows.get(key) ?? environmentNode(declared)
    await this.#view.reveal(row, { expand: true, focus: true, select: true })
  }

  refresh(): void {
    this.#changed.fire(undefined)
  }

  async getChildren(parent?: TreeNode | ErrorNode): Promise<(TreeNode | ErrorNode)[]> {
    switch (parent?.kind) {
      case undefined:
        return this.#environments()
      case 'environment':
        // A row that is expanded from the start fires no event.
        if (this.#opensByItself(parent)) this.#open(parent)
        return environmentRows(parent, this.#connections.state(parent.declared.key), this.#groupBy())
      case 'group':
        return agentNodes(parent, parent.agents)
      case 'agent':
        return factNodes(parent, parent.agent.facts)
      case 'fact':
        return factNodes(parent, parent.value, parent.path)
      case 'notice':
      case 'wrong':
        return []
    }
  }

  getTreeItem(node: TreeNode | ErrorNode): vscode.TreeItem {
    return describeNode(node, this.#connections, this.#opensByItself(node))
  }

  /** Only environments are revealed, and they have no parent. */
  getParent(): undefined {
    return undefined
  }

  resolveTreeItem(item: vscode.TreeItem, node: TreeNode | ErrorNode): vscode.TreeItem {
    item.tooltip = explainNode(node, this.#connections)
    return item
  }

  dispose(): void {
    this.#isDisposed = true
    this.#watchWhatIsSeen()
    for (const disposable of this.#disposables) disposable.dispose()
  }

  async #environments(): Promise<(TreeNode | ErrorNode)[]> {
    this.#reading += 1
    const reading = this.#reading
    const { environments, troubles } = await this.#list.read()
    const isTrusted = vscode.workspace.isTrusted
    await vscode.commands.executeCommand(
      'setContext',
      'ec2-collective.hasEnvironments',
      environments.length > 0,
    )
    await vscode.commands.executeCommand('setContext', 'ec2-collective.isTrusted', isTrusted)
    const rows = environments.map((declared) => environmentNode(declared))
    // A reading that began later is more recent.
    if (reading === this.#reading) {
      this.#rows.clear()
      for (const row of rows) this.#rows.set(row.declared.key, row)
      for (const key of this.#expanded.keys()) if (!this.#rows.has(key)) this.#expanded.delete(key)
      this.#watchWhatIsSeen()
    }
    return [...rows, ...troubles.map(errorNode)]
  }

  #open(node: TreeNode | ErrorNode): void {
    if (node.kind === 'agent') this.#openAgents.add(node.agent.agentId)
    if (node.kind !== 'environment') return
    const { key } = node.declared
    // Rows of environments that are no longer declared.
    if (!this.#rows.has(key) || this.#expanded.has(key)) return
    this.#expanded.set(key, node)
    this.#openRows.add(key)
    this.#remember()
    this.#watchWhatIsSeen()
  }

  #shut(node: TreeNode | ErrorNode): void {
    if (node.kind === 'agent') this.#openAgents.delete(node.agent.agentId)
    if (node.kind !== 'environment') return
    this.#expanded.delete(node.declared.key)
    this.#openRows.delete(node.declared.key)
    this.#remember()
    this.#watchWhatIsSeen()
  }

  #opensByItself(node: TreeNode | ErrorNode): boolean {
    if (node.kind !== 'environment') return false
    return this.#rows.size === 1 || this.#openRows.has(node.declared.key)
  }

  /** Not only the rows that are open by now: after a reload they open one after the other. */
  #remember(): void {
    void this.#memento.update(openRows, [...this.#openRows])
  }

  #watchWhatIsSeen(): void {
    const isSeen = this.#view.visible && !this.#isDisposed
    const seen = isSeen ? this.#expanded : new Map<string, EnvironmentNode>()
    for (const [key, watch] of this.#watches) {
      if (seen.has(key)) continue
      watch.dispose()
      this.#watches.delete(key)
    }
    for (const [key, { declared }] of seen) {
      if (!this.#watches.has(key)) this.#watches.set(key, this.#connections.watch(declared))
    }
  }

  #refreshRow(key: string): void {
    const row = this.#rows.get(key)
    if (row === undefined) return
    if (this.#isNews(row)) this.#changed.fire(row)
    this.#showBadge()
  }

  #isNews({ declared: { key } }: EnvironmentNode): boolean {
    const state = this.#connections.state(key)
    const path = this.#groupBy().split('.')
    const shown =
      state.kind === 'open'
        ? [
            state.heard,
            state.trouble?.message,
            fingerprint(state.master.inventory.agents(), Date.now(), this.#openAgents, ({ facts }) =>
              factAt(facts, path),
            ),
          ].join('\n')
        : `${state.kind} ${state.kind === 'failed' ? state.error.message : ''}`
    if (this.#shown.get(key) === shown) return false
    this.#shown.set(key, shown)
    return true
  }

  #showBadge(): void {
    let troubled = 0
    for (const key of this.#expanded.keys()) {
      const state = this.#connections.state(key)
      if (state.kind === 'open') troubled += state.master.inventory.agents().filter(isTroubled).length
    }
    this.#view.badge =
      troubled === 0
        ? undefined
        : {
            value: troubled,
            tooltip:
              troubled === 1
                ? vscode.l10n.t('1 agent with problems')
                : vscode.l10n.t('{0} agents with problems', troubled),
          }
  }
}

const openRows = 'openEnvironments'
