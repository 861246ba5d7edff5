import { randomUUID } from 'node:crypto'
import { aborted, orAborted } from '../async/aborted.ts'
import { contained } from '../async/contained.ts'
import type { SigningKey } from '../protocol/envelope.ts'
import type { Environment } from '../queues/environment.ts'
import { QueueError } from '../queues/queueError.ts'
import type { Queues } from '../queues/queues.ts'
import { planSteps } from '../run/rollout.ts'
import { type Issuer, type RunRequest, recordOf } from '../run/runRequest.ts'
import { startRunState } from '../run/runState.ts'
import { defaultTiming, type Timing } from '../run/timing.ts'
import { type Localizable, LocalizableError, say, sentenceOf } from '../text/localizable.ts'
import { OpenRuns } from './engine/openRuns.ts'
import { Run } from './engine/run.ts'
import { type Sweep, sweepFacts } from './fleet/factsSweep.ts'
import { Inventory } from './fleet/inventory.ts'
import { type Audience, type Reach, reachOf } from './fleet/reach.ts'
import type { MasterWarning, Rejected } from './masterWarning.ts'
import { type Disposition, type ReceivedReply, ReplyConsumer } from './replies/replyConsumer.ts'
import { type ControlMessage, createRunTransport } from './sending/runTransport.ts'
import type { StartOutcome } from './startOutcome.ts'
import type { History } from './store/history.ts'
import { RunInUse } from './store/runRecord.ts'

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
  readonly onWarning?: (trouble: MasterWarning) => void
}

/** No agent matches the filter, which itself is valid. Nothing was sent. */
export class NobodyMatches extends LocalizableError {
  override readonly name = 'NobodyMatches'

  /** @param known agents that have reported in the last minutes */
  constructor(environment: string, filter: string, known: number) {
    super(nobodyMatches(environment, filter, known))
  }
}

function nobodyMatches(environment: string, filter: string, known: number): Localizable {
  if (known === 0) {
    return say(
      "No agent of {0} is reporting. Nothing was sent. Check that agents are running and use this environment's queues.",
      environment,
    )
  }
  return known === 1
    ? say('{0} does not match the 1 agent of {1}. Nothing was sent.', filter, environment)
    : say('{0} does not match any of the {1} agents of {2}. Nothing was sent.', filter, known, environment)
}

/** Orders are known by their ids until so many have come after them: long enough for agents to refuse them. */
const rememberedOrders = 1_000

/** While commands wait in an agent's queue, only its facts say that they still do: read them so often, milliseconds. */
const askAboutQueuedMs = 30_000

/** Commands one environment's collective: knows who is there, sends runs, receives what comes back. */
export class Master {
  readonly environment: Environment
  readonly inventory: Inventory
  readonly #options: MasterOptions
  readonly #warn: (warning: MasterWarning) => void
  readonly #replyConsumer: ReplyConsumer
  readonly #runs: OpenRuns
  /** Runs that are being taken up from the history. */
  readonly #reviving = new Map<string, Promise<Run | Exclude<Disposition, 'kept'>>>()
  readonly #orders = new Map<string, ControlMessage>()
  readonly #rejected: Rejected = { unreadable: 0, forged: 0, foreign: 0 }
  readonly #abort = new AbortController()
  /** Runs that are being started or taken up: they hold locks. */
  readonly #unfinished = new Set<Promise<unknown>>()
  #sweeping: Promise<Sweep> | undefined
  #sweptAt = 0

  constructor(options: MasterOptions) {
    const { environment, queues, masterId, replyQueue } = options
    this.environment = environment
    this.#options = options
    this.#warn = contained(options.onWarning)
    this.inventory = new Inventory(() => this.#sqsNow())
    this.#replyConsumer = new ReplyConsumer({
      ...{ environment, queues, masterId },
      ...(replyQueue === undefined ? {} : { replyQueue }),
      isExpecting: () => this.#runs.areWaiting,
      deliver: (deliveries) => this.#deliver(deliveries),
      onUnreadable: (messageId, reason) =>
        this.#leaveOut({ kind: 'unreadable', queue: 'replies', messageId, reason }),
      onForeign: ({ reply, senderId }) =>
        this.#leaveOut({ kind: 'foreign', runId: reply.runId, agentId: reply.agentId, senderId }),
      onWarning: (error) => this.#trouble({ kind: 'queue', error }),
    })
    this.#runs = new OpenRuns({
      onSleep: () => void this.#replyConsumer.catchUp(),
      onTick: (now) => this.#askAboutQueued(now),
      onWarning: (runId, error) => this.#trouble({ kind: 'run', runId, error }),
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

  /** Whom a request would hit now: exactly those whom {@link start} would send it to. */
  reach(request: Audience): Reach {
    return reachOf(this.inventory.snapshot(), request)
  }

  /**
   * Sends a command to those whom {@link reach} names.
   * @param signal cuts short what is being sent; once it is sent, cancels the run
   * @throws NobodyMatches: nothing was sent then; QueueError, or Error when the disk refused to record it: at most a part
   *   of the agents may have heard of it. Never because of an abort
   */
  start(request: RunRequest, signal = new AbortController().signal): Promise<StartOutcome> {
    return this.#finish(this.#start(request, signal))
  }

  async #start(request: RunRequest, signal: AbortSignal): Promise<StartOutcome> {
    const stop = AbortSignal.any([signal, this.#abort.signal])
    if (stop.aborted) return { kind: 'not-sent' }
    const reach = this.reach(request)
    if (reach.agents.length === 0)
      throw new NobodyMatches(this.environment.name, request.filter.text, reach.known)
    const agents = reach.agents.map(({ agentId, hostname }) => ({ agentId, hostname }))
    const replyTo = await orAborted(this.#replyConsumer.open(), stop)
    if (replyTo === aborted) return { kind: 'not-sent' }
    const start = {
      runId: randomUUID(),
      environment: this.environment.name,
      request: recordOf(request),
      issuer: this.#options.issuer,
      startedAt: Date.now(),
    }
    const record = await this.#options.history.create(start)
    const run = new Run(startRunState(start), record, this.#transport(start.runId, replyTo, request.action))
    const agentIds = agents.map(({ agentId }) => agentId)
    const beginning = run.begin(agents, planSteps(agentIds, request.rollout))
    this.#runs.add(run)
    this.#cancelBy(signal, run)
    const publication = await beginning
    if (publication === 'not-sent') return { kind: 'not-sent' }
    if (publication === 'interrupted') return { kind: 'interrupted', run }
    return { kind: signal.aborted ? 'cancelled' : 'sent', run }
  }

  /** What was left out of its replies so far. */
  get rejected(): Readonly<Rejected> {
    return this.#rejected
  }

  /** A run of this master that is open: under way, or lately over. */
  run(runId: string): Run | undefined {
    return this.#runs.get(runId)
  }

  /**
   * Picks up the runs of this environment that were under way when an earlier master ended, and late replies. Runs that
   * another master has in hand are left to it.
   * @throws QueueError when replies cannot be received
   */
  async resume(): Promise<Run[]> {
    const open = (await this.#options.history.list()).filter(
      ({ runId, environment, phase }) =>
        environment === this.environment.name && phase !== 'over' && this.run(runId) === undefined,
    )
    // First: a run that cannot be told where replies go would be left out, and nobody would come back for it.
    await this.#replyConsumer.open()
    const resumed: Run[] = []
    for (const { runId } of open) {
      const run = await this.#restore(runId)
      if (typeof run !== 'string') resumed.push(run)
    }
    return resumed
  }

  /**
   * Ends receiving. Runs under way stay as they are in the history, to be resumed.
   * @param options.forgetReplyQueue deletes the private reply queue: for a master that nobody will resume
   */
  async close({ forgetReplyQueue = false } = {}): Promise<void> {
    await this.#runs.withdrawn()
    this.#abort.abort()
    await this.#replyConsumer.close(forgetReplyQueue)
    await this.#sweeping?.catch(() => {})
    await Promise.allSettled(this.#unfinished)
    await this.#runs.close()
  }

  #finish<T>(work: Promise<T>): Promise<T> {
    const finishing = work.finally(() => this.#unfinished.delete(finishing))
    this.#unfinished.add(finishing)
    return finishing
  }

  #cancelBy(signal: AbortSignal, run: Run): void {
    const cancel = () => {
      run.cancel().catch((cause: Error) => {
        const sentence = say(
          'The agents could not be asked to stop; the command may still run: {0}',
          sentenceOf(cause),
        )
        this.#trouble({ kind: 'run', runId: run.runId, error: new LocalizableError(sentence, { cause }) })
      })
    }
    if (signal.aborted) cancel()
    else {
      signal.addEventListener('abort', cancel, { once: true })
      void run.ended.then(() => signal.removeEventListener('abort', cancel))
    }
  }

  async #sweep(): Promise<Sweep> {
    const { queues, environment } = this.#options
    this.#sweptAt = Date.now()
    const sweep = await sweepFacts(
      queues,
      environment,
      this.inventory,
      () => this.#sqsNow(),
      this.#abort.signal,
    )
    for (const { messageId, reason } of sweep.unreadable) {
      this.#trouble({ kind: 'unreadable', queue: 'facts', messageId, reason })
    }
    const runs = new Map(this.#runs.underWay().map((run) => [run.runId, run]))
    if (runs.size === 0) return sweep
    for (const { agentId, running } of this.inventory.agents()) {
      for (const runId of running) runs.get(runId)?.seen(agentId, Date.now())
    }
    return sweep
  }

  #askAboutQueued(now: number): void {
    if (now - this.#sweptAt < askAboutQueuedMs) return
    this.#sweptAt = now
    const isQueued = this.#runs
      .underWay()
      .some(({ state }) =>
        [...state.replies.values()].some((reply) => reply.state === 'running' && reply.started === 'queued'),
      )
    if (isQueued) this.refresh().catch((error) => this.#trouble({ kind: 'queue', error }))
  }

  async #deliver(deliveries: readonly ReceivedReply[]): Promise<Disposition[]> {
    const touched = new Set<Run>()
    const takers: (Run | Exclude<Disposition, 'kept'>)[] = []
    for (const delivery of deliveries) {
      const { reply } = delivery
      const order = this.#orders.get(reply.runId)
      const runId = order?.runId ?? reply.runId
      const run = this.run(runId) ?? (await this.#takeUpIfOurs(runId))
      takers.push(run)
      if (typeof run === 'string') continue
      this.#accept(run, delivery, order)
      touched.add(run)
    }
    const unkept = new Set<Run>()
    for (const run of touched) {
      await run.flush().catch((error) => {
        this.#trouble({ kind: 'run', runId: run.runId, error })
        unkept.add(run)
      })
    }
    if (touched.size > 0) this.#runs.wake()
    // What the disk did not take stays with SQS, for a master with more room.
    return takers.map((run) => (typeof run === 'string' ? run : unkept.has(run) ? 'elsewhere' : 'kept'))
  }

  #accept(
    run: Run,
    { reply, data, senderId, sentAt }: ReceivedReply,
    order: ControlMessage | undefined,
  ): void {
    const { runId } = run
    const { agentId } = reply
    const identity = this.inventory.identify(agentId, senderId)
    if (identity === 'mismatch') {
      this.#leaveOut({ kind: 'forged', runId, agentId, senderId })
      return
    }
    if (order === undefined) run.receive(reply, data, identity)
    else if (reply.type === 'refusal') {
      run.orderRefused(agentId, order.kind, reply.reason)
      const error = new LocalizableError(
        order.kind === 'cancel'
          ? say('{0} refused to cancel: {1}', reply.hostname, reply.reason)
          : say('{0} refused to send its reply again: {1}', reply.hostname, reply.reason),
      )
      this.#trouble({ kind: 'run', runId, error })
    }
    this.inventory.answered(agentId, sentAt)
  }

  async #takeUpIfOurs(runId: string): Promise<Run | Exclude<Disposition, 'kept'>> {
    return (await this.#options.history.has(runId)) ? this.#restore(runId) : 'foreign'
  }

  /** Takes a run up from the history, once however often it is asked for. */
  #restore(runId: string): Promise<Run | Exclude<Disposition, 'kept'>> {
    const known = this.run(runId) ?? this.#reviving.get(runId)
    if (known !== undefined) return Promise.resolve(known)
    const reviving = this.#finish(this.#takeUp(runId))
      .catch((error) => {
        if (!(error instanceof RunInUse)) this.#trouble({ kind: 'run', runId, error })
        return 'elsewhere' as const
      })
      .finally(() => this.#reviving.delete(runId))
    this.#reviving.set(runId, reviving)
    return reviving
  }

  async #takeUp(runId: string): Promise<Run | 'foreign'> {
    const replyTo = await this.#replyConsumer.open()
    const { state, record } = await this.#options.history.resume(runId)
    if (state.environment !== this.environment.name) {
      await record.close()
      return 'foreign'
    }
    const { action, secrets = [] } = state.request
    // The values of secrets were not kept: the command must not go out without them.
    const isWhole = secrets.length === 0
    const transport = this.#transport(runId, replyTo, isWhole ? action : undefined)
    const run = await Run.restore(state, record, transport).catch(async (error) => {
      await record.close()
      throw error
    })
    if (!isWhole) run.stopRollout(say('the values of its secrets are not kept across a restart'))
    // What came while nobody listened is there to be read first.
    if (run.isWaiting) void this.#replyConsumer.catchUp()
    this.#runs.add(run)
    // There nothing waits for longer than a minute, and who was not known to the run would not be missed.
    if (run.isWaiting && replyTo === this.environment.queues.replies) void run.askEveryone()
    return run
  }

  #transport(runId: string, replyTo: string, action: RunRequest['action'] | undefined) {
    const { environment, queues, signingKey, issuer, timing } = this.#options
    return createRunTransport({
      ...{ environment, queues, issuer, signingKey, replyTo, action },
      timing: { ...defaultTiming, ...timing },
      signal: this.#abort.signal,
      backlogged: (now) => this.#replyConsumer.backlogged(now),
      onControlMessage: (order) => this.#remember(order),
      onWarning: (error) =>
        this.#trouble(error instanceof QueueError ? { kind: 'queue', error } : { kind: 'run', runId, error }),
    })
  }

  #remember(order: ControlMessage): void {
    this.#orders.set(order.orderId, order)
    const [oldest] = this.#orders.keys()
    if (oldest !== undefined && this.#orders.size > rememberedOrders) this.#orders.delete(oldest)
  }

  #leaveOut(trouble: Extract<MasterWarning, { kind: keyof Rejected }>): void {
    this.#rejected[trouble.kind] += 1
    this.#trouble(trouble)
  }

  #trouble(trouble: MasterWarning): void {
    // What is cut short by closing is no trouble.
    if (this.#abort.signal.aborted) return
    this.#warn(trouble)
  }

  #sqsNow(): number {
    return Date.now() + (this.#options.queues.clockOffsetMs ?? 0)
  }
}
