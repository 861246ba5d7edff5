import * as vscode from 'vscode'
import type { RunSummary } from '../../master/store/history.ts'
import { hiddenSentence } from '../../run/hiddenCommand.ts'
import { outcomeOfRun } from '../../run/runOutcome.ts'
import { chosenBy, describeTargets } from '../../run/targetText.ts'
import { localize } from '../../text/localizable.ts'
import { oneLine } from '../../text/oneLine.ts'
import { visibleLine, visibleText } from '../../text/visibleText.ts'
import type { RunHistory } from '../send/runHistory.ts'
import type { Runs } from '../send/runs.ts'
import { describeCounts, groupByDay, nameOfRun } from './historyRows.ts'

export type HistoryNode =
  | {
      readonly kind: 'day'
      readonly day: string
      readonly runs: readonly RunSummary[]
      readonly isNewest: boolean
    }
  | { readonly kind: 'run'; readonly summary: RunSummary }

/** The runs of this workspace, newest first, by day. */
export class HistoryView implements vscode.TreeDataProvider<HistoryNode>, vscode.Disposable {
  readonly #history: RunHistory
  readonly #changed = new vscode.EventEmitter<void>()
  readonly #view: vscode.TreeView<HistoryNode>
  readonly #disposables: vscode.Disposable[]
  #refreshing: NodeJS.Timeout | undefined
  readonly onDidChangeTreeData = this.#changed.event

  constructor(history: RunHistory, runs: Runs) {
    this.#history = history
    this.#view = vscode.window.createTreeView('ec2-collective.history', {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: true,
    })
    this.#disposables = [this.#changed, this.#view, runs.onDidChange(() => this.refresh())]
  }

  /** The summary of a run is written shortly after the run is over. */
  refresh(): void {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = undefined
      this.#changed.fire()
    }, 200)
  }

  async getChildren(parent?: HistoryNode): Promise<HistoryNode[]> {
    if (parent?.kind === 'run') return []
    if (parent?.kind === 'day') return parent.runs.map((summary) => ({ kind: 'run', summary }))
    const days = groupByDay(await this.#history.list())
    return days.map(({ day, runs }, index) => ({ kind: 'day', day, runs, isNewest: index === 0 }))
  }

  getTreeItem(node: HistoryNode): vscode.TreeItem {
    return node.kind === 'day' ? dayItem(node) : runItem(node.summary)
  }

  dispose(): void {
    clearTimeout(this.#refreshing)
    for (const disposable of this.#disposables) disposable.dispose()
  }
}

function dayItem({ day, runs, isNewest }: Extract<HistoryNode, { kind: 'day' }>): vscode.TreeItem {
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState
  const item = new vscode.TreeItem(day, isNewest ? Expanded : Collapsed)
  item.id = day
  item.description = String(runs.length)
  item.contextValue = 'day'
  return item
}

const icons = {
  running: ['sync~spin', undefined],
  paused: ['debug-pause', undefined],
  good: ['pass', 'testing.iconPassed'],
  mixed: ['circle-slash', undefined],
  bad: ['error', 'testing.iconFailed'],
} as const

function runItem(summary: RunSummary): vscode.TreeItem {
  const t = vscode.l10n.t
  // The view is narrow: a long command would push the result out of it. The tooltip has all of it.
  const name = visibleLine(nameOfRun(summary, t))
  const item = new vscode.TreeItem(oneLine(name, 20))
  const outcome = outcomeOfRun(summary)
  const [icon, colour] = icons[outcome]
  const time = new Date(summary.startedAt).toLocaleTimeString(undefined, { timeStyle: 'short' })
  const counts = describeCounts(summary, t)
  item.id = summary.runId
  item.description = [counts, summary.environment, time].join(' · ')
  item.iconPath = new vscode.ThemeIcon(icon, colour === undefined ? undefined : new vscode.ThemeColor(colour))
  item.contextValue = `run ${summary.request.action.kind}`
  item.tooltip = tooltipOf(summary)
  item.command = { title: t('Open'), command: 'ec2-collective.openRun', arguments: [summary.runId] }
  item.accessibilityInformation = { label: [name, counts, summary.environment, time].join(', ') }
  return item
}

function tooltipOf(summary: RunSummary): vscode.MarkdownString {
  const { request, issuer, sender, signingKey, environment, startedAt, endedAt } = summary
  const t = vscode.l10n.t
  const text = new vscode.MarkdownString()
  text.appendCodeblock(
    visibleText(request.action.kind === 'shell' ? request.action.command : nameOfRun(summary, t)),
    'shellscript',
  )
  const lines = [
    t('{0}: {1}', environment, visibleLine(describeTargets(request.filter, chosenBy(request), t))),
    describeCounts(summary, t),
    ...(summary.hidden ?? []).map((hidden) => localize(hiddenSentence(hidden), t)),
    t(
      'by {0} on {1}, {2}',
      visibleLine(issuer.name),
      visibleLine(issuer.host),
      new Date(startedAt).toLocaleString(),
    ),
    sender === undefined ? undefined : t('AWS says who sent it: {0}', visibleLine(sender)),
    signingKey === undefined ? undefined : t('signed with the key {0}', visibleLine(signingKey)),
    endedAt === undefined ? undefined : t('took {0} s', ((endedAt - startedAt) / 1000).toFixed(1)),
  ]
  for (const line of lines) if (line !== undefined) text.appendText(line).appendMarkdown('\n\n')
  return text
}
