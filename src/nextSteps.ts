import * as vscode from 'vscode'
import type { EnvironmentList } from './console/declarations/environmentList.ts'
import type { WorkspaceFiles } from './console/declarations/workspaceFiles.ts'
import type { ComparisonWithBefore } from './console/history/compareWithBefore.ts'
import { examineOf, pingAgent } from './console/history/helpSteps.ts'
import { runOther } from './console/history/runOther.ts'
import type { ShownRuns } from './console/history/shownRuns.ts'
import type { NextSteps } from './console/results/nextSteps.ts'
import type { RunHistory } from './console/send/runHistory.ts'
import type { Sending } from './console/send/sending.ts'
import type { Snippets } from './console/send/snippets.ts'
import { saveView } from './console/snippets/saveView.ts'
import { saveAsSnippet } from './console/snippets/snippetCommands.ts'
import { linkToRun } from './run/runLink.ts'

/** What the next steps act on. */
export interface NextStepParts {
  readonly extensionId: string
  readonly sending: Sending
  readonly shownRuns: ShownRuns
  readonly history: RunHistory
  readonly files: WorkspaceFiles
  readonly list: EnvironmentList
  readonly snippets: Snippets
  /** Later than the pages, which it opens outputs with. */
  comparison(): ComparisonWithBefore
}

/** What a person does next with a run. */
export function nextStepsOf(parts: NextStepParts): NextSteps {
  const { extensionId, sending, shownRuns, history, files, list, snippets, comparison } = parts
  const save = saveAsSnippet(history, files, list)
  const keepView = saveView(snippets, files)
  return {
    runOther: ({ run }, targets) => runOther(sending, shownRuns, run.state, targets),
    compareBefore: ({ run }, agentId) =>
      agentId === undefined ? comparison().show(run) : comparison().showReply(run, agentId),
    saveSnippet: ({ run }) => save(run.state.runId),
    saveView: ({ run }, view) => keepView(run.state.request, view),
    copyLink: async ({ run }) => {
      await vscode.env.clipboard.writeText(linkToRun(vscode.env.uriScheme, extensionId, run.state.runId))
      vscode.window.setStatusBarMessage(vscode.l10n.t('Copied to the clipboard.'), 2000)
    },
    ping: ({ run }, agentId) => pingAgent(sending, shownRuns, run.state, agentId),
    doctor: ({ run }) => examineOf(shownRuns, run.state),
    showLog: async () => vscode.commands.executeCommand('ec2-collective.showLog'),
  }
}
