import * as vscode from 'vscode'
import { aborted, orAborted } from '../../async/aborted.ts'
import { type DeclaredEnvironment, findEnvironment } from '../../declarations/declaredEnvironment.ts'
import { parseRunArguments, type RunArguments } from '../../declarations/runArguments.ts'
import { everyone, readFilterWithSets } from '../../protocol/filter/writtenFilter.ts'
import { readRollout } from '../../run/rolloutText.ts'
import { parseDuration } from '../../text/duration.ts'
import { about } from '../command.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { readSetting } from '../declarations/settings.ts'
import type { Connections } from '../environments/connections.ts'
import { showWait } from './cancellation.ts'
import type { SendOrigin } from './confirmation.ts'
import { continueRun } from './continueRun.ts'
import type { Drafts } from './drafts.ts'
import type { Documents } from './question.ts'
import type { RunHistory } from './runHistory.ts'
import type { Draft, RunPlan } from './runPlan.ts'
import type { Runs, SendOutcome, StartedRun } from './runs.ts'
import { fileScript } from './scriptFile.ts'
import type { FoundSnippet, Snippets } from './snippets.ts'

/** From the given parts of a run to the run: asks for the rest, confirms, sends. */
export class Sending {
  readonly #list: EnvironmentList
  readonly #connections: Connections
  readonly #runs: Runs
  readonly #history: RunHistory
  readonly #snippets: Snippets
  readonly #documents: Documents
  readonly #drafts: Drafts

  constructor(
    list: EnvironmentList,
    connections: Connections,
    runs: Runs,
    history: RunHistory,
    snippets: Snippets,
    documents: Documents,
    drafts: Drafts,
  ) {
    this.#list = list
    this.#connections = connections
    this.#runs = runs
    this.#history = history
    this.#snippets = snippets
    this.#documents = documents
    this.#drafts = drafts
  }

  /** Asks box by box for what is missing; the last box shows what will happen. */
  async ask(
    start: Draft,
    title: string,
    kind: 'flow' | 'arguments' | 'task' = 'flow',
    signal: AbortSignal = unstopped(),
  ): Promise<SendOutcome> {
    const plan = await this.#plan(start, title, { review: true, signal })
    const outcome = await this.#send(plan, { kind: kind === 'task' ? kind : 'flow' }, signal)
    if (plan !== undefined && outcome.kind !== 'not-sent') this.#drafts.sent(plan.environment.key, start)
    return outcome
  }

  /**
   * For callers with arguments: asks only for what is missing, then for a confirmation unless they want none.
   * @param files where a `file` may be: a repository may name only its own
   */
  async withArguments(
    json: unknown,
    title: string,
    kind: 'arguments' | 'task' = 'arguments',
    signal: AbortSignal = unstopped(),
    files: 'anywhere' | 'workspace' = 'anywhere',
  ): Promise<SendOutcome> {
    const args = parseRunArguments(json)
    const start = await this.#draft(args, files)
    if (start === undefined) return notSent(signal)
    const isComplete =
      start.environment !== undefined && start.filter !== undefined && start.action !== undefined
    if (!isComplete) return this.ask(start, title, kind, signal)
    const plan = await this.#plan(start, title, { review: false, signal })
    return this.#send(plan, { kind, confirm: args.confirm ?? true }, signal)
  }

  /** Asks for environment and filter, and returns the agents that they match. Sends nothing. */
  async whoMatches(start: Draft, title: string) {
    const plan = await this.#plan({ ...start, action: { kind: 'ping' } }, title, {
      ...{ review: false, signal: unstopped() },
    })
    if (plan === undefined) return undefined
    const { environment, request } = plan
    const stop = new AbortController()
    const looking = about(environment, () => this.#connections.refresh(environment))
    const looked = await showWait(
      vscode.l10n.t('Looking for agents of {0}…', environment.environment.name),
      { stop: () => stop.abort() },
      orAborted(looking, stop.signal),
    )
    if (looked === aborted) return undefined
    const { master } = looked
    return { environment, request, notFound: plan.notFound ?? [], reach: master.reach(request) }
  }

  /**
   * Repeats a run, for pages and the history: the request is complete, and never trusted.
   * @param then its first targets; the question says what has changed since
   */
  async again(
    draft: Draft,
    then: readonly { readonly agentId: string; readonly hostname: string }[] | undefined,
    signal: AbortSignal = unstopped(),
  ): Promise<SendOutcome> {
    const plan = await this.#plan(draft, '', { review: false, signal })
    return this.#send(plan, { kind: 'page' }, signal, then)
  }

  /**
   * The parts of a run that the arguments of a keybinding or another extension give.
   * @returns undefined when the user cancelled an input of a snippet
   * @throws Error when arguments are not valid, or name something that does not exist or is ambiguous
   */
  async draftOf(json: unknown): Promise<Draft | undefined> {
    return this.#draft(parseRunArguments(json), 'anywhere')
  }

  async #draft(args: RunArguments, files: 'anywhere' | 'workspace'): Promise<Draft | undefined> {
    const { targets, timeout, rollout: declared } = args
    const filter =
      args.filter === undefined ? undefined : readFilterWithSets(args.filter, await this.#snippets.sets())
    const ofSnippet =
      args.snippet === undefined ? {} : await this.#snippets.draftByName(args.snippet, args.inputs ?? {})
    if (ofSnippet === undefined) return undefined
    const environment =
      args.environment === undefined ? undefined : await this.environmentNamed(args.environment)
    const rollout = declared === undefined ? undefined : readRollout(declared)
    const timeoutMs = timeout === undefined ? undefined : parseDuration(String(timeout))
    const action = await actionOf(args, files)
    return {
      ...ofSnippet,
      ...(environment !== undefined && { environment }),
      ...(filter !== undefined && { filter }),
      ...(targets !== undefined && { targets, filter: filter ?? everyone }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(rollout !== undefined && { rollout }),
      ...(action !== undefined && { action }),
    }
  }

  /**
   * @throws Error when none or several have this name
   */
  async environmentNamed(name: string): Promise<DeclaredEnvironment> {
    const found = findEnvironment(await this.#list.all(), name, vscode.l10n.t)
    if (found.kind === 'found') return found.environment
    if (found.kind === 'none') {
      throw new Error(vscode.l10n.t('There is no environment “{0}” in the settings or the workspace.', name))
    }
    throw new Error(
      vscode.l10n.t(
        '{0} environments are named “{1}”. Rename all but one, so that a run cannot reach the wrong one.',
        found.environments.length,
        name,
      ),
    )
  }

  /** Continues the paused rollout of a run, once the user has confirmed what is left of it. */
  continueRun({ run, environment }: Omit<StartedRun, 'origin'>, signal = unstopped()): Promise<boolean> {
    const parts = { connections: this.#connections, documents: this.#documents, run, environment }
    return about(environment, () => continueRun(parts, signal))
  }

  async #send(
    plan: RunPlan | undefined,
    origin: SendOrigin,
    signal: AbortSignal,
    then?: Parameters<Runs['send']>[3],
  ): Promise<SendOutcome> {
    if (plan === undefined || signal.aborted) return notSent(signal)
    const outcome = await about(plan.environment, () => this.#runs.send(plan, origin, signal, then))
    if (outcome.kind !== 'not-sent' && plan.snippet !== undefined) this.#drafts.forget(plan.snippet)
    return outcome
  }

  /** The boxes are loaded when the first one opens. */
  async #plan(
    start: Draft,
    title: string,
    how: { readonly review: boolean; readonly signal: AbortSignal },
  ): Promise<RunPlan | undefined> {
    const [{ askForPlan }, world] = await Promise.all([import('./runFlow.ts'), this.#world()])
    return askForPlan(world, start, title, how)
  }

  async #world() {
    const [environments, recent, snippets, sets] = await Promise.all([
      this.#list.all(),
      this.#history.recent(),
      this.#snippets.all(),
      this.#snippets.sets(),
    ])
    if (environments.length === 0) {
      throw new Error(
        vscode.l10n.t('No environment yet. Add one, or start the local fleet to try EC2 Collective.'),
      )
    }
    return {
      ...{ connections: this.#connections, documents: this.#documents, drafts: this.#drafts },
      environments,
      recentFilters: recent.filters,
      recentCommands: recent.commands,
      ...{ snippets, sets },
      stepOfSnippet: (snippet: FoundSnippet) => this.#snippets.stepOf(snippet),
      defaultTimeoutMs: defaultTimeoutMs(),
    }
  }
}

/** The user cancelled a box, or the operation was stopped. */
function notSent({ aborted }: AbortSignal): SendOutcome {
  return { kind: 'not-sent', why: aborted ? 'stopped' : 'declined' }
}

/** For callers that never stop an operation; the user can, while they wait. */
function unstopped(): AbortSignal {
  return new AbortController().signal
}

/** Default if neither a run nor its environment has one. */
export function defaultTimeoutMs(): number {
  return parseDuration(String(readSetting('defaultTimeout'))) ?? 60_000
}

async function actionOf(args: RunArguments, files: 'anywhere' | 'workspace'): Promise<Draft['action']> {
  const { command, file, user, directory } = args
  const how = { ...(user !== undefined && { user }), ...(directory !== undefined && { directory }) }
  if (command !== undefined) return { kind: 'shell', command, ...how }
  if (file !== undefined)
    return { ...(await fileScript(file, args.args ?? [], args.interpreter, files)), ...how }
  return undefined
}
