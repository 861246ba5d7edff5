import * as vscode from 'vscode'
import type { RunSummary } from '../../master/store/history.ts'
import { hiddenSentence } from '../../run/hiddenCommand.ts'
import { outcomeOfRun } from '../../run/runOutcome.ts'
import { summaryOf } from '../../run/runSummary.ts'
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

/** How often it looks for runs of other windows, milliseconds: one look at the folder, and one at each run in progress. */
const lookEveryMs = 2_000

/** How often rows of runs in progress are brought up to date, milliseconds. */
const tickMs = 1_000

/** The runs of this workspace, newest first, by day. */
export class HistoryView implements vscode.TreeDataProvider<HistoryNode>, vscode.Disposable {
  readonly #history: RunHistory
  readonly #runs: Pick<Runs, 'underWay'>
  readonly #changed = new vscode.EventEmitter<HistoryNode | undefined>()
  readonly #view: vscode.TreeView<HistoryNode>
  readonly #disposables: vscode.Disposable[]
  #refreshing: NodeJS.Timeout | undefined
  #ticking: NodeJS.Timeout | undefined
  #watching: NodeJS.Timeout | undefined
  #isLooking = false
  /** The rows of the runs, which the editor knows by their identity. */
  #rows = new Map<string, HistoryNode>()
  readonly onDidChangeTreeData = this.#changed.event

  constructor(history: RunHistory, runs: Runs) {
    this.#history = history
    this.#runs = runs
    this.#view = vscode.window.createTreeView('ec2-collective.history', {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: true,
    })
    this.#disposables = [
      ...[this.#changed, this.#view],
      runs.onDidChange(() => {
        this.refresh()
        this.#tick()
      }),
      this.#view.onDidChangeVisibility(() => {
        this.#tick()
        this.#watch()
      }),
    ]
  }

  /** The summary of a run is written shortly after the run is over. */
  refresh(): void {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = undefined
      this.#changed.fire(undefined)
    }, 200)
  }

  async getChildren(parent?: HistoryNode): Promise<HistoryNode[]> {
    if (parent?.kind === 'run') return []
    if (parent?.kind === 'day') {
      const rows = parent.runs.map((summary): HistoryNode => ({ kind: 'run', summary }))
      for (const [index, { runId }] of parent.runs.entries()) {
        const row = rows[index]
        if (row !== undefined) this.#rows.set(runId, row)
      }
      return rows
    }
    this.#rows = new Map()
    this.#watch()
    const days = groupByDay(await this.#history.list())
    return days.map(({ day, runs }, index) => ({ kind: 'day', day, runs, isNewest: index === 0 }))
  }

  getTreeItem(node: HistoryNode): vscode.TreeItem {
    return node.kind === 'day' ? dayItem(node) : runItem(this.#current(node.summary))
  }

  dispose(): void {
    clearTimeout(this.#refreshing)
    clearInterval(this.#ticking)
    clearInterval(this.#watching)
    for (const disposable of this.#disposables) disposable.dispose()
  }

  /** While it is visible, it follows what other windows of the workspace run. */
  #watch(): void {
    if (this.#view.visible) this.#watching ??= setInterval(() => void this.#look(), lookEveryMs)
    else {
      clearInterval(this.#watching)
      this.#watching = undefined
    }
  }

  async #look(): Promise<void> {
    // A slow disk does not pile up looks.
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      if (await this.#history.hasChanged()) this.refresh()
    } catch {
      // What makes the history unreadable is said where it is listed.
    } finally {
      this.#isLooking = false
    }
  }

  /** A run of this window as it is now: its summary on the disk is a little older. */
  #current(summary: RunSummary): RunSummary {
    const own = [...this.#runs.underWay].find(({ run }) => run.runId === summary.runId)
    return own === undefined ? summary : summaryOf(own.run.state)
  }

  /** While it is visible, the rows of runs of this window are brought up to date. */
  #tick(): void {
    const isWanted = this.#view.visible && this.#runs.underWay.size > 0
    if (!isWanted) {
      clearInterval(this.#ticking)
      this.#ticking = undefined
      return
    }
    this.#ticking ??= setInterval(() => {
      for (const { run } of this.#runs.underWay) {
        const row = this.#rows.get(run.runId)
        if (row !== undefined) this.#changed.fire(row)
      }
    }, tickMs)
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
