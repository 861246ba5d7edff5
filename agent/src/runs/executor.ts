import type { CommandMessage, Outcome } from '../../../src/protocol/messages.ts'
import { execute, type StopReason } from '../execution/execute.ts'
import type { ExecutableAction, WhyNot } from '../execution/preparation.ts'
import { markOf } from '../execution/runMark.ts'
import { type AuditedCommand, describeEnd, type ReceivedEntry } from '../log/audit.ts'
import { reasonOf } from '../log/log.ts'
import type { Principal } from '../policy/principal.ts'
import type { Answers } from '../replies/answers.ts'
import type { Deliveries, OpenReply } from '../replies/deliveries.ts'
import type { Journal } from '../store/journal.ts'
import type { RunContext } from './runContext.ts'

/** A run that ends sooner is answered by one message with everything in it, milliseconds. */
const ackAfterMs = 500
/** Output waits at most this long for more to share its frame, milliseconds. */
const flushEveryMs = 500
/** Runs that may wait for a free slot. */
const queuedMost = 1_000

export interface AcceptedCommand {
  readonly command: CommandMessage
  readonly action: ExecutableAction
  readonly audited: AuditedCommand
  /** Its line in the audit log, if there is one. */
  readonly received: ReceivedEntry | undefined
  readonly by: Principal
  readonly whyNot: WhyNot
}

/** Why a run was not taken on, in words. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken'
}

/** A run that was taken on and is not over. */
interface ActiveRun {
  readonly order: AcceptedCommand
  readonly abort: AbortController
  readonly reply: OpenReply
  state: 'queued' | 'started'
  /** The state that was last acknowledged. */
  acknowledged: 'queued' | 'started' | undefined
  ackTimer: NodeJS.Timeout | undefined
}

/** The runs of this agent: executes each at most once, a limited number at a time, and makes sure that each is answered. */
export class Executor {
  readonly #context: RunContext
  readonly #journal: Pick<Journal, 'begin'>
  readonly #deliveries: Pick<Deliveries, 'open'>
  readonly #answers: Pick<Answers, 'acknowledge'>
  readonly #active = new Map<string, ActiveRun>()
  readonly #queue: ActiveRun[] = []
  /** Called when no run is active. */
  readonly #rests: Array<() => void> = []
  #startedRuns = 0
  #closing = false

  constructor(
    context: RunContext,
    journal: Pick<Journal, 'begin'>,
    deliveries: Pick<Deliveries, 'open'>,
    answers: Pick<Answers, 'acknowledge'>,
  ) {
    this.#context = context
    this.#journal = journal
    this.#deliveries = deliveries
    this.#answers = answers
  }

  /** Ids of runs that are queued or being executed. */
  get running(): string[] {
    return [...this.#active.keys()]
  }

  /** Nothing is being executed or queued. */
  get isIdle(): boolean {
    return this.#active.size === 0
  }

  /**
   * Takes a run on: resolves when that is recorded, so that it is executed once and answered whatever happens.
   * @throws NotTaken
   */
  async take(order: AcceptedCommand): Promise<void> {
    const { runId, replyTo } = order.command
    if (this.#closing) throw new NotTaken('The agent is stopping.')
    if (this.#queue.length >= queuedMost)
      throw new NotTaken(`The agent is busy: ${queuedMost} runs are waiting already.`)
    const run = this.#prepare(order)
    this.#active.set(runId, run)
    try {
      const { audited, by, received } = order
      await this.#journal.begin({ runId, replyTo, audited, by }, received)
    } catch (error) {
      clearTimeout(run.ackTimer)
      this.#leave(runId)
      throw new NotTaken(`The command cannot be recorded, so it is not executed: ${reasonOf(error)}`)
    }
    run.reply.deliver()
    this.#queue.push(run)
    this.#fill()
  }

  /** Stops a run that is executed or queued. */
  cancel(runId: string): 'stopping' | 'unknown' {
    const run = this.#active.get(runId)
    run?.abort.abort('cancelled' satisfies StopReason)
    return run === undefined ? 'unknown' : 'stopping'
  }

  /** Says that the run is on, where it is. */
  acknowledge(runId: string): 'acknowledged' | 'unknown' {
    const run = this.#active.get(runId)
    if (run === undefined) return 'unknown'
    this.#acknowledge(run)
    return 'acknowledged'
  }

  /** Stops everything that runs, answers it, and resolves when that is in the spool. */
  async close(): Promise<void> {
    this.#closing = true
    for (const run of this.#active.values()) run.abort.abort('agent-ends' satisfies StopReason)
    if (this.#active.size > 0) await new Promise<void>((resolve) => this.#rests.push(resolve))
  }

  #prepare(order: AcceptedCommand): ActiveRun {
    const { command } = order
    const outputLimitBytes = Math.min(
      this.#context.configuration().outputLimitBytes,
      command.outputLimitBytes ?? Number.POSITIVE_INFINITY,
    )
    const run: ActiveRun = {
      order,
      reply: this.#deliveries.open(command, outputLimitBytes),
      abort: new AbortController(),
      state: 'queued',
      acknowledged: undefined,
      ackTimer: setTimeout(() => this.#acknowledge(run), ackAfterMs),
    }
    return run
  }

  /** Starts what has a free slot; what was cancelled while it was queued needs none. */
  #fill(): void {
    for (const run of this.#queue.filter(({ abort }) => abort.signal.aborted)) this.#start(run)
    const { maxParallel } = this.#context.configuration()
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
      .catch((error) => this.#context.log.error(`Cannot reply to run ${runId}: ${reasonOf(error)}`))
      .finally(() => {
        this.#startedRuns -= 1
        this.#leave(runId)
        this.#fill()
      })
  }

  #leave(runId: string): void {
    this.#active.delete(runId)
    if (this.#active.size > 0) return
    for (const resolve of this.#rests.splice(0)) resolve()
    this.#context.onRest()
  }

  async #execute(run: ActiveRun): Promise<void> {
    const { command, action, audited } = run.order
    const { abort } = run
    const { writer } = run.reply
    const { audit, log } = this.#context
    const flushing = setInterval(() => {
      if (run.acknowledged === 'started') this.#flush(run)
    }, flushEveryMs)
    const startedAt = performance.now()
    const outcome = await this.#outcomeOf(run, action, abort.signal).finally(() => {
      clearInterval(flushing)
      clearTimeout(run.ackTimer)
    })
    const durationMs = Math.round(performance.now() - startedAt)
    await writer.finish(outcome, durationMs)
    const end = describeEnd(outcome, durationMs)
    audit('ended', audited, end)
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
    const { from, ownUser, configuration, limits } = this.#context
    const { agentId } = from
    const { shell, stateDir, killGraceMs, environment, limits: most } = configuration()
    const { runId } = run.order.command
    const mark = markOf(agentId, runId)
    return execute(
      action,
      {
        mark,
        limit: () => limits.begin(most, runId, mark),
        ownUser,
        whyNot: run.order.whyNot,
        shell,
        stateDir,
        killGraceMs,
        timeoutMs: run.order.command.timeoutMs,
        variables: {
          EC2_COLLECTIVE_ENVIRONMENT: environment,
          EC2_COLLECTIVE_AGENT_ID: agentId,
          EC2_COLLECTIVE_RUN_ID: runId,
        },
        onOutput: (chunk) => run.reply.writer.write(chunk),
      },
      signal,
    )
  }

  #acknowledge(run: ActiveRun): void {
    const { runId, replyTo } = run.order.command
    run.acknowledged = run.state
    this.#answers.acknowledge(runId, replyTo, run.state)
    if (run.state === 'started') this.#flush(run)
  }

  #flush({ order, reply }: ActiveRun): void {
    reply.writer.flush().catch((error) => {
      this.#context.log.error(`Cannot send the output of run ${order.command.runId} yet: ${reasonOf(error)}`)
    })
  }
}
