import * as vscode from 'vscode'
import type { EnvironmentList } from './console/declarations/environmentList.ts'
import type { WorkspaceFiles } from './console/declarations/workspaceFiles.ts'
import type { ComparisonWithBefore } from './console/history/compareWithBefore.ts'
import { examineOf, pingAgent } from './console/history/helpSteps.ts'
import { openHostTerminal } from './console/history/hostTerminals.ts'
import { runOther } from './console/history/runOther.ts'
import { showRunsOfHost } from './console/history/runsOfHost.ts'
import type { ShownRuns } from './console/history/shownRuns.ts'
import type { Credentials } from './console/profile/credentials.ts'
import type { NextSteps } from './console/results/nextSteps.ts'
import type { RunHistory } from './console/send/runHistory.ts'
import type { Sending } from './console/send/sending.ts'
import type { Snippets } from './console/send/snippets.ts'
import { saveView } from './console/snippets/saveView.ts'
import { saveAsSnippet } from './console/snippets/snippetCommands.ts'
import { linkToRun } from './run/runLink.ts'
import type { ReplyState, RunState } from './run/runState.ts'

/** What the next steps act on. */
export interface NextStepParts {
  readonly extensionId: string
  readonly sending: Sending
  readonly shownRuns: ShownRuns
  readonly history: RunHistory
  readonly files: WorkspaceFiles
  readonly list: EnvironmentList
  readonly snippets: Snippets
  readonly credentials: Credentials
  /** Later than the pages, which it opens outputs with. */
  comparison(): ComparisonWithBefore
}

/** What a person does next with a run. */
export function nextStepsOf(parts: NextStepParts): NextSteps {
  const { extensionId, sending, shownRuns, history, files, list, snippets, credentials, comparison } = parts
  const save = saveAsSnippet(history, files, list)
  const keepView = saveView(snippets, files)
  return {
    runOther: ({ run }, targets) => runOther(sending, shownRuns, run.state, targets),
    compareBefore: ({ run }, agentId) =>
      agentId === undefined ? comparison().show(run) : comparison().showReply(run, agentId),
    saveSnippet: ({ run }) => save(run.state.runId),
    saveView: ({ run }, view) => keepView(run.state.request, view),
    logIn: async ({ run: { state } }, agentId, by) =>
      openHostTerminal(replyOf(state, agentId), by, async () =>
        credentials.connectionOf(await shownRuns.declaredFor(state), () => true),
      ),
    runsOf: ({ run: { state } }, agentId) => showRunsOfHost(history, state, replyOf(state, agentId)),
    copyLink: async ({ run }) => {
      await vscode.env.clipboard.writeText(linkToRun(vscode.env.uriScheme, extensionId, run.state.runId))
      vscode.window.setStatusBarMessage(vscode.l10n.t('Copied to the clipboard.'), 2000)
    },
    ping: ({ run }, agentId) => pingAgent(sending, shownRuns, run.state, agentId),
    doctor: ({ run }) => examineOf(shownRuns, run.state),
    showLog: async () => vscode.commands.executeCommand('ec2-collective.showLog'),
  }
}

/** @throws Error when the agent is not in the run: a page can name any */
function replyOf({ replies }: RunState, agentId: string): ReplyState {
  const reply = replies.get(agentId)
  if (reply === undefined) throw new Error(vscode.l10n.t('This agent is not in the run.'))
  return reply
}
