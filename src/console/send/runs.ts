import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { foldHosts } from '../../hosts/hostFolding.ts'
import type { Run } from '../../master/engine/run.ts'
import { NobodyMatches } from '../../master/master.ts'
import type { Connections } from '../environments/connections.ts'
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

/** The one way to send: every command, task, lens and page comes through here. */
export class Runs implements vscode.Disposable {
  readonly #connections: Connections
  readonly #underWay = new Set<StartedRun>()
  readonly #started = new vscode.EventEmitter<StartedRun>()
  readonly #changed = new vscode.EventEmitter<void>()
  readonly onDidStart = this.#started.event
  /** Fires when a run starts and when one is over. */
  readonly onDidChange = this.#changed.event

  constructor(connections: Connections) {
    this.#connections = connections
  }

  get underWay(): ReadonlySet<StartedRun> {
    return this.#underWay
  }

  /** Whether a run of the environment with this key is under way. */
  isBusy(key: string): boolean {
    return [...this.#underWay].some(({ environment }) => environment.key === key)
  }

  /**
   * Sends a plan once the user has confirmed it as its environment demands.
   * @param then whom the same run hit before, when it is repeated
   * @returns undefined when the user said no
   * @throws NobodyMatches, QueueError: nothing was sent then
   */
  async send(
    plan: RunPlan,
    origin: SendOrigin,
    then?: Parameters<typeof describeFleetChange>[0],
  ): Promise<StartedRun | undefined> {
    const { environment, request } = plan
    // Who is there is asked anew: a confirmation that counts yesterday's agents would be worth nothing.
    const { master } = await this.#connections.refresh(environment)
    let reach = master.reach(request)
    let note = then && describeFleetChange(then, reach.agents, vscode.l10n.t)
    for (;;) {
      if (reach.agents.length === 0) {
        throw new NobodyMatches(environment.environment.name, request.filter.text, reach.known)
      }
      const confirmed = await ConfirmedRun.ask(plan, reach, origin, note)
      if (confirmed === undefined) return undefined
      const now = master.reach(request)
      const agreed = new Set(reach.agents.map(({ agentId }) => agentId))
      const newcomers = now.agents.filter(({ agentId }) => !agreed.has(agentId))
      if (newcomers.length === 0) return this.#start(confirmed, origin)
      // A yes to 37 agents is none to 40.
      const names = foldHosts(newcomers.map(({ hostname }) => hostname))
      note = vscode.l10n.t('While you were asked, more agents came that match: {0}.', names)
      reach = now
    }
  }

  /** Takes up a run that an earlier window began; once, however many pages ask for it. */
  adopt(started: StartedRun): void {
    if (started.run.state.phase === 'over') return
    if ([...this.#underWay].some(({ run }) => run === started.run)) return
    this.#underWay.add(started)
    this.#changed.fire()
    void started.run.ended.then(async () => {
      this.#underWay.delete(started)
      this.#changed.fire()
      // What the history shows is read from the disk, where its end may come to be a little later.
      await started.run.flush().catch(() => {})
      this.#changed.fire()
    })
  }

  dispose(): void {
    this.#started.dispose()
    this.#changed.dispose()
  }

  async #start({ plan }: ConfirmedRun, { kind: origin }: SendOrigin): Promise<StartedRun> {
    const { environment, request } = plan
    const { master } = await this.#connections.use(environment)
    const started = { run: await master.start(request), environment, origin }
    this.adopt(started)
    this.#started.fire(started)
    return started
  }
}
