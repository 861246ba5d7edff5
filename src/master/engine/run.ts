import { setTimeout as delay } from 'node:timers/promises'
import type { Chunk } from '../../protocol/frames.ts'
import type { ReplyMessage } from '../../protocol/messages.ts'
import { isVerdict } from '../../protocol/verdict.ts'
import { because, type RunEvent } from '../../run/runEvent.ts'
import { applyEvent } from '../../run/runReducer.ts'
import type { ReplyState, RunState } from '../../run/runState.ts'
import { say } from '../../text/localizable.ts'
import type { RunRecord } from '../store/runRecord.ts'
import { FollowUp } from './followUp.ts'
import { OutputAssembler } from './outputAssembler.ts'
import { ReplyIntake } from './replyIntake.ts'
import { RolloutSteps } from './rolloutSteps.ts'
import { type RunChange, RunNotices } from './runNotices.ts'
import type { Publication, RunTransport } from './transport.ts'

export type { RunChange } from './runNotices.ts'

/** A cancel waits so long for the disk, milliseconds. */
const cancelRecordedWithinMs = 1_000

/** A run under way, or one that is over and may still be completed by late replies. */
export class Run {
  readonly state: RunState
  /** Resolves the moment the last expected agent has its verdict and its output. */
  readonly ended: Promise<RunState>
  readonly #record: RunRecord
  readonly #transport: RunTransport
  readonly #intake: ReplyIntake
  readonly #steps: RolloutSteps
  readonly #followUp: FollowUp
  readonly #notices: RunNotices
  #withdrawn: Promise<void> = Promise.resolve()
  /** Until agents that the run does not know have had time to see what everyone was asked. */
  #seenByAll: Promise<void> = Promise.resolve()
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
    this.#steps = new RolloutSteps({ state, record, transport, apply })
    this.#followUp = new FollowUp({ state, transport, outputs, steps: this.#steps, apply })
    this.ended = new Promise((resolve) => {
      this.#resolveOver = resolve
    })
    if (state.phase === 'over') this.#resolveOver(state)
  }

  /** Picks up a run that an earlier master began: with what it kept of unfinished outputs. */
  static async restore(state: RunState, record: RunRecord, transport: RunTransport): Promise<Run> {
    const at = transport.now()
    const limitBytes = state.request.outputLimitBytes
    const replies = state.replies.values()
    const { outputs, damaged } = await OutputAssembler.resume(record.output, replies, at, limitBytes)
    const run = new Run(state, record, transport, outputs)
    for (const agentId of damaged) run.#apply({ kind: 'outputSettled', agentId, output: 'incomplete', at })
    // A step is on disk before it is on the queue: without one nobody has heard of the run, and nobody will answer.
    if (state.stepsStarted === 0)
      run.#apply({
        kind: 'sendFailed',
        agentIds: [],
        ...because(say('the master ended before the command was sent')),
        at,
      })
    return run
  }

  /** Names the run in the history, in replies and in logs. */
  get runId(): string {
    return this.state.runId
  }

  /** Whether time alone may still change it: see {@link tick}. */
  get isWaiting(): boolean {
    return this.state.phase !== 'over' || this.state.unsettled > 0
  }

  /** Whether anybody listens to its changes. */
  get isWatched(): boolean {
    return this.#notices.areHeard
  }

  /** Calls `listener` soon after changes, many of them at once. Returns how to stop that. */
  onChange(listener: (change: RunChange) => void): () => void {
    return this.#notices.listen(listener)
  }

  /** Output of one agent so far, in the order in which it was written; from byte `from`, at most `limit` bytes. */
  output(agentId: string, from?: number, limit?: number): Promise<Chunk[]> {
    return this.#record.output.read(agentId, from, limit)
  }

  /** Bytes of output kept for one agent. */
  outputBytes(agentId: string): number {
    return this.#record.output.bytes(agentId)
  }

  /**
   * Says who is expected and in which steps, and sends the first step. A run that is cancelled meanwhile may be `not-sent`,
   * and is over then.
   * @throws QueueError when it could not be sent, Error when it could not be recorded: the run is over then, with every
   *   agent `not-started`
   */
  begin(agents: readonly { agentId: string; hostname: string }[], steps: string[][]): Promise<Publication> {
    this.#apply({ kind: 'agentsExpected', agents, steps })
    return this.#steps.start()
  }

  /**
   * Asks every agent that is not done to stop; each confirms. Steps not reached are not started, and what is being sent is cut
   * short.
   * @throws QueueError when SQS refuses: agents go on then
   */
  async cancel(): Promise<void> {
    if (this.state.phase === 'over') return
    this.#apply({ kind: 'cancelRequested', at: this.#transport.now() })
    const stopped = this.#steps.stop()
    // On disk before it is on the queue, as a command is; but a disk that is full or slow keeps nothing from being stopped.
    const patience = delay(cancelRecordedWithinMs, undefined, { ref: false })
    await Promise.race([Promise.all([stopped, this.#attempt(() => this.#record.flush())]), patience])
    const targets = [...this.state.replies.values()]
      .filter(({ state }) => !isVerdict(state))
      .map(({ agentId }) => agentId)
    if (targets.length > 0) await this.#followUp.cancel(targets)
  }

  /** Asks for answers that may be gone: of agents, too, that the run does not know of. */
  async askEveryone(): Promise<void> {
    const asking = this.#attempt(() => this.#followUp.askEveryone())
    this.#seenByAll = asking.then(() => delay(this.#transport.timing.joinMs, undefined, { ref: false }))
    await asking
  }

  /** No further step is started until {@link resume}. */
  pause(): void {
    this.#apply({ kind: 'paused', at: this.#transport.now() })
  }

  /** Ends {@link pause}. */
  resume(): void {
    this.#apply({ kind: 'resumed', at: this.#transport.now() })
  }

  /** Ends the rollout: what runs may finish, the other agents get `not-started`. */
  stopRollout(why = say('stopped manually')): void {
    this.#apply({ kind: 'rolloutStopped', ...because(why), at: this.#transport.now() })
  }

  /** Takes a reply. `mismatch` ones, sent by another than the agent that they name, are to be kept away by the caller. */
  receive(reply: ReplyMessage, data: Uint8Array, identity: ReplyState['identity']): void {
    const { agentId, hostname } = reply
    this.#intake.take(reply, data, { agentId, hostname, at: this.#transport.now(), identity })
  }

  /** The agent was heard of elsewhere, and says that it still has this run. */
  seen(agentId: string, at: number): void {
    this.#apply({ kind: 'stillQueued', agentId, at })
  }

  /** The agent refused to stop, or to say something again. */
  orderRefused(agentId: string, order: 'cancel' | 'resend', reason: string): void {
    if (order === 'cancel') this.#apply({ kind: 'cancelRefused', agentId, reason, at: this.#transport.now() })
  }

  /** What time alone brings about: called a few times a second while the run {@link isWaiting}. */
  async tick(): Promise<void> {
    const now = this.#transport.now()
    if (!this.#transport.backlogged(now)) await this.#followUp.tick(now)
    await this.#attempt(() => this.#steps.advance(now))
    this.#withdrawEarly(now)
  }

  /** Resolves when the commands of a run that is over are off the broadcast queue, as far as that goes. */
  withdrawn(): Promise<void> {
    return this.#withdrawn
  }

  /**
   * Resolves when all that came so far is kept; what a crash of this process would lose is on its way to the disk until then.
   * @throws Error when the disk refused it
   */
  flush(): Promise<void> {
    return this.#record.flush()
  }

  /** Leaves the run to others. Its output can still be read. */
  async close(): Promise<void> {
    // What becomes of a step that is being sent belongs to the record.
    await this.#steps.idle()
    await this.#record.close()
  }

  /** A command that everybody has heard would only make agents ask for it again and again. */
  #withdrawEarly(now: number): void {
    const { publishedAt } = this.#steps
    if (publishedAt === undefined || now - publishedAt < this.#transport.timing.joinMs) return
    const isAwaited = ({ state, sentAt }: ReplyState) => state === 'expected' && sentAt !== undefined
    if (this.state.phase === 'over' || [...this.state.replies.values()].some(isAwaited)) return
    this.#withdraw()
  }

  #withdraw(): void {
    this.#steps.withdrawn()
    this.#withdrawn = this.#withdrawn.then(async () => {
      await this.#seenByAll
      await this.#attempt(() => this.#transport.withdraw())
    })
  }

  /** Whether it went well. */
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
    if ('agentId' in event) this.#notices.agents([event.agentId])
    else if (event.kind === 'paused' || event.kind === 'resumed') this.#notices.run()
    else this.#notices.agents(this.state.replies.keys())
    this.#steps.advanceSoon()
    if (this.state.phase !== 'over') return
    void this.#attempt(() => this.#record.summarize(this.state))
    if (wasOver) return
    this.#resolveOver(this.state)
    this.#withdraw()
  }
}
