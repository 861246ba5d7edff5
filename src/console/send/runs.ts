import * as vscode from 'vscode'
import { aborted, orAborted } from '../../async/aborted.ts'
import { describeFleetChange } from '../../master/fleet/fleetChange.ts'
import { reachesNobody } from '../../master/fleet/reach.ts'
import type { Master } from '../../master/master.ts'
import { NobodyMatches } from '../../master/nobodyMatches.ts'
import { LocalizableError } from '../../text/localizable.ts'
import { ShownError } from '../command.ts'
import type { Connections } from '../environments/connections.ts'
import { Attempt } from './attempt.ts'
import { showWait } from './cancellation.ts'
import { confirmationFor, type SendOrigin } from './confirmation.ts'
import { ConfirmedRun } from './confirmSend.ts'
import type { Documents } from './question.ts'
import type { RunPlan } from './runPlan.ts'
import type { SendOutcome, StartedRun } from './sendOutcome.ts'

export type { SendOutcome, StartedRun } from './sendOutcome.ts'

/** If the fleet of an unprotected environment was read longer ago than this, it is read again before sending, milliseconds. */
const freshMs = 5_000

/** The only way to send: every command, task, lens and page uses it. */
export class Runs implements vscode.Disposable {
  readonly #connections: Pick<Connections, 'refresh' | 'use'>
  readonly #documents: Documents
  readonly #underWay = new Set<StartedRun>()
  /** Keys of the environments to which something is being sent, one entry for each run. */
  readonly #sendingTo: string[] = []
  readonly #disposed = new AbortController()
  readonly #started = new vscode.EventEmitter<StartedRun>()
  readonly #changed = new vscode.EventEmitter<void>()
  readonly #tried = new vscode.EventEmitter<Attempt>()
  /** Fires before anything is done to send a plan. */
  readonly onDidTry = this.#tried.event
  readonly onDidStart = this.#started.event
  /** Fires when a run starts and when one is over. */
  readonly onDidChange = this.#changed.event

  /** @param documents shows what is too long for a question */
  constructor(connections: Pick<Connections, 'refresh' | 'use'>, documents: Documents) {
    this.#connections = connections
    this.#documents = documents
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
   * @throws NobodyMatches, QueueError, LocalizableError when the command is too large: nothing was sent then. Within a
   *   ShownError where the user sees it already
   */
  async send(
    plan: RunPlan,
    origin: SendOrigin,
    signal: AbortSignal,
    then?: Parameters<typeof describeFleetChange>[0],
  ): Promise<SendOutcome> {
    const attempt = new Attempt(plan, origin)
    this.#tried.fire(attempt)
    try {
      const outcome = await this.#try(attempt, origin, signal, then)
      attempt.settle({ kind: 'ended', outcome })
      return outcome
    } catch (error) {
      const isShown = attempt.isWatched
      attempt.settle({ kind: 'failed', error })
      throw isShown ? new ShownError(error) : error
    }
  }

  async #try(
    attempt: Attempt,
    origin: SendOrigin,
    signal: AbortSignal,
    then: Parameters<typeof describeFleetChange>[0] | undefined,
  ): Promise<SendOutcome> {
    const { plan } = attempt
    const { environment, request } = plan
    const { name } = environment.environment
    const stopped = AbortSignal.any([signal, attempt.stopped, this.#disposed.signal])
    const wait = <T>(title: string, work: Promise<T>) =>
      // A task has its terminal.
      origin.kind === 'task' ? work : showWait(title, attempt, work)
    const look = () => {
      attempt.enter('looking')
      return orAborted(this.#connections.refresh(environment), stopped)
    }
    const looking = vscode.l10n.t('Looking for agents of {0}…', name)
    // Look for agents again: a confirmation that counts yesterday's agents would be worth nothing.
    let opened = await wait(looking, look())
    let lookedAt = performance.now()
    let shown = plan.seen
    let confirmed: ConfirmedRun | undefined
    for (;;) {
      if (opened === aborted) return notSent('stopped')
      const reach = opened.master.reach(request)
      if (reachesNobody(reach, request)) throw new NobodyMatches(name, request.filter.text, reach.known)
      const changed = shown && describeFleetChange(shown, reach.named, vscode.l10n.t)
      if (confirmed !== undefined && changed === undefined) {
        // Nothing is awaited after reading the fleet, so the master sends to exactly the agents that were named.
        attempt.enter('publishing')
        const stop = AbortSignal.any([signal, attempt.stopped])
        const starting = this.#start(opened.master, confirmed, origin, stop)
        return wait(vscode.l10n.t('Sending to {0}…', name), starting)
      }
      const note = changed ?? (then && describeFleetChange(then, reach.named, vscode.l10n.t))
      const hasChanged = changed !== undefined
      const costOf = await orAborted(opened.master.costing(stopped), stopped)
      if (costOf === aborted) return notSent('stopped')
      const cost = costOf(request, reach)
      if (cost.kind === 'too-large') throw new LocalizableError(cost.why)
      if (hasChanged || confirmationFor(plan, origin).kind !== 'none') attempt.enter('asking')
      confirmed = await ConfirmedRun.ask(
        plan,
        reach,
        cost,
        origin,
        note,
        stopped,
        this.#documents,
        hasChanged,
      )
      if (stopped.aborted) return notSent('stopped')
      if (confirmed === undefined) return notSent('declined')
      attempt.wasConfirmed()
      // A user who was not asked has not seen a list that could be outdated.
      if (confirmed.wasAsked) shown = reach.named
      // A confirmation for 37 agents is not one for 40, nor for 37 others.
      const isFresh = performance.now() - lookedAt < freshMs
      const looksAgain = confirmed.wasAsked && (environment.environment.protected || !isFresh)
      opened = looksAgain
        ? await wait(looking, look())
        : await orAborted(this.#connections.use(environment), stopped)
      if (looksAgain) lookedAt = performance.now()
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
    this.#tried.dispose()
    this.#started.dispose()
    this.#changed.dispose()
  }

  async #start(
    master: Master,
    { plan }: ConfirmedRun,
    { kind: origin }: SendOrigin,
    signal: AbortSignal,
  ): Promise<SendOutcome> {
    const { environment, request } = plan
    this.#sendingTo.push(environment.key)
    const outcome = await master.start(request, signal).finally(() => {
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
