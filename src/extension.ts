import path from 'node:path'
import * as vscode from 'vscode'
import { commandsOf } from './commands.ts'
import { registerCommands } from './console/command.ts'
import { OldSettingsNotice } from './console/commands/moveSettings.ts'
import { EnvironmentList } from './console/declarations/environmentList.ts'
import { protectTerminals } from './console/declarations/protectTerminals.ts'
import { changesSetting, readSetting } from './console/declarations/settings.ts'
import { WorkspaceFiles } from './console/declarations/workspaceFiles.ts'
import { ReadOnlyDocuments } from './console/documents/readOnlyDocuments.ts'
import { Connections } from './console/environments/connections.ts'
import { EnvironmentsView } from './console/environments/environmentsView.ts'
import { MasterOpener } from './console/environments/openMaster.ts'
import { errorActionsFor } from './console/errorActions.ts'
import { CancelRequests } from './console/history/cancelRequests.ts'
import { ComparisonWithBefore } from './console/history/compareWithBefore.ts'
import { EndNotices } from './console/history/endNotices.ts'
import { HistoryView } from './console/history/historyView.ts'
import { runAgain } from './console/history/runAgain.ts'
import { RunLinks } from './console/history/runLinks.ts'
import { shownAttempt } from './console/history/shownAttempt.ts'
import { ShownRuns } from './console/history/shownRuns.ts'
import { LocalFleetControl } from './console/localFleet/localFleetControl.ts'
import { Credentials } from './console/profile/credentials.ts'
import { Profiles } from './console/profile/profiles.ts'
import { WorkspaceConsent } from './console/profile/workspaceConsent.ts'
import { systemClock } from './console/results/pageClock.ts'
import { createResults } from './console/results/results.ts'
import { tellUnexpected } from './console/results/unexpectedNotice.ts'
import { Drafts } from './console/send/drafts.ts'
import { RunHistory } from './console/send/runHistory.ts'
import type { Draft } from './console/send/runPlan.ts'
import { Runs } from './console/send/runs.ts'
import { Sending } from './console/send/sending.ts'
import { Snippets } from './console/send/snippets.ts'
import { EditorKeys } from './console/signing/editorKeys.ts'
import { FileDiagnostics } from './console/snippets/fileDiagnostics.ts'
import { FileLanguage } from './console/snippets/fileLanguage.ts'
import { SnippetLenses } from './console/snippets/snippetLenses.ts'
import { SnippetsView } from './console/snippets/snippetsView.ts'
import { StatusItem } from './console/status/statusItem.ts'
import { FleetTasks, taskType } from './console/tasks/fleetTasks.ts'
import { Trouble } from './console/trouble.ts'
import { describeWarning } from './master/masterWarning.ts'
import type { Retention } from './master/store/retention.ts'
import { sharedFolder, type WorkspaceIdentity } from './master/store/sharedFolder.ts'
import { nextStepsOf } from './nextSteps.ts'

/** Puts the console together. Nothing here reads a file or opens a connection: that waits until a view or a command needs it. */
export function activate(context: vscode.ExtensionContext): void {
  const startedAt = performance.now()
  const { version } = context.extension.packageJSON as { version: string }
  const log = vscode.window.createOutputChannel('EC2 Collective', { log: true })
  const own = (context.storageUri ?? context.globalStorageUri).fsPath
  const storage = sharedFolder(context.globalStorageUri.fsPath, workspaceIdentity()) ?? own

  // Declarations, and the credentials that sign for them.
  const files = new WorkspaceFiles()
  const localFleet = new LocalFleetControl(
    path.join(context.globalStorageUri.fsPath, 'local-fleet'),
    (environments) => list.setLocal(environments),
  )
  const profiles = new Profiles(context.workspaceState)
  const list = new EnvironmentList(files, profiles, () => {
    oldSettings.tell()
    return localFleet.look()
  })
  const oldSettings = new OldSettingsNotice(context.workspaceState)
  const keys = new EditorKeys(context.secrets)
  const consent = new WorkspaceConsent(context.workspaceState)
  const credentials = new Credentials(profiles, consent)
  const trouble = new Trouble(log, errorActionsFor)

  // Connections to the fleets. A master is created when its environment is first opened.
  const opener = new MasterOpener({
    historyFolder: path.join(storage, 'runs'),
    idFolder: path.join(storage, 'masters'),
    identityFolder: path.join(storage, 'identities'),
    earlierStorage: { from: own, to: storage },
    connectionOf: (declared, isUserAct) => credentials.connectionOf(declared, isUserAct),
    keyOfEditor: keys.get,
    retention,
    onWarning: (environment, problem) => {
      const warning = describeWarning(problem)
      if (warning !== undefined) trouble.note(`${environment.name}: ${warning}`)
    },
    onHistoryWarning: ({ message }) => trouble.note(message),
  })
  const connections = new Connections(opener.open, (key) => runs.isBusy(key))
  const follow = async () => {
    const declared = await list.all()
    status.keepTo(declared)
    await connections.follow(declared)
  }

  // The one way to send, and what leads to it.
  const documents = new ReadOnlyDocuments()
  const runs = new Runs(connections, documents)
  const history = new RunHistory(() => opener.history(), context.workspaceState)
  const drafts = new Drafts(context.workspaceState)
  const snippets = new Snippets(files, (name) => sending.environmentNamed(name), drafts)
  const sending = new Sending(list, connections, runs, history, snippets, documents, drafts)

  // What is seen.
  const view = new EnvironmentsView(list, connections, () => readSetting('groupBy'), context.workspaceState)
  const status = new StatusItem(connections, profiles, runs)
  const shownRuns = new ShownRuns(list, connections, history, runs, (error) => trouble.note(error))
  const results = createResults({
    extensionUri: context.extensionUri,
    actions: {
      find: (runId, afterReload) => shownRuns.find(runId, afterReload),
      runAgain: ({ run }, targets) => runAgain(sending, shownRuns, run.state, targets),
      pickFact: (shown) => shownRuns.pickFact(shown),
      next: nextStepsOf({
        ...{ extensionId: context.extension.id, sending, shownRuns, history, files, list, snippets },
        credentials,
        comparison: () => comparison,
      }),
      continueRun: async ({ run }) => sending.continueRun(await shownRuns.steered(run.state.runId)),
      onFailure: (error) => trouble.show(error),
      onWarning: (error) => trouble.note(error),
    },
  })
  const comparison = new ComparisonWithBefore(history, shownRuns, documents, results.documents)
  const snippetsView = new SnippetsView(snippets)
  const historyView = new HistoryView(history, runs)
  const endNotices = new EndNotices({
    ...{ runs, clock: systemClock },
    isSeen: (runId) => results.isSeen(runId),
    open: (runId) => vscode.commands.executeCommand('ec2-collective.openRun', runId),
  })
  const cancelRequests = new CancelRequests({
    runs,
    history: () => history.open(),
    onWarning: (error) => trouble.note(error),
  })
  const lenses = new SnippetLenses(list, connections)
  const language = new FileLanguage(list, connections)
  const diagnostics = new FileDiagnostics(list)
  const parts = {
    ...{
      extensionId: context.extension.id,
      version,
      log,
      list,
      files,
      snippets,
      profiles,
      credentials,
      consent,
      keys,
    },
    ...{
      comparison,
      connections,
      localFleet,
      sending,
      history,
      shownRuns,
      documents,
      results,
      view,
      historyView,
      endNotices,
      cancelRequests,
      status,
    },
  }

  context.subscriptions.push(
    ...[log, files, list, profiles, connections, localFleet, runs, documents, view, status, results],
    ...[snippetsView, historyView, lenses, language, diagnostics],
    vscode.window.registerUriHandler(new RunLinks(shownRuns, results, (error) => trouble.show(error))),
    vscode.tasks.registerTaskProvider(taskType, new FleetTasks(sending, snippets, trouble)),
    runs.onDidStart(({ run, environment }) => tellUnexpected(run, environment.environment.name)),
    runs.onDidChange(() => connections.closeStale()),
    runs.onDidTry((attempt) => {
      // A task has its terminal.
      if (attempt.origin === 'task') return
      const review = (draft: Draft) => sending.ask(draft, vscode.l10n.t('Run Command'))
      void results.showAttempt(shownAttempt(attempt, shownRuns, review))
    }),
    runs.onDidStart(({ run, environment }) => history.remember(run.runId, environment.key)),
    list.onDidRead((declarations) => protectTerminals(context.environmentVariableCollection, declarations)),
    list.onDidChange(follow),
    profiles.onDidChange(() => connections.reset(({ environment }) => environment.credentials === undefined)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => connections.reset(() => true)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (changesSetting(event, 'groupBy')) view.refresh()
    }),
    registerCommands(trouble, commandsOf(parts)),
    { dispose: () => void opener.close() },
  )
  log.info(`EC2 Collective ${version}, activated in ${(performance.now() - startedAt).toFixed(1)} ms`)
}

function workspaceIdentity(): WorkspaceIdentity {
  const { workspaceFile, workspaceFolders = [] } = vscode.workspace
  return {
    file: workspaceFile && { uri: workspaceFile.toString(), isSaved: workspaceFile.scheme !== 'untitled' },
    folders: workspaceFolders.map(({ uri }) => uri.toString()),
  }
}

/** The settings of the history, in the units of its code. */
function retention(): Retention {
  return {
    maxRuns: readSetting('history.maxRuns'),
    maxAgeMs: readSetting('history.maxDays') * 24 * 3600_000,
    maxBytes: readSetting('history.maxMegabytes') * 1024 * 1024,
  }
}
