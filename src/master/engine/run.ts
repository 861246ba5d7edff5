import type { Chunk } from '../../protocol/frames.ts'
import type { ReplyMessage } from '../../protocol/messages.ts'
import type { ReceiveTrouble } from '../../run/receiveTrouble.ts'
import { because, changesNoAgent, type FromAgent, type RunEvent } from '../../run/runEvent.ts'
import { applyEvent } from '../../run/runReducer.ts'
import type { RunState } from '../../run/runState.ts'
import { type Localizable, say } from '../../text/localizable.ts'
import type { RunRecord } from '../store/runRecord.ts'
import { type CancelParts, cancelRun } from './cancelling.ts'
import { FollowUp } from './followUp.ts'
import { OutputAssembler } from './outputAssembler.ts'
import { ReplyIntake } from './replyIntake.ts'
import { RolloutSteps } from './rolloutSteps.ts'
import { type RunChange, RunNotices } from './runNotices.ts'
import type { Publication, RunTransport } from './transport.ts'
import { Withdrawal } from './withdrawal.ts'

export type { RunChange } from './runNotices.ts'

/** A run that is active, or over and may still be completed by late replies. */
export class Run {
  readonly state: RunState
  /** Resolves when the last expected agent has its verdict and its output. */
  readonly ended: Promise<RunState>
  readonly #record: RunRecord
  readonly #transport: RunTransport
  readonly #intake: ReplyIntake
  readonly #steps: RolloutSteps
  readonly #followUp: FollowUp
  readonly #notices: RunNotices
  readonly #withdrawal: Withdrawal
  readonly #cancelling: CancelParts
  #resolveOver: (state: RunState) => void = () => {}

  /** A new run; nothing is sent before {@link begin}. */
  constructor(
    state: RunState,
    record: RunRecord,
    transport: RunTransport,
    outputs: OutputAssembler = new OutputAssembler(record.output, state.request.outputLimitBytes),
  ) {
    this.state = state
    this.#record = record
    this.#transport = transport
    const onWarning = (error: Error) => transport.onWarning(error)
    const apply = (event: RunEvent) => this.#apply(event)
    this.#notices = new RunNotices(onWarning)
    const onOutput = (agentId: string) => this.#notices.output(agentId)
    this.#intake = new ReplyIntake({ outputs, apply, onOutput, onWarning })
    this.#steps = new RolloutSteps({
      ...{ state, record, transport, apply },
      onCountdown: () => this.#notices.run(),
    })
    this.#followUp = new FollowUp({ state, transport, outputs, steps: this.#steps, apply })
    const attempt = (act: () => Promise<void>) => this.#attempt(act)
    const [steps, followUp] = [this.#steps, this.#followUp]
    this.#cancelling = { state, record, transport, steps, followUp, apply, attempt }
    this.#withdrawal = new Withdrawal({ steps, transport, attempt })
    this.ended = new Promise((resolve) => {
      this.#resolveOver = resolve
    })
    if (state.phase === 'over') this.#resolveOver(state)
  }

  /**
   * Resumes a run of an earlier master, with the stored part of unfinished outputs.
   * @param pauseBecause its rollout starts no further step, for this reason, until {@link resume}
   */
  static async restore(
    state: RunState,
    record: RunRecord,
    transport: RunTransport,
    pauseBecause?: Localizable,
  ): Promise<Run> {
    const at = transport.now()
    const limitBytes = state.request.outputLimitBytes
    const replies = state.replies.values()
    const { outputs, damaged } = await OutputAssembler.resume(record.output, replies, at, limitBytes)
    const run = new Run(state, record, transport, outputs)
    // First: any other event may be the end of a step.
    if (pauseBecause !== undefined && state.stepsStarted > 0) run.pause(pauseBecause)
    for (const agentId of damaged) run.#apply({ kind: 'outputSettled', agentId, output: 'incomplete', at })
    // A step is on disk before it is on the queue: without one no agent has received the run, and none will answer.
    const why = because(say('the master ended before the command was sent'))
    if (state.stepsStarted === 0) run.#apply({ kind: 'sendFailed', agentIds: [], ...why, at })
    return run
  }

  /** Identifies the run in the history, in replies and in logs. */
  get runId(): string {
    return this.state.runId
  }

  /** Whether it still needs {@link tick}. */
  get isWaiting(): boolean {
    return this.state.phase !== 'over' || this.state.unsettled > 0
  }

  /** When the next step of its rollout starts after a pause, milliseconds; undefined when no pause is under way. */
  get nextStepAt(): number | undefined {
    return this.#steps.nextAt
  }

  /** Why replies cannot be received now; undefined when they can be, or none is awaited. */
  get trouble(): ReceiveTrouble | undefined {
    return this.isWaiting ? this.#notices.latestTrouble : undefined
  }

  /** When this agent is given up if it stays silent, milliseconds; undefined when it has its verdict, or is not asked yet. */
  giveUpAt(agentId: string): number | undefined {
    const reply = this.state.replies.get(agentId)
    return reply && this.#followUp.giveUpAt(reply)
  }

  /** Whether it has listeners. */
  get isWatched(): boolean {
    return this.#notices.areHeard
  }

  /** Calls `listener` soon after changes, once for many. Returns a function that removes the listener. */
  onChange(listener: (change: RunChange) => void): () => void {
    return this.#notices.listen(listener)
  }

  /** Output of one agent so far, in the order it was written; from byte `from`, at most `limit` bytes. */
  output(agentId: string, from?: number, limit?: number): Promise<Chunk[]> {
    return this.#record.output.read(agentId, from, limit)
  }

  /** Bytes of output stored for one agent. */
  outputBytes(agentId: string): number {
    return this.#record.output.bytes(agentId)
  }

  /**
   * Sets the expected agents and the steps, and sends the first step. A run that is cancelled meanwhile may be `not-sent`,
   * and is then over.
   * @throws QueueError when it could not be sent, Error when it could not be recorded: the run is then over, with every
   *   agent `not-started`
   */
  begin(agents: readonly { agentId: string; hostname: string }[], steps: string[][]): Promise<Publication> {
    this.#apply({ kind: 'agentsExpected', agents, steps })
    return this.#steps.start()
  }

  /** As {@link cancelRun}. @throws QueueError when SQS refuses */
  cancel(): Promise<void> {
    return cancelRun(this.#cancelling)
  }

  /** Asks again for replies that may be lost, also from agents that the run does not know. */
  async askEveryone(): Promise<void> {
    const asking = this.#attempt(() => this.#followUp.askEveryone())
    this.#withdrawal.wait(asking)
    await asking
  }

  /** Starts no further step until {@link resume}. */
  pause(why?: Localizable): void {
    const reason = why === undefined ? {} : because(why)
    this.#apply({ kind: 'paused', ...reason, at: this.#transport.now() })
  }

  /** Ends {@link pause}. */
  resume(): void {
    this.#apply({ kind: 'resumed', at: this.#transport.now() })
  }

  /** Ends the rollout: running agents may finish, the others get `not-started`. */
  stopRollout(why = say('stopped manually')): void {
    this.#apply({ kind: 'rolloutStopped', ...because(why), at: this.#transport.now() })
  }

  /** Takes a reply. A forged one only counts as a conflict about its agent. */
  receive(reply: ReplyMessage, data: Uint8Array, identity: FromAgent['identity'] | 'forged'): void {
    const { agentId, hostname } = reply
    if (identity === 'forged') this.#apply({ kind: 'contested', agentId, at: this.#transport.now() })
    else this.#intake.take(reply, data, { agentId, hostname, at: this.#transport.now(), identity })
  }

  /** Who sent the command, according to AWS. */
  sentBy(senderId: string): void {
    this.#apply({ kind: 'senderSeen', senderId, at: this.#transport.now() })
  }

  /** The agent's facts say that it still has this run. */
  seen(agentId: string, at: number): void {
    this.#apply({ kind: 'stillQueued', agentId, at })
  }

  /** The agent refused to cancel, or to send a reply again. */
  orderRefused(agentId: string, order: 'cancel' | 'resend', reason: string): void {
    if (order === 'cancel') this.#apply({ kind: 'cancelRefused', agentId, reason, at: this.#transport.now() })
  }

  /** Does what is due at this time: call it a few times a second while the run {@link isWaiting}. */
  async tick(): Promise<void> {
    const now = this.#transport.now()
    this.#notices.trouble(this.#transport.trouble(now))
    await this.#followUp.tick(now)
    await this.#attempt(() => this.#steps.advance(now))
    this.#withdrawal.startEarly(this.state, now)
    void this.#attempt(() => this.#record.keepSummary(this.state, now))
  }

  /** Resolves when the commands of a run that is over have been withdrawn from the broadcast queue (best effort). */
  withdrawn(): Promise<void> {
    return this.#withdrawal.done
  }

  /**
   * Resolves when everything received so far is on disk. Before that, a crash of this process may lose it.
   * @throws Error when it could not be written
   */
  flush(): Promise<void> {
    return this.#record.flush()
  }

  /** Releases the run for other masters. Its output can still be read. */
  async close(): Promise<void> {
    // The outcome of a step that is being sent belongs in the record.
    await this.#steps.idle()
    if (this.state.phase !== 'over') this.#record.append({ kind: 'left', at: this.#transport.now() })
    await this.#record.close()
  }

  /** @returns whether it succeeded */
  async #attempt(act: () => Promise<void>): Promise<boolean> {
    try {
      await act()
      return true
    } catch (error) {
      this.#transport.onWarning(error as Error)
      return false
    }
  }

  #apply(event: RunEvent): void {
    const wasOver = this.state.phase === 'over'
    if (!applyEvent(this.state, event)) return
    this.#record.append(event)
    this.#notices.changedBy(event, this.state)
    this.#steps.advanceSoon()
    const isOver = this.state.phase === 'over'
    if (isOver || changesNoAgent(event)) void this.#attempt(() => this.#record.summarize(this.state))
    if (!isOver || wasOver) return
    this.#resolveOver(this.state)
    this.#withdrawal.start()
  }
}
