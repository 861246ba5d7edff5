import { join } from 'node:path'
import type { AuditLog } from '../log/auditLog.ts'
import { reasonOf } from '../log/log.ts'
import type { Principal } from '../policy/principal.ts'
import type { Answers } from '../replies/answers.ts'
import { Deliveries } from '../replies/deliveries.ts'
import type { Outbox } from '../replies/outbox.ts'
import { Journal, type JournalClocks } from '../store/journal.ts'
import { Spool } from '../store/spool.ts'
import { type AcceptedCommand, Executor } from './executor.ts'
import { Recovery } from './recovery.ts'
import type { RunContext } from './runContext.ts'

/** The runs of this agent, from the moment that it takes them on until their replies are with SQS, over restarts. */
export class Runs {
  readonly #context: RunContext
  readonly #journal: Journal
  readonly #deliveries: Deliveries
  readonly #executor: Executor
  readonly #recovery: Recovery

  /**
   * Opens what is kept in the state directory, which must be this process's alone.
   * @throws Error when there is a journal that cannot be read
   */
  static async open(
    context: RunContext,
    clocks: JournalClocks,
    auditLog: Pick<AuditLog, 'restore' | 'sync'>,
    outbox: Outbox,
    answers: Answers,
  ): Promise<Runs> {
    const { configuration } = context
    const { stateDir } = configuration()
    const journal = await Journal.open(join(stateDir, 'journal'), context.log, clocks, auditLog)
    const spool = new Spool(
      join(stateDir, 'spool'),
      () => configuration().spoolLimitBytes,
      () => configuration().undeliveredLimitBytes,
    )
    // On a full disk, replies are kept in memory.
    await spool.prepare().catch((error) => context.log.error(`The spool: ${reasonOf(error)}`))
    return new Runs(context, journal, spool, outbox, answers)
  }

  private constructor(context: RunContext, journal: Journal, spool: Spool, outbox: Outbox, answers: Answers) {
    this.#context = context
    this.#journal = journal
    this.#deliveries = new Deliveries(context, journal, spool, outbox)
    this.#executor = new Executor(context, journal, this.#deliveries, answers)
    this.#recovery = new Recovery(context, journal, spool, outbox, this.#deliveries)
  }

  /** Ids of runs that are queued or being executed. */
  get running(): string[] {
    return this.#executor.running
  }

  /** Nothing is queued or being executed, and every reply is delivered. */
  get isIdle(): boolean {
    return this.#executor.isIdle && this.#deliveries.isIdle
  }

  /** SQS's clock, milliseconds: runs that were issued before this may have been taken on without being known. */
  get rememberedSince(): number {
    return this.#journal.remembersSince
  }

  /** Whether the run was taken on, or barred, as far back as this agent remembers. */
  knows(runId: string): boolean {
    return this.#journal.knows(runId)
  }

  /** Who had the run executed; undefined for a run that is not known, or was taken on by an earlier version. */
  ownerOf(runId: string): Principal | undefined {
    return this.#journal.ownerOf(runId)
  }

  /** What is wrong with the memory of runs, in words. */
  get problem(): string | undefined {
    return this.#journal.problem
  }

  /** Answers what an earlier process of this agent took on and could not answer. */
  recover(): void {
    this.#recovery.recover()
  }

  /**
   * Takes a run on: resolves when that is recorded, so that it is executed once and answered whatever happens.
   * @throws NotTaken
   */
  take(command: AcceptedCommand): Promise<void> {
    return this.#executor.take(command)
  }

  /** The run must never be taken on. A refusal that cannot be recorded is one all the same. */
  async bar(runId: string): Promise<void> {
    await this.#journal.bar(runId).catch((error) => {
      this.#context.log.warn(`Cannot record the refusal of run ${runId}: ${reasonOf(error)}`)
    })
  }

  /**
   * Stops a run, or sees to it that it never begins; says again how it ended when it has.
   * @param mayRead whether the sender of the cancellation may have the run's output, which is the answer of an ended run
   * @param maySayUnstarted whether a run that is not known certainly never began
   */
  async cancel(
    runId: string,
    replyTo: string,
    mayRead: boolean,
    maySayUnstarted: () => boolean,
  ): Promise<void> {
    if (this.#executor.cancel(runId) === 'stopping') return
    if (this.#journal.knows(runId)) return mayRead ? this.repeat(runId, replyTo) : undefined
    await this.#journal.bar(runId)
    if (maySayUnstarted()) await this.#recovery.answerUnstarted(runId, replyTo)
  }

  /** Says again what there is to say of a run that is known. */
  async repeat(runId: string, replyTo: string): Promise<void> {
    if (this.#executor.acknowledge(runId) === 'acknowledged' || this.#deliveries.isDue(runId)) return
    await this.#recovery.resend(runId, replyTo, [], true)
  }

  /** Sends frames and the result of a run again, as far as they are kept. The run may be on. */
  resend(runId: string, replyTo: string, frames: readonly number[], result: boolean): Promise<void> {
    return this.#recovery.resend(runId, replyTo, frames, result)
  }

  /** Stops everything that runs and answers it. Resolves when that is in the spool. */
  stop(): Promise<void> {
    return this.#executor.close()
  }

  /** Resolves when every reply is delivered; what fails from now on is left to the next process. */
  deliver(): Promise<void> {
    return this.#deliveries.close()
  }

  async close(): Promise<void> {
    await this.#journal.close()
  }
}
