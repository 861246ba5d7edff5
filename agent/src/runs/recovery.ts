import { endOrphanProcesses } from '../execution/orphanProcesses.ts'
import type { RunLimits } from '../execution/runLimits.ts'
import { markOf } from '../execution/runMark.ts'
import { reasonOf } from '../log/log.ts'
import type { Deliveries } from '../replies/deliveries.ts'
import type { Outbox } from '../replies/outbox.ts'
import { readOutput, type SpooledOutput, terminalResult } from '../replies/terminalResult.ts'
import type { Journal } from '../store/journal.ts'
import type { BegunRun } from '../store/journalLines.ts'
import type { Spool } from '../store/spool.ts'
import type { SpooledReply } from '../store/spooledReply.ts'
import type { RunContext } from './runContext.ts'

type RecoveryContext = Omit<RunContext, 'ownUser' | 'limits' | 'onRest'> & {
  readonly limits: Pick<RunLimits, 'leftOf'>
}

/** Answers for runs that are over: left by an earlier process, requested again, or never started. */
export class Recovery {
  readonly #context: RecoveryContext
  readonly #journal: Pick<Journal, 'undelivered'>
  readonly #spool: Spool
  readonly #outbox: Pick<Outbox, 'post' | 'offer'>
  readonly #deliveries: Pick<Deliveries, 'expect' | 'start'>

  constructor(
    context: RecoveryContext,
    journal: Pick<Journal, 'undelivered'>,
    spool: Spool,
    outbox: Pick<Outbox, 'post' | 'offer'>,
    deliveries: Pick<Deliveries, 'expect' | 'start'>,
  ) {
    this.#context = context
    this.#journal = journal
    this.#spool = spool
    this.#outbox = outbox
    this.#deliveries = deliveries
  }

  /** Answers what an earlier process of this agent took on and could not answer. */
  recover(): void {
    const begun = this.#journal.undelivered()
    for (const { runId } of begun) this.#deliveries.expect(runId)
    void this.#recoverAll(begun)
  }

  /** Sends frames and the result of a run again, as far as they are kept. The run may be on. */
  async resend(runId: string, replyTo: string, frames: readonly number[], result: boolean): Promise<void> {
    const spooled = await this.#spool.find(runId)
    if (spooled === undefined) return
    try {
      const wanted = frames.filter((frame) => frame < spooled.frames)
      const isInResult = wanted.length < frames.length
      for (const frame of wanted) if (!(await this.#outbox.offer(replyTo, spooled.body(frame)))) return
      if ((result || isInResult) && spooled.isFinished) {
        this.#outbox.post(replyTo, spooled.body(spooled.count - 1))
      }
    } finally {
      spooled.close()
    }
  }

  /** Answers a run that was not begun and, as the journal knows by now, never will be. */
  async answerUnstarted(runId: string, replyTo: string): Promise<void> {
    const { from, now } = this.#context
    const outcome = { kind: 'cancelled', started: false } as const
    const spooled = this.#spool.create(runId)
    const output = await readOutput(spooled, runId)
    const body = terminalResult(output, { runId, from, now: now(), outcome })
    spooled.append({ kind: 'result', body })
    spooled.close()
    this.#outbox.post(replyTo, body)
  }

  async #recoverAll(runs: readonly BegunRun[]): Promise<void> {
    for (const begun of runs) {
      const { runId } = begun
      const fail = (error: unknown) => {
        this.#context.log.error(`Cannot reply to run ${runId} of an earlier process: ${reasonOf(error)}`)
      }
      try {
        // One after the other: there may be thousands, with a file each. Which cannot be read is as good as none.
        const spooled = (await this.#spool.resume(runId).catch(() => undefined)) ?? this.#spool.create(runId)
        const output = await readOutput(spooled, runId)
        this.#recoverRun(begun, spooled, output).catch(fail)
      } catch (error) {
        fail(error)
      }
    }
  }

  async #recoverRun(
    { runId, replyTo, audited }: BegunRun,
    spooled: SpooledReply,
    output: SpooledOutput,
  ): Promise<void> {
    const { log, audit } = this.#context
    if (!spooled.isFinished) {
      const left = await this.#complete(runId, spooled, output)
      audit('ended', audited, { verdict: 'interrupted' })
      const stopped = left ? '; what was left of it was stopped' : ''
      log.warn(`Run ${runId} was interrupted when an earlier process of this agent ended${stopped}.`)
    }
    this.#deliveries.start(runId, replyTo, spooled)
  }

  /** Stops what is left of a run, and ends its reply. Returns whether there was anything. */
  async #complete(runId: string, spooled: SpooledReply, output: SpooledOutput): Promise<boolean> {
    const { from, now, configuration, limits } = this.#context
    const { killGraceMs } = configuration()
    const left = await endOrphanProcesses(
      markOf(from.agentId, runId),
      killGraceMs,
      await limits.leftOf(runId),
    )
    const outcome = { kind: 'interrupted' } as const
    spooled.append({ kind: 'result', body: terminalResult(output, { runId, from, now: now(), outcome }) })
    return left
  }
}
