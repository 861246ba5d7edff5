import { join } from 'node:path'
import { sealBody } from '../../src/protocol/envelope.ts'
import type { CommandMessage, Outcome } from '../../src/protocol/messages.ts'
import { type Audit, type AuditedCommand, describeEnd } from './audit.ts'
import type { Configuration } from './configuration.ts'
import { Delivery } from './delivery.ts'
import { execute, type StopReason } from './execution/execute.ts'
import { endLeftovers } from './execution/leftovers.ts'
import type { ExecutableAction } from './execution/preparation.ts'
import { interruptedResult } from './interruption.ts'
import type { BegunRun, Journal } from './journal.ts'
import { type Log, reasonOf } from './log.ts'
import type { Outbox } from './outbox.ts'
import { type ReplyFrom, ReplyWriter } from './replyWriter.ts'
import type { Spool } from './spool.ts'
import type { SpooledReply } from './spooledReply.ts'

/** A run that ends sooner is answered by one message with everything in it, milliseconds. */
const ackAfterMs = 150
/** Output waits at most this long for more to share its frame, milliseconds. */
const flushEveryMs = 500
/** Runs that may wait for a free slot. */
const queuedMost = 1_000

export interface Order {
  readonly command: CommandMessage
  readonly action: ExecutableAction
  readonly audited: AuditedCommand
}

export interface WorkloadParts {
  readonly configuration: () => Configuration
  readonly from: ReplyFrom
  readonly journal: Journal
  readonly spool: Spool
  readonly outbox: Outbox
  readonly audit: Audit
  readonly log: Log
  readonly now: () => number
}

/** Why a run was not taken on, in words. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken'
}

/** A run that was taken on and is not over. */
interface ActiveRun {
  readonly order: Order
  readonly abort: AbortController
  readonly spooled: SpooledReply
  readonly writer: ReplyWriter
  readonly delivery: Delivery
  state: 'queued' | 'started'
  /** The state that was last acknowledged. */
  acknowledged: 'queued' | 'started' | undefined
  ackTimer: NodeJS.Timeout | undefined
}

/** The runs of this agent: executes each at most once, so many at a time, and sees to it that each is answered. */
export class Workload {
  readonly #parts: WorkloadParts
  readonly #active = new Map<string, ActiveRun>()
  readonly #queue: ActiveRun[] = []
  readonly #undelivered = new Set<string>()
  /** Replies under way. */
  readonly #deliveries = new Set<Promise<void>>()
  /** Told when no run is active any more. */
  readonly #rests: Array<() => void> = []
  #startedRuns = 0
  #closing = false

  constructor(parts: WorkloadParts) {
    this.#parts = parts
  }

  /** Ids of runs that are queued or being executed. */
  get running(): string[] {
    return [...this.#active.keys()]
  }

  /** Nothing is being executed, queued or waiting to be delivered. */
  get isIdle(): boolean {
    return this.#active.size === 0 && this.#undelivered.size === 0
  }

  /**
   * Takes a run on: resolves when that is recorded, so that it is executed once and answered whatever happens.
   * @throws NotTaken
   */
  async take(order: Order): Promise<void> {
    const { journal, now } = this.#parts
    const { runId, replyTo } = order.command
    if (this.#closing) throw new NotTaken('The agent is about to end.')
    if (this.#queue.length >= queuedMost) throw new NotTaken(`${queuedMost} runs are waiting already.`)
    const run = this.#prepare(order)
    this.#active.set(runId, run)
    try {
      await journal.begin({ runId, at: now(), replyTo, audit: { ...order.audited } })
    } catch (error) {
      clearTimeout(run.ackTimer)
      this.#leave(runId)
      throw new NotTaken(`It cannot be recorded, and is not executed without: ${reasonOf(error)}`)
    }
    this.#undelivered.add(runId)
    void this.#deliver(runId, run.spooled, run.delivery)
    this.#queue.push(run)
    this.#fill()
  }

  /** Stops a run that is executed or queued. */
  cancel(runId: string): 'stopping' | 'unknown' {
    const run = this.#active.get(runId)
    run?.abort.abort('cancelled' satisfies StopReason)
    return run === undefined ? 'unknown' : 'stopping'
  }

  /** Answers a run that was not taken on and, by its record in the journal, never will be. */
  async answerUnstarted(runId: string, replyTo: string): Promise<void> {
    const spooled = this.#parts.spool.create(runId)
    const writer = this.#createWriter(runId, replyTo, 0, spooled, () => {})
    await writer.finish({ kind: 'cancelled', started: false }, 0)
    this.#parts.outbox.post(replyTo, await spooled.body(0))
    await spooled.close()
  }

  /** Says again what there is to say of a run. */
  async repeat(runId: string, replyTo: string): Promise<void> {
    const run = this.#active.get(runId)
    if (run !== undefined) return this.#acknowledge(run)
    if (this.#undelivered.has(runId)) return
    await this.resend(runId, replyTo, [], true)
  }

  /** Sends frames and the result of a run again, as far as they are kept. */
  async resend(runId: string, replyTo: string, frames: readonly number[], result: boolean): Promise<void> {
    const { spool, outbox } = this.#parts
    const spooled = await spool.find(runId)
    if (spooled === undefined) return
    try {
      const wanted = frames.filter((frame) => frame < spooled.frames)
      const inResult = wanted.length < frames.length && spooled.isFinished
      for (const frame of wanted) await outbox.send(replyTo, await spooled.body(frame))
      if ((result || inResult) && spooled.isFinished) {
        outbox.post(replyTo, await spooled.body(spooled.count - 1))
      }
    } finally {
      await spooled.close()
    }
  }

  /** Takes up what an earlier process of this agent left: answers what it could not answer. */
  recover(): void {
    for (const begun of this.#parts.journal.undelivered()) {
      this.#undelivered.add(begun.runId)
      this.#recoverRun(begun).catch((error) => {
        this.#parts.log.error(
          `Run ${begun.runId} of an earlier process cannot be answered: ${reasonOf(error)}`,
        )
      })
    }
  }

  /** Stops everything that runs, answers it, and resolves when that is in the spool. */
  async close(): Promise<void> {
    this.#closing = true
    for (const run of this.#active.values()) run.abort.abort('agent-ends' satisfies StopReason)
    if (this.#active.size > 0) await new Promise<void>((resolve) => this.#rests.push(resolve))
  }

  /** Resolves when every reply that there is has been delivered, or cannot be any more. */
  async delivered(): Promise<void> {
    await Promise.all(this.#deliveries)
  }

  #prepare(order: Order): ActiveRun {
    const { command } = order
    const { outbox, spool, configuration } = this.#parts
    const spooled = spool.create(command.runId)
    const delivery = new Delivery(spooled, (body) => outbox.send(command.replyTo, body))
    const limit = Math.min(
      configuration().outputLimitBytes,
      command.outputLimitBytes ?? Number.POSITIVE_INFINITY,
    )
    const run: ActiveRun = {
      order,
      spooled,
      abort: new AbortController(),
      writer: this.#createWriter(command.runId, command.replyTo, limit, spooled, () => delivery.wake()),
      delivery,
      state: 'queued',
      acknowledged: undefined,
      ackTimer: setTimeout(() => this.#acknowledge(run), ackAfterMs),
    }
    return run
  }

  /** Starts what has a free slot; what was cancelled while it was queued needs none. */
  #fill(): void {
    for (const run of this.#queue.filter(({ abort }) => abort.signal.aborted)) this.#start(run)
    const { maxParallel } = this.#parts.configuration()
    while (this.#startedRuns < maxParallel) {
      const run = this.#queue[0]
      if (run === undefined) return
      this.#start(run)
    }
    for (const { abort } of this.#queue) abort.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  readonly #onAbort = () => this.#fill()

  #start(run: ActiveRun): void {
    this.#queue.splice(this.#queue.indexOf(run), 1)
    this.#startedRuns += 1
    run.state = 'started'
    if (run.acknowledged === 'queued') run.ackTimer = setTimeout(() => this.#acknowledge(run), ackAfterMs)
    const { runId } = run.order.command
    this.#execute(run)
      .catch((error) => this.#parts.log.error(`Run ${runId} cannot be answered: ${reasonOf(error)}`))
      .finally(() => {
        this.#startedRuns -= 1
        this.#leave(runId)
        this.#fill()
      })
  }

  #leave(runId: string): void {
    this.#active.delete(runId)
    if (this.#active.size === 0) for (const resolve of this.#rests.splice(0)) resolve()
  }

  async #execute(run: ActiveRun): Promise<void> {
    const { command, action, audited } = run.order
    const { writer, abort } = run
    const { audit, log } = this.#parts
    const flushing = setInterval(() => {
      if (run.acknowledged === 'started') void writer.flush()
    }, flushEveryMs)
    const startedAt = performance.now()
    const outcome = await this.#outcomeOf(run, action, abort.signal)
    const durationMs = Math.round(performance.now() - startedAt)
    clearInterval(flushing)
    clearTimeout(run.ackTimer)
    await writer.finish(outcome, durationMs)
    const end = describeEnd(outcome, durationMs)
    audit(audited, end)
    log.info(
      `Run ${command.runId} (${action.kind}, from ${audited.issuer}): ${end.verdict} after ${durationMs} ms.`,
    )
  }

  async #outcomeOf(run: ActiveRun, action: ExecutableAction, signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) {
      return (signal.reason as StopReason) === 'cancelled'
        ? { kind: 'cancelled', started: false }
        : { kind: 'interrupted' }
    }
    const { shell, stateDir, killGraceMs, environment } = this.#parts.configuration()
    const { agentId } = this.#parts.from
    return execute(
      action,
      {
        mark: this.#markOf(run.order.command.runId),
        shell,
        stateDir,
        killGraceMs,
        timeoutMs: run.order.command.timeoutMs,
        variables: {
          EC2_COLLECTIVE_ENVIRONMENT: environment,
          EC2_COLLECTIVE_AGENT_ID: agentId,
          EC2_COLLECTIVE_RUN_ID: run.order.command.runId,
        },
        onOutput: (chunk) => run.writer.write(chunk),
      },
      signal,
    )
  }

  #acknowledge(run: ActiveRun): void {
    const { runId, replyTo } = run.order.command
    const { from, now, outbox } = this.#parts
    run.acknowledged = run.state
    outbox.post(replyTo, sealBody({ type: 'ack', runId, ...from, sentAt: now(), state: run.state }))
    if (run.state === 'started') void run.writer.flush()
  }

  #deliver(runId: string, spooled: SpooledReply, delivery: Delivery): Promise<void> {
    const delivering = this.#awaitDelivery(runId, spooled, delivery).finally(() =>
      this.#deliveries.delete(delivering),
    )
    this.#deliveries.add(delivering)
    return delivering
  }

  async #awaitDelivery(runId: string, spooled: SpooledReply, delivery: Delivery): Promise<void> {
    const { journal, log, spool, now } = this.#parts
    try {
      await delivery.done
    } catch (error) {
      // What is not delivered by now is left to the next process.
      if (this.#closing) return
      log.error(`The reply to run ${runId} was given up: ${reasonOf(error)}`)
    } finally {
      await spooled.close()
    }
    journal.delivered(runId)
    this.#undelivered.delete(runId)
    await spool.prune(this.#undelivered, now()).catch((error) => log.warn(`The spool: ${reasonOf(error)}`))
  }

  async #recoverRun(begun: BegunRun): Promise<void> {
    const { runId, replyTo } = begun
    const { spool, outbox, from, now, log, audit, configuration } = this.#parts
    const spooled = (await spool.find(runId)) ?? spool.create(runId)
    if (!spooled.isFinished) {
      const left = await endLeftovers(this.#markOf(runId), configuration().killGraceMs)
      const body = await interruptedResult(spooled, { runId, from, now: now() })
      await spooled.append({ kind: 'result', body })
      audit(begun.audit as unknown as AuditedCommand, { verdict: 'interrupted' })
      log.warn(
        `Run ${runId} was interrupted by the end of an earlier process of this agent${left > 0 ? '; what was left of it was stopped' : ''}.`,
      )
    }
    await this.#deliver(runId, spooled, new Delivery(spooled, (body) => outbox.send(replyTo, body)))
  }

  #createWriter(
    runId: string,
    replyTo: string,
    limit: number,
    spooled: SpooledReply,
    onBody: () => void,
  ): ReplyWriter {
    const { from, outbox, spool, now } = this.#parts
    return new ReplyWriter({
      runId,
      from,
      spooled,
      outputLimitBytes: limit,
      bodyLimit: () => outbox.bodyLimit(replyTo),
      tailPath: join(spool.directory, runId),
      now,
      onBody,
    })
  }

  /** Several agents may share a server (the local fleet), and one run goes to all of them. */
  #markOf(runId: string): string {
    return `${this.#parts.from.agentId}/${runId}`
  }
}
