import { createHash } from 'node:crypto'
import { type Opened, openBody, sealBody, UnreadableBody } from '../../../src/protocol/envelope.ts'
import type { Facts } from '../../../src/protocol/facts.ts'
import type { CommandMessage, RefusalMessage, ResultMessage } from '../../../src/protocol/messages.ts'
import type { ReceivedMessage } from '../../../src/queues/queues.ts'
import type { FactsPublisher } from '../announcing/factsPublisher.ts'
import type { User } from '../execution/users.ts'
import { type Audit, describeCommand, describeEnd } from '../log/audit.ts'
import { type Log, reasonOf } from '../log/log.ts'
import { evaluatePolicy } from '../policy/policyDecision.ts'
import type { Deliveries } from '../replies/deliveries.ts'
import type { Outbox } from '../replies/outbox.ts'
import type { ReplyFrom } from '../replies/replyWriter.ts'
import { type Executor, NotTaken } from '../runs/executor.ts'
import type { Recovery } from '../runs/recovery.ts'
import type { Settings } from '../settings/settings.ts'
import type { Journal } from '../store/journal.ts'
import { decide, remembers } from './admission.ts'

export interface DispatcherParts {
  readonly settings: () => Settings
  readonly from: ReplyFrom
  readonly ownUser: User
  /** Own clock, milliseconds. */
  readonly startedAt: number
  readonly journal: Journal
  readonly executor: Executor
  readonly recovery: Recovery
  readonly deliveries: Deliveries
  readonly outbox: Outbox
  readonly factsPublisher: FactsPublisher
  readonly facts: () => Facts
  readonly audit: Audit
  readonly log: Log
  readonly now: () => number
  /** SQS's clock minus ours. */
  readonly clockOffsetMs: () => number
}

/** Takes each message that came by the queue to where it belongs. Nothing in a message can stop it. */
export class Dispatcher {
  readonly #parts: DispatcherParts
  #unreadable = 0

  constructor(parts: DispatcherParts) {
    this.#parts = parts
  }

  handle(received: ReceivedMessage): void {
    try {
      const opened = openBody(received.body)
      if (opened.message.type === 'command') void this.#obey(opened.message, opened, received)
      else throw new UnreadableBody(`a message of type ${opened.message.type}, which is not for agents`)
    } catch (error) {
      this.#tellUnreadable(received.messageId, error)
    }
  }

  async #obey(command: CommandMessage, opened: Opened, received: ReceivedMessage): Promise<void> {
    const { log } = this.#parts
    try {
      await this.#decide(command, opened, received)
    } catch (error) {
      log.error(`Command ${command.runId} could not be dealt with: ${reasonOf(error)}`)
    }
  }

  async #decide(command: CommandMessage, { signature }: Opened, received: ReceivedMessage): Promise<void> {
    const { settings, from, ownUser, facts, journal, log, now, startedAt, clockOffsetMs, audit } = this.#parts
    const { configuration, policy } = settings()
    const { environment, queues } = configuration
    const offset = clockOffsetMs()
    const decision = decide(command, received.sentAt, {
      agentId: from.agentId,
      environment,
      configuredReplyQueue: queues.replies,
      facts: facts(),
      now: now() + offset,
      startedAt: startedAt + offset,
      remembersSince: journal.remembersSince + offset,
      knows: (runId) => journal.knows(runId),
    })
    const audited = describeCommand(command, received.senderId, signature?.key)
    if (decision.kind === 'ignore') {
      log.debug(`Command ${command.runId} is not for this agent: ${decision.why}.`)
      return
    }
    if (decision.kind === 'withheld') {
      log.warn(`Run ${command.runId} is neither executed nor answered: ${decision.why}.`)
      return
    }
    const { action, runId, replyTo } = command
    const judgement =
      action.kind === 'unsupported'
        ? undefined
        : evaluatePolicy(policy, {
            senderId: received.senderId,
            signature,
            action,
            ownUser: ownUser.name,
          })
    if (decision.kind === 'refuse') {
      audit(audited, { verdict: 'refused', code: decision.code, reason: decision.reason })
      if (judgement?.allowed && decision.code !== 'environment') await this.#bar(command)
      return this.#refuse(runId, decision.replyTo, decision.code, decision.reason)
    }
    if (judgement === undefined) return
    if (judgement.allowed) {
      if (decision.kind === 'repeated') {
        log.info(`Run ${runId} came again. It is not executed again; what there is to say of it is.`)
        return this.#repeat(runId, replyTo)
      }
      return this.#accept(command, audited)
    }
    audit(audited, { verdict: 'refused', code: judgement.code, reason: judgement.reason })
    // Of a run that was executed, its result is the answer.
    if (decision.kind === 'repeated') return
    this.#refuse(runId, replyTo, judgement.code, judgement.reason)
  }

  /**
   * A refusal stands: what came too late, or did not fit, may come again by a message that is younger, or when the facts
   * have changed. Only for whom the policy allows: nobody else shall keep a run of others from being executed.
   */
  async #bar({ runId, action }: CommandMessage): Promise<void> {
    if (action.kind !== 'shell' && action.kind !== 'script') return
    await this.#parts.journal.bar(runId).catch((error) => {
      this.#parts.log.warn(`The refusal of run ${runId} cannot be recorded: ${reasonOf(error)}`)
    })
  }

  async #accept(command: CommandMessage, audited: ReturnType<typeof describeCommand>): Promise<void> {
    const { journal, executor, recovery, factsPublisher, audit } = this.#parts
    const { action, runId, replyTo } = command
    switch (action.kind) {
      case 'shell':
      case 'script':
        try {
          return await executor.take({ command, action, audited })
        } catch (error) {
          if (!(error instanceof NotTaken)) throw error
          audit(audited, { verdict: 'refused', code: 'busy', reason: error.message })
          await this.#bar(command)
          return this.#refuse(runId, replyTo, 'busy', error.message)
        }
      case 'ping':
        audit(audited, describeEnd({ kind: 'exited', code: 0 }, 0))
        return this.#answer(runId, replyTo, '', 0)
      case 'facts': {
        const startedAt = performance.now()
        const facts = await factsPublisher.refresh()
        factsPublisher.announce()
        const durationMs = Math.round(performance.now() - startedAt)
        audit(audited, describeEnd({ kind: 'exited', code: 0 }, durationMs))
        return this.#answer(runId, replyTo, `${Object.keys(facts).length} facts\n`, durationMs)
      }
      case 'cancel':
        audit(audited, { verdict: 'succeeded' })
        if (executor.cancel(action.runId) === 'stopping') return
        if (journal.knows(action.runId)) return this.#repeat(action.runId, replyTo)
        await journal.bar(action.runId)
        if (!this.#remembers(action.issuedAt)) return
        return recovery.answerUnstarted(action.runId, replyTo)
      case 'resend':
        // Output goes to whoever asks for it by the run's id: that is worth a line.
        audit(audited, { verdict: 'succeeded' })
        return recovery.resend(action.runId, replyTo, action.missing, action.result)
      case 'unsupported':
        return
    }
  }

  /** Whether a run of that time would be known, had it been taken on. */
  #remembers(issuedAt = Number.POSITIVE_INFINITY): boolean {
    const { journal, clockOffsetMs } = this.#parts
    return remembers({ remembersSince: journal.remembersSince + clockOffsetMs() }, issuedAt)
  }

  /** Says again what there is to say of a run that is known. */
  async #repeat(runId: string, replyTo: string): Promise<void> {
    const { executor, recovery, deliveries } = this.#parts
    if (executor.acknowledge(runId) === 'acknowledged' || deliveries.isDue(runId)) return
    await recovery.resend(runId, replyTo, [], true)
  }

  /** For actions without side effects: the answer need not outlive the agent. */
  #answer(runId: string, replyTo: string, text: string, durationMs: number): void {
    const { from, now, outbox } = this.#parts
    const data = Buffer.from(text)
    const message: ResultMessage = {
      type: 'result',
      runId,
      ...from,
      sentAt: now(),
      outcome: { kind: 'exited', code: 0 },
      durationMs,
      frames: data.length > 0 ? 1 : 0,
      stdout: digestOf(data),
      stderr: digestOf(Buffer.alloc(0)),
      ...(data.length > 0 ? { last: { frame: 0, segments: [[1, data.length]] as [1, number][] } } : {}),
    }
    outbox.post(replyTo, sealBody(message, data))
  }

  #refuse(runId: string, replyTo: string, code: RefusalMessage['code'], reason: string): void {
    const { from, log, now, outbox } = this.#parts
    log.warn(`Run ${runId} is refused (${code}): ${reason}`)
    const message: RefusalMessage = {
      type: 'refusal',
      runId,
      ...from,
      sentAt: now(),
      code,
      reason: reason.slice(0, 1000),
    }
    outbox.post(replyTo, sealBody(message))
  }

  /** Ten thousand pieces of garbage shall not fill the log. */
  #tellUnreadable(messageId: string, error: unknown): void {
    this.#unreadable += 1
    const { log } = this.#parts
    const sentence = `Message ${messageId} cannot be read: ${reasonOf(error)}`
    if (this.#unreadable <= 10) log.warn(sentence)
    else log.debug(sentence)
    const isDoubled = (this.#unreadable & (this.#unreadable - 1)) === 0
    if (isDoubled && this.#unreadable > 10) log.warn(`${this.#unreadable} messages could not be read so far.`)
  }
}

function digestOf(bytes: Uint8Array): ResultMessage['stdout'] {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), droppedBytes: 0 }
}
