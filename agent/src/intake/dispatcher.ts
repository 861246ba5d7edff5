import type { ReceivedMessage } from '../../../src/queues/queues.ts'
import { SenderTally } from '../../../src/queues/senderTally.ts'
import type { FactsPublisher } from '../announcing/factsPublisher.ts'
import { type Audit, type AuditContentMode, describeContent, describeEnd } from '../log/audit.ts'
import { type Log, reasonOf } from '../log/log.ts'
import type { Answers } from '../replies/answers.ts'
import { NotTaken } from '../runs/executor.ts'
import type { Runs } from '../runs/runs.ts'
import { remembers } from './admission.ts'
import type { HeldCommands } from './heldCommands.ts'
import { type Decision, decide, hasEffects, type IntakeContext, type Refused } from './intake.ts'

type Accepted = Extract<Decision, { readonly kind: 'accepted' }>

export interface DispatcherOptions {
  readonly context: () => Omit<IntakeContext, 'knowsOrder'>
  /** Makes what operators wrote count for the next decision, as it is now. Does not throw. */
  readonly look: () => Promise<void>
  readonly runs: Runs
  /** Where commands wait for a planned restart, */
  readonly held: HeldCommands
  /** and whether new ones do, at the moment. */
  readonly holds: () => boolean
  readonly answers: Answers
  readonly factsPublisher: Pick<FactsPublisher, 'refresh' | 'announce'>
  readonly audit: Audit
  /** As configured at the moment. */
  readonly auditing: () => { readonly content: AuditContentMode; readonly isRequired: boolean }
  readonly log: Log
}

/** Orders that are remembered: more than come in the time in which a recorded one could be sent again. */
const rememberedOrders = 10_000

/** Carries out the decision about each message. No message can make it fail. */
export class Dispatcher {
  readonly #o: DispatcherOptions
  /** Ids of orders to send output again that were carried out, the oldest first. */
  readonly #orders = new Set<string>()
  readonly #unreadable = new SenderTally()

  constructor(options: DispatcherOptions) {
    this.#o = options
  }

  handle(received: ReceivedMessage): void {
    this.#carryOut(received).catch((error) => {
      this.#o.log.error(`Message ${received.messageId} could not be processed: ${reasonOf(error)}`)
    })
  }

  /** Decides about the commands that have waited for a restart: it has been, or did not come. Does not throw. */
  async release(): Promise<void> {
    const { held, context, log } = this.#o
    for (const { runId, received, arrivedAt } of await held.list(context().now)) {
      await this.#carryOut(received, arrivedAt).catch((error) =>
        log.error(`Run ${runId}, which waited for a restart, cannot be processed: ${reasonOf(error)}`),
      )
      await held.drop(runId)
    }
  }

  /** Refuses the commands that wait for a restart, as the agent ends without one. Does not throw. */
  async refuseHeld(): Promise<void> {
    const { held, runs, answers, context } = this.#o
    for (const { runId, replyTo } of await held.list(context().now)) {
      await runs.bar(runId)
      answers.refuse(runId, replyTo, 'busy', 'The agent is stopping.')
      await held.drop(runId)
    }
  }

  /** @param arrivedAt when a command was read that has waited for a restart */
  async #carryOut(received: ReceivedMessage, arrivedAt?: number): Promise<void> {
    const { context, look, runs, log } = this.#o
    await look()
    const decision = decide(received, {
      ...context(),
      ...(arrivedAt === undefined ? {} : { arrivedAt }),
      knowsOrder: (runId) => this.#orders.has(runId),
    })
    switch (decision.kind) {
      case 'unreadable':
        return this.#tellUnreadable(received, decision.why)
      case 'ignored':
        return log.debug(`Command ${decision.command.runId} is not for this agent: ${decision.why}.`)
      case 'withheld':
        this.#o.audit('withheld', decision.audited, { verdict: 'withheld', reason: decision.why })
        return log.warn(`Run ${decision.command.runId} is neither executed nor replied to: ${decision.why}.`)
      case 'refused':
        return this.#refuse(decision)
      case 'repeated': {
        const { runId, replyTo } = decision.command
        log.info(`Run ${runId} arrived again. It is not executed again; its reply is sent again.`)
        this.#o.audit('repeated', decision.audited)
        return runs.repeat(runId, replyTo)
      }
      case 'accepted':
        return arrivedAt === undefined && this.#o.holds() && hasEffects(decision.command)
          ? this.#hold(decision, received)
          : this.#accept(decision)
    }
  }

  async #accept({ command, audited, by, isForeign, whyNot }: Accepted): Promise<void> {
    const { runs, answers, factsPublisher, audit, auditing, context } = this.#o
    const { action, runId, replyTo } = command
    switch (action.kind) {
      case 'shell':
      case 'script':
        try {
          const { content, isRequired } = auditing()
          const shown = describeContent(action, content)
          const entry = audit('received', audited, shown)
          if (entry === 'failed' && isRequired)
            throw new NotTaken(
              'The command cannot be audited, so it is not executed (general.audit_required).',
            )
          const received = typeof entry === 'string' ? undefined : { ...entry, ...shown }
          return await runs.take({ command, action, audited, received, by, whyNot })
        } catch (error) {
          if (!(error instanceof NotTaken)) throw error
          const refused = { command, audited, code: 'busy', reason: error.message, replyTo } as const
          return this.#refuse({ kind: 'refused', ...refused, stands: true })
        }
      case 'ping':
        audit('ended', audited, describeEnd({ kind: 'exited', code: 0 }, 0))
        return answers.succeed(runId, replyTo, '', 0)
      case 'facts': {
        const startedAt = performance.now()
        const facts = await factsPublisher.refresh(true)
        factsPublisher.announce()
        const durationMs = Math.round(performance.now() - startedAt)
        audit('ended', audited, describeEnd({ kind: 'exited', code: 0 }, durationMs))
        return answers.succeed(runId, replyTo, `${Object.keys(facts).length} facts\n`, durationMs)
      }
      case 'cancel': {
        audit('ended', audited, { verdict: 'succeeded' })
        return runs.cancel(action.runId, replyTo, !isForeign, () => remembers(context(), action.issuedAt))
      }
      case 'resend':
        this.#remember(runId)
        audit('ended', audited, { verdict: 'succeeded' })
        return runs.resend(action.runId, replyTo, action.missing, action.result)
      case 'unsupported':
        return
    }
  }

  /** The new agent decides about it, and says who had it executed in the audit log. */
  async #hold({ command, audited }: Accepted, received: ReceivedMessage): Promise<void> {
    const { held, answers, context, log } = this.#o
    const { runId, replyTo } = command
    try {
      const arrivedAt = context().now
      if ((await held.hold({ runId, replyTo, received, arrivedAt })) === 'left') return
    } catch (error) {
      const reason = `The agent is about to restart, and cannot keep the command until then: ${reasonOf(error)}.`
      return this.#refuse({ kind: 'refused', command, audited, code: 'busy', reason, replyTo, stands: true })
    }
    log.info(`Run ${runId} waits for the restart.`)
    answers.acknowledge(runId, replyTo, 'queued')
  }

  #remember(orderId: string): void {
    this.#orders.add(orderId)
    for (const oldest of this.#orders) {
      if (this.#orders.size <= rememberedOrders) return
      this.#orders.delete(oldest)
    }
  }

  async #refuse({ command, audited, code, reason, replyTo, stands }: Refused): Promise<void> {
    const { runs, answers, audit, log } = this.#o
    audit('refused', audited, { verdict: 'refused', code, reason })
    if (stands) await runs.bar(command.runId)
    if (replyTo !== undefined) return answers.refuse(command.runId, replyTo, code, reason)
    log.warn(`Run ${command.runId} is refused (${code}), without a reply: ${reason}`)
  }

  /** Of each sender the 1st, the 10th, the 100th … as a warning: the log does not grow with what somebody sends. */
  #tellUnreadable({ messageId, senderId }: ReceivedMessage, why: string): void {
    const { log } = this.#o
    const count = this.#unreadable.count(senderId)
    const sentence = `Message ${messageId} of ${senderId ?? 'an unknown sender'} cannot be read: ${why}`
    if (count === undefined) log.debug(sentence)
    else if (count === 1) log.warn(sentence)
    else log.warn(`${sentence}; ${count} messages of this sender so far`)
  }
}
