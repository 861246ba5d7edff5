import { endLeftovers } from '../execution/orphanProcesses.ts'
import { markOf } from '../execution/runMark.ts'
import type { Audit } from '../log/audit.ts'
import { type Log, reasonOf } from '../log/log.ts'
import type { Deliveries } from '../replies/deliveries.ts'
import type { Outbox } from '../replies/outbox.ts'
import type { ReplyFrom } from '../replies/replyWriter.ts'
import { readOutput, type SpooledOutput, terminalResult } from '../replies/terminalResult.ts'
import type { Journal } from '../store/journal.ts'
import type { BegunRun } from '../store/journalLines.ts'
import type { Spool } from '../store/spool.ts'
import type { SpooledReply } from '../store/spooledReply.ts'

export interface PastRunsParts {
  readonly from: ReplyFrom
  readonly killGraceMs: () => number
  readonly journal: Journal
  readonly spool: Spool
  readonly outbox: Outbox
  readonly deliveries: Deliveries
  readonly audit: Audit
  readonly log: Log
  readonly now: () => number
}

/** Answers for runs that are over: left by an earlier process, asked for again, or never begun. */
export class Recovery {
  readonly #parts: PastRunsParts

  constructor(parts: PastRunsParts) {
    this.#parts = parts
  }

  /** Answers what an earlier process of this agent took on and could not answer. */
  recover(): void {
    const { journal, deliveries } = this.#parts
    const begun = journal.undelivered()
    for (const { runId } of begun) deliveries.expect(runId)
    void this.#recoverAll(begun)
  }

  /** Sends frames and the result of a run again, as far as they are kept. The run may be on. */
  async resend(runId: string, replyTo: string, frames: readonly number[], result: boolean): Promise<void> {
    const { spool, outbox } = this.#parts
    const spooled = await spool.find(runId)
    if (spooled === undefined) return
    try {
      const wanted = frames.filter((frame) => frame < spooled.frames)
      const isInResult = wanted.length < frames.length
      for (const frame of wanted) if (!(await outbox.offer(replyTo, spooled.body(frame)))) return
      if ((result || isInResult) && spooled.isFinished) {
        outbox.post(replyTo, spooled.body(spooled.count - 1))
      }
    } finally {
      spooled.close()
    }
  }

  /** Answers a run that was not begun and, as the journal knows by now, never will be. */
  async answerUnstarted(runId: string, replyTo: string): Promise<void> {
    const { spool, outbox, from, now } = this.#parts
    const outcome = { kind: 'cancelled', started: false } as const
    const spooled = spool.create(runId)
    const output = await readOutput(spooled, runId)
    const body = terminalResult(output, { runId, from, now: now(), outcome })
    spooled.append({ kind: 'result', body })
    spooled.close()
    outbox.post(replyTo, body)
  }

  async #recoverAll(runs: readonly BegunRun[]): Promise<void> {
    const { spool, log } = this.#parts
    for (const begun of runs) {
      const { runId } = begun
      // One after the other: there may be thousands, with a file each. Which cannot be read is as good as none.
      const spooled = (await spool.takeUp(runId).catch(() => undefined)) ?? spool.create(runId)
      const output = await readOutput(spooled, runId)
      this.#recoverRun(begun, spooled, output).catch((error) => {
        log.error(`Run ${runId} of an earlier process cannot be answered: ${reasonOf(error)}`)
      })
    }
  }

  async #recoverRun(
    { runId, replyTo, audited }: BegunRun,
    spooled: SpooledReply,
    output: SpooledOutput,
  ): Promise<void> {
    const { log, audit, deliveries } = this.#parts
    if (!spooled.isFinished) {
      const left = await this.#complete(runId, spooled, output)
      audit(audited, { verdict: 'interrupted' })
      const stopped = left > 0 ? '; what was left of it was stopped' : ''
      log.warn(`Run ${runId} was interrupted by the end of an earlier process of this agent${stopped}.`)
    }
    deliveries.start(runId, replyTo, spooled)
  }

  /** Stops what is left of a run, and ends its reply. Returns how many process groups there were. */
  async #complete(runId: string, spooled: SpooledReply, output: SpooledOutput): Promise<number> {
    const { from, now, killGraceMs } = this.#parts
    const left = await endLeftovers(markOf(from.agentId, runId), killGraceMs())
    const outcome = { kind: 'interrupted' } as const
    spooled.append({ kind: 'result', body: terminalResult(output, { runId, from, now: now(), outcome }) })
    return left
  }
}
