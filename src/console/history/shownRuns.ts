import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { Run } from '../../master/engine/run.ts'
import type { History } from '../../master/store/history.ts'
import type { RecordedRun } from '../../master/store/runRecord.ts'
import type { Facts } from '../../protocol/facts.ts'
import type { RunState } from '../../run/runState.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { sightingOf } from '../environments/agentSighting.ts'
import type { Connections } from '../environments/connections.ts'
import type { Shown } from '../results/shownRun.ts'
import { pickFact } from '../send/pickFact.ts'
import type { RunHistory } from '../send/runHistory.ts'
import type { Runs, StartedRun } from '../send/runs.ts'

/** A run that no process has held for so long was not left by a reload: its window was closed. Milliseconds. */
const closedAfterMs = 15_000

/** Finds runs for the results page: in progress in this window, left in progress by an earlier window, or finished. */
export class ShownRuns {
  readonly #list: EnvironmentList
  readonly #connections: Connections
  readonly #history: RunHistory
  readonly #runs: Runs
  readonly #onWarning: (error: unknown) => void

  constructor(
    list: EnvironmentList,
    connections: Connections,
    history: RunHistory,
    runs: Runs,
    onWarning: (error: unknown) => void,
  ) {
    this.#list = list
    this.#connections = connections
    this.#history = history
    this.#runs = runs
    this.#onWarning = onWarning
  }

  /** A run of this window, for a page. */
  started({ run, environment }: Omit<StartedRun, 'origin'>): Shown {
    const { runId } = run
    return {
      ...{ run, environment: environment.environment, steering: run },
      ...{ factsOf: this.#factsOf(environment), sighting: this.#sightings(environment, runId) },
    }
  }

  /**
   * Asks for a fact of the agents of a run.
   * @returns its dotted path; undefined when the user cancelled
   * @throws Error when the environment is not open, so that no facts are known
   */
  async pickFact({ run }: Pick<Shown, 'run'>): Promise<string | undefined> {
    const environment = await this.environmentOf(run.state.runId)
    const state = environment && this.#connections.state(environment.key)
    if (state?.kind !== 'open') {
      throw new Error(
        vscode.l10n.t(
          'Facts are known only while {0} is open. Open it in the Environments view.',
          run.state.environment,
        ),
      )
    }
    const agents = state.master.inventory.agents().filter(({ agentId }) => run.state.replies.has(agentId))
    return pickFact(agents, vscode.l10n.t('Fact'))
  }

  /**
   * @param afterReload the process that still has the run is probably the one before the reload: then this window goes on with
   *   it as soon as that has ended
   * @returns undefined when the run is not in the history
   * @throws Error when its record cannot be read
   */
  async find(runId: string, afterReload = false): Promise<Shown | undefined> {
    const history = await this.#history.open()
    const environment = await this.environmentOf(runId)
    const open = environment && this.#openRun(environment, runId)
    if (environment !== undefined && open !== undefined) {
      // A reply alone may have brought it back.
      if (open.state.phase !== 'over') await this.#resume(environment, runId)
      return this.started({ run: open, environment })
    }
    if (!(await history.has(runId))) return undefined
    const past = await history.load(runId)
    if (past.state.phase === 'over') return this.#past(past, environment)
    try {
      const resumed = environment && (await this.#resume(environment, runId))
      if (environment !== undefined && resumed !== undefined)
        return this.started({ run: resumed, environment })
    } catch (error) {
      // What another window receives can be seen without a connection of this one.
      if (!(await history.isInUse(runId))) throw error
    }
    return this.#elsewhere(history, runId, environment, afterReload ? 0 : closedAfterMs)
  }

  /**
   * The same for somebody who may only look: it connects to nothing, and resumes nothing.
   * @throws Error when its record cannot be read
   */
  async look(runId: string): Promise<Shown | undefined> {
    const history = await this.#history.open()
    const environment = await this.environmentOf(runId)
    const open = environment && this.#openRun(environment, runId)
    if (environment !== undefined && open !== undefined) return this.started({ run: open, environment })
    return (await history.has(runId))
      ? this.#elsewhere(history, runId, environment, closedAfterMs)
      : undefined
  }

  /**
   * A run of this window, to be continued.
   * @throws Error when it is no longer open here, or its environment is no longer declared
   */
  async steered(runId: string): Promise<Omit<StartedRun, 'origin'>> {
    const environment = await this.environmentOf(runId)
    const run = environment && this.#openRun(environment, runId)
    if (environment !== undefined && run !== undefined) return { run, environment }
    throw new Error(
      vscode.l10n.t('This run can no longer be continued from this page. Open it from History.'),
    )
  }

  /** The environment of a run, if it is still declared; undefined if several environments have its name. */
  async environmentOf(runId: string): Promise<DeclaredEnvironment | undefined> {
    const all = await this.#list.all()
    const key = this.#history.environmentKeyOf(runId)
    const byKey = all.find((declared) => declared.key === key)
    if (byKey !== undefined) return byKey
    const summary = (await this.#history.list()).find((run) => run.runId === runId)
    const named = all.filter(({ environment }) => environment.name === summary?.environment)
    return named.length === 1 ? named[0] : undefined
  }

  /** @throws Error when the environment of the run is no longer declared, or several have its name */
  async declaredFor({
    runId,
    environment,
  }: Pick<RunState, 'runId' | 'environment'>): Promise<DeclaredEnvironment> {
    const declared = await this.environmentOf(runId)
    if (declared !== undefined) return declared
    throw new Error(vscode.l10n.t('The environment {0} of this run no longer exists.', environment))
  }

  /** A run was started from another one. */
  rememberOrigin(runId: string, origin: string): Promise<void> {
    return this.#history.rememberOrigin(runId, origin)
  }

  /** Looks the agents up once for as long as the list of them is the same. */
  #factsOf({ key }: DeclaredEnvironment): NonNullable<Shown['factsOf']> {
    let all: readonly { readonly agentId: string }[] = []
    let byId = new Map<string, Facts>()
    return (agentId) => {
      const state = this.#connections.state(key)
      if (state.kind !== 'open') return undefined
      const agents = state.master.inventory.agents()
      if (agents !== all) byId = new Map(agents.map((agent) => [agent.agentId, agent.facts]))
      all = agents
      return byId.get(agentId)
    }
  }

  /** A run that this window does not have: read along while another one does. */
  async #elsewhere(
    history: History,
    runId: string,
    environment: DeclaredEnvironment | undefined,
    leftAfterMs: number,
  ): Promise<Shown> {
    const isHeld = () => history.isInUse(runId)
    if (!(await isHeld())) return this.#past(await history.load(runId), environment)
    const reader = await history.read(runId)
    const { FollowedRun } = await import('../../master/engine/followedRun.ts')
    const run = new FollowedRun({ reader, isHeld, leftAfterMs, onWarning: this.#onWarning })
    const refuse = () => {
      throw new Error(vscode.l10n.t('Another window has this run in progress. Do this there.'))
    }
    return {
      ...this.#past({ state: run.state, record: { output: reader.output } }, environment),
      run,
      steering: { cancel: () => history.requestCancel(runId), pause: refuse, stopRollout: refuse },
      elsewhere: { left: run.left },
    }
  }

  #past({ state, record }: RecordedRun, environment: DeclaredEnvironment | undefined): Shown {
    const { name = state.environment, colour, protected: isProtected = true } = environment?.environment ?? {}
    return {
      run: {
        state,
        output: (agentId, from, limit) => record.output.read(agentId, from, limit),
        onChange: () => () => {},
      },
      environment: { name, protected: isProtected, ...(colour !== undefined && { colour }) },
      ...(environment !== undefined && {
        ...{ factsOf: this.#factsOf(environment), sighting: this.#sightings(environment, state.runId) },
      }),
    }
  }

  /** What the facts of the environment say of an agent, if it is open. */
  #sightings({ key }: DeclaredEnvironment, runId: string): Shown['sighting'] {
    return (agentId) => {
      const state = this.#connections.state(key)
      if (state.kind !== 'open') return undefined
      const agent = state.master.inventory.agents().find((known) => known.agentId === agentId)
      return sightingOf(agent, runId)
    }
  }

  #openRun(environment: DeclaredEnvironment, runId: string): Run | undefined {
    const state = this.#connections.state(environment.key)
    return state.kind === 'open' ? state.master.run(runId) : undefined
  }

  /** Resumes all runs of the environment that are in progress: their replies wait in our queue. */
  async #resume(environment: DeclaredEnvironment, runId: string): Promise<Run | undefined> {
    const { master } = await this.#connections.use(environment)
    for (const run of await master.resume()) this.#runs.adopt({ run, environment, origin: 'resumed' })
    return master.run(runId)
  }
}
