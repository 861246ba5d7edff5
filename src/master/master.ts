import { randomUUID } from 'node:crypto'
import { aborted, orAborted } from '../async/aborted.ts'
import { contained } from '../async/contained.ts'
import { lazy } from '../async/lazy.ts'
import { privateReplyQueue } from '../protocol/names.ts'
import type { Environment } from '../queues/environment.ts'
import type { Finding } from '../queues/finding.ts'
import { QueueError } from '../queues/queueError.ts'
import type { Queues } from '../queues/queues.ts'
import { planSteps } from '../run/rollout.ts'
import { type Issuer, type RunRequest, recordOf } from '../run/runRequest.ts'
import { startRunState } from '../run/runState.ts'
import { defaultTiming, type Timing } from '../run/timing.ts'
import type { Signer } from '../signing/signer.ts'
import { LocalizableError, say, sentenceOf } from '../text/localizable.ts'
import {
  type CommandFrame,
  type CostOf,
  commandCost,
  type RemainingCostOf,
  remainingCost,
} from './commandCost.ts'
import { OpenRuns } from './engine/openRuns.ts'
import { Run } from './engine/run.ts'
import { EnvironmentStop, type StopOutcome } from './environmentStop.ts'
import { FactsRefresh } from './factsRefresh.ts'
import { type EarlierFleet, noEarlierFleet } from './fleet/earlierFleet.ts'
import type { Sweep } from './fleet/factsSweep.ts'
import { Inventory } from './fleet/inventory.ts'
import { type Audience, type Reach, reachesNobody, reachOf, recordOfReach } from './fleet/reach.ts'
import type { Signing } from './fleet/signatureNeeds.ts'
import type { PinStore } from './identity/pinStore.ts'
import { Pins } from './identity/pins.ts'
import { checkAction } from './invalidAction.ts'
import type { MasterWarning, Rejected } from './masterWarning.ts'
import { NobodyMatches } from './nobodyMatches.ts'
import { RejectedReplies } from './rejectedReplies.ts'
import { ReplyConsumer } from './replies/replyConsumer.ts'
import type { ReplyQueue } from './replies/replyQueue.ts'
import { sharedReplyFindings } from './replies/replyQueueWarning.ts'
import type { Disposition, ReceivedReply } from './replies/replySorter.ts'
import { ReplyDelivery } from './replyDelivery.ts'
import type { RunningRun } from './runningRuns.ts'
import { RunResumption } from './runResumption.ts'
import { createRunTransport } from './sending/runTransport.ts'
import type { StartOutcome } from './startOutcome.ts'
import type { History } from './store/history.ts'
import { checkUnseen } from './unseenNotAllowed.ts'

export interface MasterOptions {
  readonly environment: Environment
  readonly queues: Queues
  readonly issuer: Issuer
  /** Names the private reply queue: see `claimMasterId`. */
  readonly masterId: string
  readonly history: History
  readonly replyQueue?: 'private' | 'shared'
  /** Who owns the private reply queue, for its tag: an ARN. Asked when it is created. */
  readonly owner?: () => Promise<string | undefined>
  /** What instances have proven, shared with other masters. Without it, this master forgets it when it is closed. */
  readonly pinStore?: PinStore
  /** What is known of the fleet from before, read with the first reading of the fleet. Without it, that is nothing. */
  readonly earlierFleet?: () => Promise<EarlierFleet>
  readonly timing?: Partial<Timing>
  /** Signs commands; without one they are sent unsigned. */
  readonly signer?: Signer
  readonly onWarning?: (warning: MasterWarning) => void
}

export interface CloseOptions {
  readonly forgetReplyQueue?: boolean
  readonly signal?: AbortSignal
}

/** Commands the agents of one environment: knows which agents are running, sends runs, and receives their replies. */
export class Master {
  readonly environment: Environment
  readonly inventory: Inventory
  readonly #pins: Pins
  readonly #options: MasterOptions
  readonly #warn: (warning: MasterWarning) => void
  readonly #replyConsumer: ReplyConsumer
  readonly #runs: OpenRuns
  readonly #facts: FactsRefresh
  readonly #resumption: RunResumption
  readonly #delivery: ReplyDelivery
  readonly #stop: EnvironmentStop
  readonly #rejected = new RejectedReplies((warning) => this.#warnWhileOpen(warning))
  readonly #abort = new AbortController()
  #pinsProblem: string | undefined
  readonly #readEarlierFleet = lazy(async () => this.#options.earlierFleet?.() ?? noEarlierFleet)
  #earlierFleet = noEarlierFleet
  /** Runs that are being started, as they hold locks. */
  readonly #starting = new Set<Promise<unknown>>()

  constructor(options: MasterOptions) {
    const { environment, queues, masterId, replyQueue } = options
    this.environment = environment
    this.#options = options
    this.#warn = contained(options.onWarning)
    this.#pins = options.pinStore?.pins ?? new Pins()
    this.inventory = new Inventory(() => this.#sqsNow(), undefined, {
      pins: this.#pins,
      ...(environment.agentRoles === undefined ? {} : { agentRoles: environment.agentRoles }),
    })
    this.#replyConsumer = new ReplyConsumer({
      ...{ environment, queues, masterId },
      ...{ ...(replyQueue === undefined ? {} : { replyQueue }), owner: options.owner },
      isExpecting: () => this.#runs.areWaiting || this.#stop.isOn,
      deliver: (deliveries) => this.#deliver(deliveries),
      onUnreadable: (messageId, reason, senderId) =>
        this.#rejected.add({ kind: 'unreadable', queue: 'replies', messageId, reason, senderId }),
      onForeign: ({ reply, senderId }) => {
        const { runId, agentId } = reply
        if (!this.#stop.takes(reply, senderId))
          this.#rejected.add({ kind: 'foreign', runId, agentId, senderId })
      },
      onWarning: (error) => this.#warnWhileOpen({ kind: 'queue', error }),
      // Also what happens when it closes.
      onReplyQueue: (warning) => this.#warn(warning),
    })
    this.#runs = new OpenRuns({
      onSleep: () => void this.#replyConsumer.catchUp(),
      onTick: (now) => this.#facts.askAboutQueued(now),
      onWarning: (runId, error) => this.#warnWhileOpen({ kind: 'run', runId, error }),
    })
    const onWarning = (warning: MasterWarning) => this.#warnWhileOpen(warning)
    this.#facts = new FactsRefresh({
      ...{ environment, queues, inventory: this.inventory, runs: this.#runs, onWarning },
      sqsNow: () => this.#sqsNow(),
      signal: this.#abort.signal,
      syncPins: () => this.#syncPins(),
    })
    this.#resumption = new RunResumption({
      ...{ environment, history: options.history, runs: this.#runs, onWarning },
      ...{ replyConsumer: this.#replyConsumer, now: Date.now },
      transport: (runId, replyTo, action) => this.#transport(runId, replyTo, action),
    })
    this.#stop = new EnvironmentStop({
      ...{ environment, queues, issuer: options.issuer, signer: options.signer, history: options.history },
      ...{ inventory: this.inventory, runs: this.#runs },
      replyTo: () => this.#replyConsumer.open(),
      refresh: () => this.refresh(),
      sqsNow: () => this.#sqsNow(),
      closed: this.#abort.signal,
      onWarning: (error) => this.#warnWhileOpen({ kind: 'queue', error }),
    })
    this.#delivery = new ReplyDelivery({
      inventory: this.inventory,
      runOf: (runId) => this.#resumption.runOf(runId),
      onWarning,
      onRejected: (warning) => this.#rejected.add(warning),
    })
  }

  /**
   * Updates the inventory. Concurrent calls share one sweep.
   * @throws QueueError when the facts queue cannot be read
   */
  async refresh(): Promise<Sweep> {
    const [sweep, earlierFleet] = await Promise.all([this.#facts.refresh(), this.#readEarlierFleet.get()])
    this.#earlierFleet = earlierFleet
    return sweep
  }

  /** The agents that a request would reach now: exactly those that {@link start} would send it to. */
  reach(request: Audience): Reach {
    const reach = reachOf(this.inventory.snapshot(), request, this.#earlierFleet)
    return { ...reach, signing: this.signing }
  }

  /** Where replies arrive; undefined until the first command decides it. */
  get replyQueue(): ReplyQueue | undefined {
    return this.#replyConsumer.replyQueue
  }

  /** What it costs that the master has no reply queue of its own, where it wants one. */
  get replyFindings(): Finding[] {
    return sharedReplyFindings(this.replyQueue)
  }

  /** What signs the commands of this master, and the time by which its key may have expired. */
  get signing(): Signing {
    return { signer: this.#options.signer, now: this.#sqsNow() }
  }

  /**
   * Reads what the queue takes, and returns the function that says what a command takes and costs if it is sent to these agents.
   * @throws QueueError when it cannot be read: then the command could not be sent either
   */
  async costing(signal?: AbortSignal): Promise<CostOf> {
    const frame = await this.#commandFrame(signal)
    return (request, reach) => commandCost(request, reach, frame)
  }

  /**
   * The same of what is left of a rollout.
   * @throws QueueError when it cannot be read: then the rollout could not go on either
   */
  async remainingCosting(signal?: AbortSignal): Promise<RemainingCostOf> {
    const frame = await this.#commandFrame(signal)
    return (state, known) => remainingCost(state, known, frame)
  }

  async #commandFrame(signal: AbortSignal | undefined): Promise<CommandFrame> {
    const { environment, queues, masterId, issuer, signer } = this.#options
    const limitBytes = await queues.maximumMessageSize(environment.queues.commands, signal)
    const { name } = environment
    const replyTo = privateReplyQueue(name, masterId)
    return { environment: name, issuer, replyTo, limitBytes, key: signer?.name }
  }

  /**
   * Sends a command to the agents that {@link reach} returns.
   * @param signal aborts sending; after that, cancels the run
   * @throws NobodyMatches, InvalidAction, UnseenNotAllowed: nothing was sent; QueueError, or Error when the run could not be recorded: some of the agents
   *   may have received it. Never because of an abort
   */
  start(request: RunRequest, signal = new AbortController().signal): Promise<StartOutcome> {
    const starting = this.#start(request, signal).finally(() => this.#starting.delete(starting))
    this.#starting.add(starting)
    return starting
  }

  async #start(request: RunRequest, signal: AbortSignal): Promise<StartOutcome> {
    const stop = AbortSignal.any([signal, this.#abort.signal])
    if (stop.aborted) return { kind: 'not-sent' }
    checkAction(request.action)
    checkUnseen(request, this.environment)
    const reach = this.reach(request)
    const agents = reach.named
    if (reachesNobody(reach, request))
      throw new NobodyMatches(this.environment.name, request.filter.text, reach.known)
    const { signer } = this.#options
    const replyTo = await orAborted(this.#replyConsumer.open(), stop)
    if (replyTo === aborted) return { kind: 'not-sent' }
    const start = {
      runId: randomUUID(),
      environment: this.environment.name,
      request: recordOf(request),
      issuer: this.#options.issuer,
      startedAt: Date.now(),
      replyTo,
      ...(signer === undefined ? {} : { signingKey: signer.name }),
      reach: recordOfReach(reach, this.environment),
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

  /** The runs that agents execute, also those of other masters, as far as their facts say. */
  running(): RunningRun[] {
    return this.#stop.running()
  }

  /**
   * Stops everything that {@link running} returns, on all agents: see {@link EnvironmentStop.stop}.
   * @throws QueueError when SQS refuses a cancel: all others were sent
   */
  stopEverything(signal = new AbortController().signal): Promise<StopOutcome> {
    return this.#stop.stop(signal)
  }

  /**
   * Lets go of what these agents have proven, or all: an instance is believed again with a proof by any role, or without one. For a
   * person who has replaced roles, or given an instance other credentials.
   * @throws Error when that cannot be stored: other masters then go on as before
   */
  async letGo(agentIds?: readonly string[]): Promise<void> {
    const { pinStore } = this.#options
    if (pinStore === undefined) this.#pins.letGo(agentIds)
    else await pinStore.letGo(agentIds)
    this.inventory.reconsider(agentIds)
  }

  /** Numbers of messages on the reply queue that were rejected so far. */
  get rejected(): Readonly<Rejected> {
    return this.#rejected.counts
  }

  /** A run of this master that is open: active, or recently over. */
  run(runId: string): Run | undefined {
    return this.#runs.get(runId)
  }

  /**
   * Resumes the runs of this environment that were active when an earlier master ended, and receives late replies. Runs
   * that another master holds are left to it. A rollout stays paused, until `run.resume()`, when the environment is protected
   * or when no master has held it for 10 s.
   * @throws QueueError when replies cannot be received
   */
  async resume(): Promise<Run[]> {
    const open = (await this.#options.history.list()).filter(
      ({ runId, environment, phase }) =>
        environment === this.environment.name &&
        phase !== 'over' &&
        (this.run(runId) === undefined || this.#resumption.isByReply(runId)),
    )
    // First: without a reply queue a run could not be resumed, and it would not be tried again.
    await this.#replyConsumer.open()
    const resumed: Run[] = []
    for (const { runId } of open) {
      if (this.#abort.signal.aborted) break
      const run = await this.#resumption.resume(runId)
      if (typeof run !== 'string') resumed.push(run)
    }
    return resumed
  }

  /**
   * Resumes one run of this environment. Its rollout stays paused until `run.resume()`.
   * @returns undefined when the run is not in the history, is of another environment, or is held by another master
   * @throws QueueError when replies cannot be received
   */
  async resumePaused(runId: string): Promise<Run | undefined> {
    await this.#replyConsumer.open()
    const run = (await this.#options.history.has(runId)) && (await this.#resumption.resumePaused(runId))
    return typeof run === 'object' ? run : undefined
  }

  /**
   * Ends receiving. Active runs stay as they are in the history, to be resumed.
   * @param options.forgetReplyQueue deletes the private reply queue if no run of this master is left to be resumed: for a
   *   master whose id is never used again. What prevents it is a warning
   * @param options.signal gives up deleting it
   */
  async close({ forgetReplyQueue = false, signal }: CloseOptions = {}): Promise<void> {
    await this.#runs.withdrawn()
    this.#abort.abort()
    await this.#replyConsumer.close(forgetReplyQueue)
    await this.#facts.idle()
    await this.#syncPins()
    await Promise.allSettled(this.#starting)
    await this.#resumption.idle()
    const isAllOver = this.#runs.underWay().length === 0 && !this.#runs.areWaiting
    await this.#runs.close()
    if (forgetReplyQueue && isAllOver) await this.#replyConsumer.deleteQueue(signal)
  }

  #cancelBy(signal: AbortSignal, run: Run): void {
    const cancel = () => {
      run.cancel().catch((cause: Error) => {
        const sentence = say(
          'The agents could not be asked to stop; the command may still run: {0}',
          sentenceOf(cause),
        )
        this.#warnWhileOpen({
          kind: 'run',
          runId: run.runId,
          error: new LocalizableError(sentence, { cause }),
        })
      })
    }
    if (signal.aborted) cancel()
    else {
      signal.addEventListener('abort', cancel, { once: true })
      void run.ended.then(() => signal.removeEventListener('abort', cancel))
    }
  }

  async #deliver(deliveries: readonly ReceivedReply[]): Promise<Disposition[]> {
    const dispositions = await this.#delivery.deliver(deliveries)
    // After a late reply a run may wait for something again.
    this.#runs.wake()
    return dispositions
  }

  #transport(runId: string, replyTo: string, action: RunRequest['action'] | undefined) {
    const { environment, queues, signer, issuer, timing } = this.#options
    const { responseTimeoutMs, ...waits } = { ...defaultTiming, ...timing }
    return createRunTransport({
      ...{ environment, queues, issuer, signer, replyTo, action },
      // A command must still be valid when it is sent, whatever time its signature has taken.
      timing: { ...waits, responseTimeoutMs: responseTimeoutMs + (signer?.mayTakeMs ?? 0) },
      signal: this.#abort.signal,
      hearing: (now) => this.#replyConsumer.hearing(now),
      trouble: (now) => this.#replyConsumer.trouble(now),
      onSender: (senderId) => this.#runs.get(runId)?.sentBy(senderId),
      onControlMessage: (order) => this.#delivery.remember(order),
      onWarning: (error) =>
        this.#warnWhileOpen(
          error instanceof QueueError ? { kind: 'queue', error } : { kind: 'run', runId, error },
        ),
    })
  }

  async #syncPins(): Promise<void> {
    try {
      await this.#options.pinStore?.sync()
      this.#pinsProblem = undefined
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#pinsProblem) this.#warn({ kind: 'pins', error: error as Error })
      this.#pinsProblem = message
    }
  }

  #warnWhileOpen(warning: MasterWarning): void {
    // Requests aborted by closing are not reported.
    if (this.#abort.signal.aborted) return
    this.#warn(warning)
  }

  #sqsNow(): number {
    return Date.now() + (this.#options.queues.clockOffsetMs ?? 0)
  }
}
