import * as vscode from 'vscode'
import type { RunSummary } from '../../master/store/history.ts'
import { stateNames } from '../../protocol/verdict.ts'
import type { RunState } from '../../run/runState.ts'
import { shownState } from '../../run/unexpected.ts'
import { localize } from '../../text/localizable.ts'
import type { RunHistory } from '../send/runHistory.ts'
import { plainText } from '../text/plainText.ts'
import { nameOfRun } from './historyRows.ts'

/** Runs whose records are read, newest first: each takes its time. */
const mostRuns = 500

interface RunItem extends vscode.QuickPickItem {
  readonly runId: string
}

/** Shows the runs in which an agent took part, as they are found, and opens the chosen one. */
export async function showRunsOfHost(
  history: RunHistory,
  { environment }: Pick<RunState, 'environment'>,
  { agentId, hostname }: { readonly agentId: string; readonly hostname: string },
): Promise<void> {
  const t = vscode.l10n.t
  const pick = vscode.window.createQuickPick<RunItem>()
  const closed = new AbortController()
  pick.title = t('Runs of {0}', plainText(hostname))
  pick.placeholder = t('Command, verdict, time')
  pick.matchOnDescription = true
  pick.busy = true
  const chosen = new Promise<RunItem | undefined>((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0])
      pick.hide()
    })
    pick.onDidHide(() => {
      resolve(undefined)
      closed.abort()
      pick.dispose()
    })
  })
  pick.show()
  const reading = findRuns(history, environment, agentId, closed.signal, (item) => {
    pick.items = [...pick.items, item]
  }).finally(() => {
    if (!closed.signal.aborted) pick.busy = false
  })
  const [run] = await Promise.all([chosen, reading])
  if (run !== undefined) await vscode.commands.executeCommand('ec2-collective.openRun', run.runId)
}

/** @param found is called for each run, newest first, until `signal` ends it. Damaged records are left out. */
export async function findRuns(
  history: Pick<RunHistory, 'open' | 'list'>,
  environment: string,
  agentId: string,
  signal: AbortSignal,
  found: (item: RunItem) => void,
): Promise<void> {
  const records = await history.open()
  const runs = (await history.list()).filter((run) => run.environment === environment).slice(0, mostRuns)
  for (const summary of runs) {
    if (signal.aborted) return
    const past = await records.load(summary.runId).catch(() => undefined)
    const reply = past?.state.replies.get(agentId)
    if (reply !== undefined && !signal.aborted)
      found(itemOf(summary, localize(stateNames[shownState(reply)], vscode.l10n.t)))
  }
}

function itemOf(summary: RunSummary, verdict: string): RunItem {
  return {
    label: plainText(nameOfRun(summary, vscode.l10n.t)),
    description: [verdict, new Date(summary.startedAt).toLocaleString()].join(' · '),
    runId: summary.runId,
  }
}
