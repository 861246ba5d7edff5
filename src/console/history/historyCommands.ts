import * as vscode from 'vscode'
import { actionText } from '../../run/actionText.ts'
import { chosenBy, describeTargets } from '../../run/targetText.ts'
import type { ReadOnlyDocuments } from '../documents/readOnlyDocuments.ts'
import type { Results } from '../results/results.ts'
import type { RunHistory } from '../send/runHistory.ts'
import type { Sending } from '../send/sending.ts'
import { plainText } from '../text/plainText.ts'
import type { ComparisonWithBefore } from './compareWithBefore.ts'
import { describeCounts, nameOfRun } from './historyRows.ts'
import type { HistoryNode, HistoryView } from './historyView.ts'
import { runAgain } from './runAgain.ts'
import type { ShownRuns } from './shownRuns.ts'

/** Opens a run from the history in its results page. */
export function openRun(shownRuns: ShownRuns, results: Results) {
  return async (clicked?: HistoryNode | string) => {
    const runId = typeof clicked === 'string' ? clicked : chosen(clicked)[0]
    const shown = await shownRuns.find(runId)
    if (shown === undefined) throw new Error(vscode.l10n.t('This run is no longer in the history.'))
    await results.show(shown)
  }
}

/** "Search History…": by command, filter, environment and result. */
export function searchHistory(history: RunHistory, shownRuns: ShownRuns, results: Results) {
  return async () => {
    const t = vscode.l10n.t
    const runs = await history.list()
    const items = runs.map((summary) => ({
      label: plainText(nameOfRun(summary, t)),
      description: plainText(
        [summary.environment, describeTargets(summary.request.filter, chosenBy(summary.request), t)].join(
          ' · ',
        ),
      ),
      detail: `${new Date(summary.startedAt).toLocaleString()} · ${describeCounts(summary, t)} · ${summary.issuer.name}`,
      runId: summary.runId,
    }))
    const picked = await vscode.window.showQuickPick(items, {
      title: t('Search History'),
      placeHolder: runs.length === 0 ? t('No runs yet') : t('Command, filter, environment, result'),
      matchOnDescription: true,
      matchOnDetail: true,
    })
    if (picked !== undefined) await openRun(shownRuns, results)(picked.runId)
  }
}

/** "Run Again": the same filter on the current fleet. Without a row: the last run of this workspace. */
export function repeatRun(history: RunHistory, shownRuns: ShownRuns, sending: Sending) {
  return async (clicked?: HistoryNode) => {
    const runId = runIdsOf(clicked)[0] ?? (await history.list())[0]?.runId
    if (runId === undefined)
      throw new Error(vscode.l10n.t('No command has been sent from this workspace yet.'))
    const { state } = await (await history.open()).load(runId)
    return runAgain(sending, shownRuns, state, undefined)
  }
}

/** "Compare Runs": the grouped replies of two selected runs side by side, the older one on the left. */
export function compareRuns(history: RunHistory, documents: ReadOnlyDocuments) {
  return async (clicked?: HistoryNode, selected?: readonly HistoryNode[]) => {
    const ids = new Set(runIdsOf(...(selected ?? [])).concat(runIdsOf(clicked)))
    const runs = (await history.list())
      .filter(({ runId }) => ids.has(runId))
      .sort((a, b) => a.startedAt - b.startedAt)
    const [older, newer, ...more] = runs
    if (older === undefined || newer === undefined || more.length > 0) {
      throw new Error(vscode.l10n.t('Select two runs in the history to compare them.'))
    }
    const open = await history.open()
    const { exportText } = await import('../../report/runTables.ts')
    const [left, right] = await Promise.all(
      [older, newer].map(async (run) => {
        const { state, record } = await open.load(run.runId)
        const output = (agentId: string, from?: number, limit?: number) =>
          record.output.read(agentId, from, limit)
        const name = new Date(run.startedAt).toLocaleString().replaceAll('/', '-')
        let text = ''
        for await (const piece of exportText({ state, output }, { isCompared: true })) text += piece
        return documents.keep(`runs/${run.runId}/${name}.txt`, text)
      }),
    )
    const title = `${nameOfRun(older, vscode.l10n.t)} ↔ ${nameOfRun(newer, vscode.l10n.t)}`
    await vscode.commands.executeCommand('vscode.diff', left, right, title)
  }
}

/** "Compare with Run Before": what has changed since, agent by agent. */
export function compareWithBefore(shownRuns: ShownRuns, comparison: ComparisonWithBefore) {
  return async (clicked?: HistoryNode) => {
    const shown = await shownRuns.find(chosen(clicked)[0])
    if (shown === undefined) throw new Error(vscode.l10n.t('This run is no longer in the history.'))
    await comparison.show(shown.run)
  }
}

/** "Copy Command" of a run. */
export function copyCommand(history: RunHistory) {
  return async (clicked?: HistoryNode) => {
    const [runId] = chosen(clicked)
    const run = (await history.list()).find((each) => each.runId === runId)
    const action = run?.request.action
    if (action?.kind === 'shell' || action?.kind === 'script')
      await vscode.env.clipboard.writeText(actionText(action))
  }
}

/** "Delete from History…": the selected runs with their output. */
export function deleteRuns(history: RunHistory, view: HistoryView) {
  return async (clicked?: HistoryNode, selected?: readonly HistoryNode[]) => {
    const ids = [...new Set(selected?.length ? chosen(...selected) : chosen(clicked))]
    const open = await history.open()
    for (const { runId, phase } of await history.list()) {
      if (ids.includes(runId) && phase !== 'over' && (await open.isInUse(runId))) {
        throw new Error(vscode.l10n.t('Cannot delete a run in progress. Cancel it first.'))
      }
    }
    const remove = vscode.l10n.t('Delete')
    const question =
      ids.length === 1
        ? vscode.l10n.t('Delete this run and its output?')
        : vscode.l10n.t('Delete these {0} runs and their output?', ids.length)
    if ((await vscode.window.showWarningMessage(question, { modal: true }, remove)) !== remove) return
    for (const runId of ids) await open.delete(runId)
    view.refresh()
  }
}

/** @throws Error without a row: VS Code passes none if the list was refreshed while the menu was open */
function chosen(...nodes: readonly (HistoryNode | undefined)[]): [string, ...string[]] {
  const [first, ...more] = runIdsOf(...nodes)
  if (first === undefined) throw new Error(vscode.l10n.t('The history has changed. Choose the run again.'))
  return [first, ...more]
}

function runIdsOf(...nodes: readonly (HistoryNode | undefined)[]): string[] {
  return nodes.flatMap((node) => {
    if (node?.kind === 'run') return [node.summary.runId]
    return node?.kind === 'day' ? node.runs.map(({ runId }) => runId) : []
  })
}
