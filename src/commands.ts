import * as vscode from 'vscode'
import { addEnvironment } from './console/commands/addEnvironment.ts'
import { askEnvironment } from './console/commands/askEnvironment.ts'
import { chooseProfile } from './console/commands/chooseProfile.ts'
import { cleanQueues } from './console/commands/cleanQueues.ts'
import { connect } from './console/commands/connect.ts'
import { copyAgents, copyFact, openFacts } from './console/commands/copyFromTree.ts'
import { copyCloudFormation, copyMissingPermission, copyPolicy } from './console/commands/copyPolicy.ts'
import { copyQueuePolicy } from './console/commands/copyQueuePolicy.ts'
import { countAgents } from './console/commands/countAgents.ts'
import { createQueues } from './console/commands/createQueues.ts'
import { editEnvironment, removeEnvironment } from './console/commands/editEnvironments.ts'
import { forgetIdentities } from './console/commands/forgetIdentities.ts'
import { groupBy } from './console/commands/groupBy.ts'
import { moveSettings } from './console/commands/moveSettings.ts'
import { openWalkthrough } from './console/commands/openWalkthrough.ts'
import { openWorkspaceFile } from './console/commands/openWorkspaceFile.ts'
import { pingAgents, refreshFacts } from './console/commands/pingAgents.ts'
import { refreshEnvironments } from './console/commands/refreshEnvironments.ts'
import { runCommand } from './console/commands/runCommand.ts'
import { runActiveFile, runSelection } from './console/commands/runScript.ts'
import { whoAmI } from './console/commands/whoAmI.ts'
import type { EnvironmentList } from './console/declarations/environmentList.ts'
import type { WorkspaceFiles } from './console/declarations/workspaceFiles.ts'
import { examineEnvironment } from './console/doctor/examine.ts'
import type { ReadOnlyDocuments } from './console/documents/readOnlyDocuments.ts'
import type { Connections } from './console/environments/connections.ts'
import type { EnvironmentsView } from './console/environments/environmentsView.ts'
import type { ComparisonWithBefore } from './console/history/compareWithBefore.ts'
import {
  compareRuns,
  compareWithBefore,
  copyCommand,
  deleteRuns,
  openRun,
  repeatRun,
  searchHistory,
} from './console/history/historyCommands.ts'
import type { HistoryView } from './console/history/historyView.ts'
import type { ShownRuns } from './console/history/shownRuns.ts'
import { startLocalFleet, stopLocalFleet } from './console/localFleet/localFleetCommands.ts'
import type { LocalFleetControl } from './console/localFleet/localFleetControl.ts'
import type { Credentials } from './console/profile/credentials.ts'
import { logIn } from './console/profile/logIn.ts'
import type { Profiles } from './console/profile/profiles.ts'
import type { WorkspaceConsent } from './console/profile/workspaceConsent.ts'
import { pageMenus } from './console/results/pageMenus.ts'
import type { Results } from './console/results/results.ts'
import { pinResults } from './console/results/tabPin.ts'
import type { RunHistory } from './console/send/runHistory.ts'
import type { Sending } from './console/send/sending.ts'
import type { Snippets } from './console/send/snippets.ts'
import { stopEverything } from './console/send/stopEverything.ts'
import type { EditorKeys } from './console/signing/editorKeys.ts'
import { setUpSigning } from './console/signing/setUpSigning.ts'
import { openSnippet, runSnippet, saveAsSnippet } from './console/snippets/snippetCommands.ts'
import { showMenu } from './console/status/menu.ts'
import type { StatusItem } from './console/status/statusItem.ts'

/** What the commands act on. */
export interface CommandParts {
  readonly extensionId: string
  readonly version: string
  readonly log: vscode.LogOutputChannel
  readonly comparison: ComparisonWithBefore
  readonly connections: Connections
  readonly consent: WorkspaceConsent
  readonly credentials: Credentials
  readonly documents: ReadOnlyDocuments
  readonly files: WorkspaceFiles
  readonly history: RunHistory
  readonly historyView: HistoryView
  readonly keys: EditorKeys
  readonly list: EnvironmentList
  readonly localFleet: LocalFleetControl
  readonly profiles: Profiles
  readonly results: Results
  readonly sending: Sending
  readonly shownRuns: ShownRuns
  readonly snippets: Snippets
  readonly status: StatusItem
  readonly view: EnvironmentsView
}

/** What each command does, by the last part of its ID. */
export function commandsOf(parts: CommandParts): Readonly<Record<string, (...args: never[]) => unknown>> {
  const {
    extensionId,
    version,
    comparison,
    connections,
    consent,
    credentials,
    documents,
    files,
    history,
    historyView,
    keys,
    list,
    localFleet,
    log,
    profiles,
    results,
    sending,
    shownRuns,
    snippets,
    status,
    view,
  } = parts
  const ask = (clicked: unknown, title: string) => askEnvironment(list, clicked, title)
  return {
    runCommand: runCommand(sending),
    runFile: runActiveFile(sending),
    runSelection: runSelection(sending),
    ping: pingAgents(sending),
    count: countAgents(sending),
    refreshFacts: refreshFacts(sending),
    stopEverything: stopEverything({ ask, connections, history, documents }),

    addEnvironment: addEnvironment(list, files, profiles, consent),
    editEnvironment: editEnvironment(list),
    removeEnvironment: removeEnvironment(list, files),
    connect: connect(ask, connections),
    refreshEnvironments: refreshEnvironments(view, connections, list),
    groupBy: groupBy(list, connections),
    openWorkspaceFile: openWorkspaceFile(files),

    moveSettings: moveSettings(),
    chooseProfile: chooseProfile(profiles),
    logIn: logIn(ask, profiles),
    whoAmI: whoAmI(profiles, credentials, ask),
    forgetIdentities: forgetIdentities(ask, connections),

    doctor: examineEnvironment(ask, connections, credentials, documents, version),
    createQueues: createQueues(ask, connections, credentials),
    cleanQueues: cleanQueues(ask, connections),
    setUpSigning: setUpSigning(ask, connections, keys, documents),
    copyAgentPolicy: copyPolicy(ask, credentials, 'agents'),
    copyMasterPolicy: copyPolicy(ask, credentials, 'people'),
    copyQueuePolicy: copyQueuePolicy(ask, credentials),
    copyCloudFormation: copyCloudFormation(ask),
    copyMissingPermission: copyMissingPermission(ask),

    copyHostNames: copyAgents('hostname'),
    copyAgentIds: copyAgents('agentId'),
    copyFact: copyFact(),
    openFacts: openFacts(documents),

    runSnippet: runSnippet(sending, snippets),
    openSnippet: openSnippet(),
    saveAsSnippet: saveAsSnippet(history, files, list),
    saveThisAsSnippet: saveAsSnippet(history, files, list),

    pinResults: pinResults(true),
    unpinResults: pinResults(false),

    openRun: openRun(shownRuns, results),
    ...pageMenus(results),
    searchHistory: searchHistory(history, shownRuns, results),
    runAgain: repeatRun(history, shownRuns, sending),
    runThisAgain: repeatRun(history, shownRuns, sending),
    compareWithBefore: compareWithBefore(shownRuns, comparison),
    compareReplies: (then: unknown, now: unknown, agentId: unknown) =>
      comparison.showReplies(then, now, agentId),
    compareRuns: compareRuns(history, documents),
    copyCommand: copyCommand(history),
    deleteRuns: deleteRuns(history, historyView),

    startLocalFleet: startLocalFleet(localFleet, list, view),
    stopLocalFleet: stopLocalFleet(localFleet),

    showMenu: showMenu(status),
    showLog: () => log.show(),
    openSettings: () =>
      vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${extensionId}`),
    openWalkthrough: openWalkthrough(extensionId, localFleet),
  }
}
