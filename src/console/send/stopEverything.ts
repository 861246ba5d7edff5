import * as vscode from 'vscode'
import { aborted, orAborted } from '../../async/aborted.ts'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { foldHosts } from '../../hosts/hostFolding.ts'
import type { StopOutcome } from '../../master/environmentStop.ts'
import type { RunningRun } from '../../master/runningRuns.ts'
import { actionName } from '../../run/actionText.ts'
import type { Detail } from '../../text/detail.ts'
import { oneLine } from '../../text/oneLine.ts'
import type { Translate } from '../../text/translate.ts'
import { visibleText } from '../../text/visibleText.ts'
import { about } from '../command.ts'
import type { Connections } from '../environments/connections.ts'
import { plainText } from '../text/plainText.ts'
import { showWait } from './cancellation.ts'
import { askPerson, type Documents, type Question } from './question.ts'
import type { RunHistory } from './runHistory.ts'

export interface StopParts {
  readonly ask: (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>
  readonly connections: Pick<Connections, 'refresh'>
  readonly history: Pick<RunHistory, 'list'>
  readonly documents: Documents
}

/**
 * "Stop Everything Here…": stops all runs of an environment, also those of others, once the user has seen which they are
 * and has confirmed that as the environment requires. It asks again if others have begun meanwhile.
 */
export function stopEverything({ ask, connections, history, documents }: StopParts) {
  return async (clicked?: unknown): Promise<void> => {
    const { t } = vscode.l10n
    const declared = await ask(clicked, t('Stop Everything Here'))
    if (declared === undefined) return
    const { name, protected: isProtected } = declared.environment
    const stop = new AbortController()
    await about(declared, async () => {
      let shown: ReadonlySet<string> | undefined
      for (;;) {
        const looking = orAborted(connections.refresh(declared), stop.signal)
        const opened = await showWait(
          t('Looking for agents of {0}…', name),
          { stop: () => stop.abort() },
          looking,
        )
        if (opened === aborted) return
        const runs = opened.master.running()
        if (shown !== undefined && runs.every(({ runId }) => shown?.has(runId) === true)) {
          tell(await watched(name, (signal) => opened.master.stopEverything(signal)), name)
          return
        }
        const known = await describedRuns(history, t)
        const question = questionOf(name, runs, known, shown !== undefined, t)
        const confirmation = isProtected ? { kind: 'type-name' as const, name } : { kind: 'ask' as const }
        if (!(await askPerson(question, confirmation, documents, stop.signal))) return
        shown = new Set(runs.map(({ runId }) => runId))
      }
    })
  }
}

function questionOf(
  name: string,
  runs: readonly RunningRun[],
  known: ReadonlyMap<string, string>,
  isAgain: boolean,
  t: Translate,
): Question {
  const agents = [
    ...new Map(runs.flatMap((run) => run.agents).map((agent) => [agent.agentId, agent])).values(),
  ]
  return {
    environment: name,
    sentence: t(
      'Stop everything on {0} (runs: {1}, agents: {2}), and what else its agents turn out to execute.',
      name,
      runs.length,
      agents.length,
    ),
    note: isAgain ? t('Other runs have begun since then.') : undefined,
    details: runs.map((run) => detailOf(run, known, t)),
    agents,
    stops: true,
    yes: t('Stop Everything'),
  }
}

function detailOf({ runId, agents }: RunningRun, known: ReadonlyMap<string, string>, t: Translate): Detail {
  const hosts = foldHosts(agents.map(({ hostname }) => hostname))
  const what = known.get(runId) ?? t('run {0}, which somebody else has started', runId)
  return { name: visibleText(what), value: visibleText(hosts) }
}

/** The runs of this workspace in words, by ID. */
async function describedRuns(history: StopParts['history'], t: Translate): Promise<Map<string, string>> {
  const runs = await history.list()
  return new Map(
    runs
      .filter(({ phase }) => phase !== 'over')
      .map(({ runId, request, issuer }) => [
        runId,
        t('“{0}” by {1} on {2}', oneLine(actionName(request.action)), issuer.name, issuer.host),
      ]),
  )
}

async function watched(
  name: string,
  act: (signal: AbortSignal) => Promise<StopOutcome>,
): Promise<StopOutcome> {
  const title = vscode.l10n.t('Stopping everything on {0}, until every agent confirms it…', name)
  const location = vscode.ProgressLocation.Notification
  return vscode.window.withProgress({ location, title, cancellable: true }, (_, token) => {
    const stop = new AbortController()
    token.onCancellationRequested(() => stop.abort())
    return act(stop.signal)
  })
}

function tell(outcome: StopOutcome, name: string): void {
  const { isDone, sentence } = describeStop(outcome, name, vscode.l10n.t)
  const { showInformationMessage, showWarningMessage } = vscode.window
  void (isDone ? showInformationMessage : showWarningMessage)(plainText(sentence))
}

/** The outcome in sentences; `isDone` if every agent has confirmed that nothing is left. */
export function describeStop(
  { stopped, refused, running, unknown }: StopOutcome,
  name: string,
  t: Translate,
): { readonly isDone: boolean; readonly sentence: string } {
  const hosts = (agents: readonly { readonly hostname: string }[]) =>
    foldHosts(agents.map(({ hostname }) => hostname))
  const [first] = refused
  const doubts = [
    first === undefined
      ? undefined
      : t('Agents that refused to stop ({0}): {1} ({2}).', refused.length, hosts(refused), first.reason),
    running.length === 0
      ? undefined
      : t('Agents that still execute a run ({0}): {1}.', running.length, hosts(running)),
    unknown.length === 0
      ? undefined
      : t('Agents that have not reported since ({0}): {1}.', unknown.length, hosts(unknown)),
  ].filter((doubt) => doubt !== undefined)
  const isDone = doubts.length === 0
  const asked =
    stopped.length === 1
      ? t('{0}: 1 run was asked to stop.', name)
      : t('{0}: {1} runs were asked to stop.', name, stopped.length)
  return {
    isDone,
    sentence: [asked, ...doubts, ...(isDone ? [t('No agent executes anything now.')] : [])].join(' '),
  }
}
