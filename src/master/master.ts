import { randomUUID } from 'node:crypto'
import type { SigningKey } from '../protocol/envelope.ts'
import { parseFilter } from '../protocol/filter/parse.ts'
import type { CommandMessage } from '../protocol/messages.ts'
import type { Environment } from '../queues/environment.ts'
import type { QueueError } from '../queues/queueError.ts'
import type { Queues } from '../queues/queues.ts'
import { Broadcast } from './broadcast.ts'
import { type Sweep, sweepFacts } from './factsSweep.ts'
import type { History } from './history.ts'
import { checkIdentity } from './identity.ts'
import { Inventory } from './inventory.ts'
import { type Delivery, type Disposition, Mailbox } from './mailbox.ts'
import { planSteps } from './rollout.ts'
import { Run, type RunWorld } from './run.ts'
import type { Issuer, RunRequest } from './runRequest.ts'
import { type RunState, startRunState } from './runState.ts'
import { defaultTiming, type Timing } from './timing.ts'

export interface MasterOptions {
  readonly environment: Environment
  readonly queues: Queues
  readonly issuer: Issuer
  /** Names the private reply queue: see `claimMasterId`. */
  readonly masterId: string
  readonly history: History
  readonly replyQueue?: 'private' | 'shared'
  readonly timing?: Partial<Timing>
  readonly signingKey?: SigningKey
  readonly onTrouble?: (trouble: MasterTrouble) => void
}

/** Something that the master survives, and that a person should be able to find. */
export type MasterTrouble =
  | { readonly kind: 'queue'; readonly error: QueueError | undefined }
  | { readonly kind: 'run'; readonly runId: string; readonly error: Error }
  | {
      readonly kind: 'unreadable'
      readonly queue: 'replies' | 'facts'
      readonly messageId: string
      readonly reason: string
    }
  /** A reply that SQS says was sent by another than the agent that it names. It was left out. */
  | {
      readonly kind: 'forged'
      readonly runId: string
      readonly agentId: string
      readonly senderId: string | undefined
    }

/** The filter is right, and nobody is there whom it fits. Nothing was sent. */
export class NobodyMatches extends Error {
  override readonly name = 'NobodyMatches'

  constructor(environment: string, filter: string, known: number) {
    const who = known === 1 ? 'the 1 agent' : `any of the ${known} agents`
    super(
      known === 0
        ? `No agent of ${environment} has been heard of lately: nothing was sent. Are agents running, and do they use this environment's queues?`
        : `${filter} does not match ${who} of ${environment}: nothing was sent.`,
    )
  }
}

/** How often a run looks at the time. Well below any of its waits. */
const tickMs = 250

/** Commands one environment's collective: knows who is there, sends runs, receives what comes back. */
export class Master {
  readonly environment: Environment
  readonly inventory: Inventory
  readonly #options: MasterOptions
  readonly #mailbox: Mailbox
  readonly #runs = new Map<string, { run: Run; ticker: NodeJS.Timeout | undefined }>()
  readonly #abort = new AbortController()
  #sweeping: Promise<Sweep> | undefined

  constructor(options: MasterOptions) {
    const { environment, queues, masterId, replyQueue } = options
    this.environment = environment
    this.#options = options
    this.inventory = new Inventory(() => this.#sqsNow())
    this.#mailbox = new Mailbox({
      ...{ environment, queues, masterId },
      ...(replyQueue === undefined ? {} : { replyQueue }),
      deliver: (deliveries) => this.#deliver(deliveries),
      onUnreadable: (messageId, reason) =>
        this.#trouble({ kind: 'unreadable', queue: 'replies', messageId, reason }),
      onTrouble: (error) => this.#trouble({ kind: 'queue', error }),
    })
  }

  /**
   * Brings the inventory up to date. Calls at the same time share one sweep.
   * @throws QueueError when the facts queue cannot be read
   */
  async refresh(): Promise<Sweep> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined
    })
    return this.#sweeping
  }

  /**
   * Sends a command to the agents that the inventory says match.
   * @throws FilterSyntaxError, NobodyMatches, QueueError: nothing was sent then
   */
  async start(request: RunRequest): Promise<Run> {
    const filter = parseFilter(request.filter)
    const targets = request.targets && new Set(request.targets)
    const agents = this.inventory
      .matching(filter)
      .filter(({ agentId }) => targets === undefined || targets.has(agentId))
      .map(({ agentId, hostname }) => ({ agentId, hostname }))
    if (agents.length === 0) {
      const known = this.inventory.agents().filter(({ state }) => state !== 'gone').length
      throw new NobodyMatches(this.environment.name, request.filter, known)
    }
    const replyTo = await this.#mailbox.open()
    const start = {
      runId: randomUUID(),
      environment: this.environment.name,
      request,
      issuer: this.#options.issuer,
      startedAt: Date.now(),
    }
    const record = await this.#options.history.create(start)
    const state = startRunState(start)
    const run = new Run(state, record, this.#world(replyTo))
    this.#attend(run)
    await run.begin(
      agents,
      planSteps(
        agents.map(({ agentId }) => agentId),
        request.rollout,
      ),
    )
    return run
  }

  /** A run of this master that is open: under way, or lately over. */
  run(runId: string): Run | undefined {
    return this.#runs.get(runId)?.run
  }

  /** Picks up the runs of this environment that were under way when an earlier master ended, and late replies. */
  async resume(): Promise<Run[]> {
    const resumed: Run[] = []
    for (const { runId, environment, phase } of await this.#options.history.list()) {
      if (environment !== this.environment.name || phase === 'over' || this.#runs.has(runId)) continue
      resumed.push(await this.#revive(runId))
    }
    await this.#mailbox.open()
    return resumed
  }

  /** Ends receiving. Runs under way stay as they are in the history, to be resumed. */
  async close(): Promise<void> {
    await Promise.all([...this.#runs.values()].map(({ run }) => run.withdrawn()))
    this.#abort.abort()
    await this.#mailbox.close()
    for (const { run, ticker } of this.#runs.values()) {
      clearInterval(ticker)
      await run.close()
    }
  }

  async #sweep(): Promise<Sweep> {
    const { queues, environment } = this.#options
    const sweep = await sweepFacts(
      queues,
      environment.queues.facts,
      this.inventory,
      () => this.#sqsNow(),
      this.#abort.signal,
    )
    for (const { messageId, reason } of sweep.unreadable) {
      this.#trouble({ kind: 'unreadable', queue: 'facts', messageId, reason })
    }
    for (const { run } of this.#runs.values()) {
      if (run.state.phase === 'over') continue
      for (const { agentId, running } of this.inventory.agents()) {
        if (running.includes(run.runId)) run.heardOf(agentId, Date.now())
      }
    }
    return sweep
  }

  async #deliver(deliveries: readonly Delivery[]): Promise<Disposition[]> {
    const touched = new Set<Run>()
    const dispositions: Disposition[] = []
    for (const { reply, data, senderId, sentAt } of deliveries) {
      const run = this.run(reply.runId) ?? (await this.#reviveKnown(reply.runId))
      dispositions.push(run === undefined ? 'foreign' : 'kept')
      if (run === undefined) continue
      const identity = checkIdentity(reply.agentId, senderId)
      if (identity === 'mismatch') {
        this.#trouble({ kind: 'forged', runId: reply.runId, agentId: reply.agentId, senderId })
        continue
      }
      run.receive(reply, data, identity)
      this.inventory.answered(reply.agentId, sentAt)
      touched.add(run)
    }
    for (const run of touched)
      await run.flush().catch((error) => this.#trouble({ kind: 'run', runId: run.runId, error }))
    return dispositions
  }

  async #reviveKnown(runId: string): Promise<Run | undefined> {
    if (!(await this.#options.history.has(runId))) return undefined
    return this.run(runId) ?? this.#revive(runId)
  }

  async #revive(runId: string): Promise<Run> {
    const { state, record } = await this.#options.history.load(runId)
    const world = this.#world(await this.#mailbox.open())
    const run = await Run.revive(state, record, world)
    if ((state.request.secrets ?? []).length > 0) {
      // Their values were not kept: the command must not go out without them.
      world.publish = () => Promise.resolve()
      run.stopRollout('its secrets were not kept over a restart')
    }
    return this.#attend(run)
  }

  #attend(run: Run): Run {
    const ticker = run.state.phase === 'over' ? undefined : setInterval(() => void run.tick(), tickMs)
    this.#runs.set(run.runId, { run, ticker })
    void run.over.then(() => clearInterval(ticker))
    return run
  }

  #world(replyTo: string): RunWorld {
    const { environment, queues, signingKey, issuer } = this.#options
    const { signal } = this.#abort
    const timing = { ...defaultTiming, ...this.#options.timing }
    const broadcast = new Broadcast(queues, environment.queues.commands, signingKey)
    const command = (
      state: RunState,
      action: CommandMessage['action'],
      runId: string,
      targets?: readonly string[],
    ) => {
      const { filter, timeoutMs, outputLimitBytes } = state.request
      const message: CommandMessage = {
        ...{
          type: 'command',
          runId,
          environment: environment.name,
          issuedAt: Date.now(),
          issuer,
          replyTo,
          filter,
        },
        ...{ action, timeoutMs, ttlMs: timing.responseTimeoutMs },
        ...(targets === undefined ? {} : { targets: [...targets] }),
        ...(outputLimitBytes === undefined ? {} : { outputLimitBytes }),
      }
      return broadcast.publish(message, signal)
    }
    return {
      timing,
      now: Date.now,
      publish: (state, targets) => command(state, state.request.action, state.runId, targets),
      cancel: (state, targets) =>
        command(state, { kind: 'cancel', runId: state.runId }, randomUUID(), targets),
      resend: (state, agentId, missing, result) =>
        command(state, { kind: 'resend', runId: state.runId, missing, result }, randomUUID(), [agentId]),
      withdraw: () => broadcast.withdraw(signal),
      backlogged: (now) => this.#mailbox.backlogged(now),
      onTrouble: (error) => this.#options.onTrouble?.({ kind: 'queue', error: error as QueueError }),
    }
  }

  #trouble(trouble: MasterTrouble): void {
    this.#options.onTrouble?.(trouble)
  }

  #sqsNow(): number {
    return Date.now() + (this.#options.queues.clockOffsetMs ?? 0)
  }
}
