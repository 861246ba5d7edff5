import * as vscode from 'vscode'
import { aborted, orAborted } from '../../async/aborted.ts'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { foldHosts } from '../../hosts/hostFolding.ts'
import type { Run } from '../../master/engine/run.ts'
import { NobodyMatches } from '../../master/nobodyMatches.ts'
import type { Connections } from '../environments/connections.ts'
import { showWait } from './cancellation.ts'
import type { SendOrigin } from './confirmation.ts'
import { ConfirmedRun } from './confirmSend.ts'
import { describeFleetChange } from './fleetChange.ts'
import type { RunPlan } from './runPlan.ts'

/** A run and the environment that it went to. */
export interface StartedRun {
  readonly run: Run
  readonly environment: DeclaredEnvironment
  readonly origin: SendOrigin['kind'] | 'resumed'
}

/** The result of an attempt to send. */
export type SendOutcome =
  | { readonly kind: 'not-sent'; readonly why: 'declined' | 'stopped' }
  /** See {@link StartOutcome}. */
  | { readonly kind: 'sent' | 'cancelled' | 'interrupted'; readonly started: StartedRun }

/** The only way to send: every command, task, lens and page uses it. */
export class Runs implements vscode.Disposable {
  readonly #connections: Pick<Connections, 'refresh' | 'use'>
  readonly #underWay = new Set<StartedRun>()
  /** Keys of the environments to which something is being sent, one entry for each run. */
  readonly #sendingTo: string[] = []
  readonly #disposed = new AbortController()
  readonly #started = new vscode.EventEmitter<StartedRun>()
  readonly #changed = new vscode.EventEmitter<void>()
  readonly onDidStart = this.#started.event
  /** Fires when a run starts and when one is over. */
  readonly onDidChange = this.#changed.event

  constructor(connections: Pick<Connections, 'refresh' | 'use'>) {
    this.#connections = connections
  }

  get underWay(): ReadonlySet<StartedRun> {
    return this.#underWay
  }

  /** Whether the environment with this key has a run in progress or being sent: its master must then stay open. */
  isBusy(key: string): boolean {
    return (
      this.#sendingTo.includes(key) || [...this.#underWay].some(({ environment }) => environment.key === key)
    )
  }

  /**
   * Sends a plan after the user has confirmed it as its environment requires.
   * @param signal stops it; after it has been sent, cancels the run
   * @param then the earlier targets of the same run, when it is repeated
   * @throws NobodyMatches, QueueError: nothing was sent then
   */
  async send(
    plan: RunPlan,
    origin: SendOrigin,
    signal: AbortSignal,
    then?: Parameters<typeof describeFleetChange>[0],
  ): Promise<SendOutcome> {
    const { environment, request } = plan
    const { name } = environment.environment
    const stop = new AbortController()
    const stopped = AbortSignal.any([signal, stop.signal, this.#disposed.signal])
    const wait = <T>(title: string, work: Promise<T>) =>
      // A task has its terminal.
      origin.kind === 'task' ? work : showWait(title, stop, work)
    // Look for agents again: a confirmation that counts yesterday's agents would be worth nothing.
    const refreshing = orAborted(this.#connections.refresh(environment), stopped)
    const opened = await wait(vscode.l10n.t('Looking for agents of {0}…', name), refreshing)
    if (opened === aborted) return notSent('stopped')
    const { master } = opened
    let reach = master.reach(request)
    let note = then && describeFleetChange(then, reach.agents, vscode.l10n.t)
    for (;;) {
      if (reach.agents.length === 0) throw new NobodyMatches(name, request.filter.text, reach.known)
      const confirmed = await ConfirmedRun.ask(plan, reach, origin, note, stopped)
      if (stopped.aborted) return notSent('stopped')
      if (confirmed === undefined) return notSent('declined')
      const now = master.reach(request)
      const agreed = new Set(reach.agents.map(({ agentId }) => agentId))
      const newcomers = now.agents.filter(({ agentId }) => !agreed.has(agentId))
      if (newcomers.length === 0) {
        const starting = this.#start(confirmed, origin, AbortSignal.any([signal, stop.signal]))
        return wait(vscode.l10n.t('Sending to {0}…', name), starting)
      }
      // A confirmation for 37 agents is not one for 40.
      const names = foldHosts(newcomers.map(({ hostname }) => hostname))
      note = vscode.l10n.t('More agents now match: {0}.', names)
      reach = now
    }
  }

  /** Resumes a run that an earlier window began; only once, even if several pages request it. */
  adopt(started: StartedRun): void {
    if (started.run.state.phase === 'over') return
    if ([...this.#underWay].some(({ run }) => run === started.run)) return
    this.#underWay.add(started)
    this.#changed.fire()
    void started.run.ended.then(async () => {
      this.#underWay.delete(started)
      this.#changed.fire()
      // The history is read from the disk, where the end of a run may be written a little later.
      await started.run.flush().catch(() => {})
      this.#changed.fire()
    })
  }

  /** Nothing is sent after this. Runs that were sent continue; the next window resumes them. */
  dispose(): void {
    this.#disposed.abort()
    this.#started.dispose()
    this.#changed.dispose()
  }

  async #start(
    { plan }: ConfirmedRun,
    { kind: origin }: SendOrigin,
    signal: AbortSignal,
  ): Promise<SendOutcome> {
    const { environment, request } = plan
    const opened = await orAborted(
      this.#connections.use(environment),
      AbortSignal.any([signal, this.#disposed.signal]),
    )
    if (opened === aborted) return notSent('stopped')
    this.#sendingTo.push(environment.key)
    const outcome = await opened.master.start(request, signal).finally(() => {
      this.#sendingTo.splice(this.#sendingTo.indexOf(environment.key), 1)
      // Callers that waited for it continue, unless they now have to wait for the run that it has become.
      queueMicrotask(() => this.#changed.fire())
    })
    if (outcome.kind === 'not-sent') return notSent('stopped')
    const started = { run: outcome.run, environment, origin }
    this.adopt(started)
    this.#started.fire(started)
    return { kind: outcome.kind, started }
  }
}

function notSent(why: 'declined' | 'stopped'): SendOutcome {
  return { kind: 'not-sent', why }
}
