import * as vscode from 'vscode'
import { actionName } from '../../run/actionText.ts'
import { outcomeOfRun, type RunOutcome } from '../../run/runOutcome.ts'
import type { RecordedRequest } from '../../run/runRequest.ts'
import type { RunState } from '../../run/runState.ts'
import { shownCounts } from '../../run/unexpected.ts'
import { oneLine } from '../../text/oneLine.ts'
import { visibleLine } from '../../text/visibleText.ts'

/** The title of a tab: the environment, and the snippet, or the command and when it was sent. */
export function tabTitle(
  environment: string,
  { snippetName, action }: RecordedRequest,
  startedAt: number | undefined,
): string {
  if (snippetName !== undefined) return `${environment}: ${oneLine(visibleLine(snippetName), 32)}`
  const what = oneLine(visibleLine(actionName(action)), 24)
  if (startedAt === undefined) return `${environment}: ${what}`
  const time = new Date(startedAt).toLocaleTimeString(undefined, { timeStyle: 'short' })
  return `${environment}: ${what} · ${time}`
}

/** How a run stands, as its tab shows it. */
export function tabLook(state: RunState): RunOutcome {
  return outcomeOfRun({ counts: shownCounts(state), phase: state.phase, agents: state.replies.size })
}

/** The icon of a tab: by its shape as well as by its colour. Without a look: of a tab without a run. */
export function tabIcon(
  extensionUri: vscode.Uri,
  look: RunOutcome | undefined,
): { light: vscode.Uri; dark: vscode.Uri } {
  const icon = (theme: string) =>
    vscode.Uri.joinPath(extensionUri, `media/results-${look === undefined ? '' : `${look}-`}${theme}.svg`)
  return { light: icon('light'), dark: icon('dark') }
}
