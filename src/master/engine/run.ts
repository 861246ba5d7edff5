import { setTimeout as delay } from 'node:timers/promises'
import type { Chunk } from '../../protocol/frames.ts'
import type { ReplyMessage, ResultMessage } from '../../protocol/messages.ts'
import { isVerdict } from '../../protocol/verdict.ts'
import { nextMove } from '../../run/rollout.ts'
import type { FromAgent, Gathered, RunEvent } from '../../run/runEvent.ts'
import { applyEvent } from '../../run/runReducer.ts'
import type { ReplyState, RunState } from '../../run/runState.ts'
import type { Timing } from '../../run/timing.ts'
import type { RunRecord } from '../store/runRecord.ts'
import { OutputAssembler } from './outputAssembler.ts'
import { ReplyTimeouts } from './replyTimeouts.ts'
import { type RunChange, RunNotices } from './runNotices.ts'

export type { RunChange } from './runNotices.ts'

/** What a run needs of the transport. */
export interface RunTransport {
  readonly timing: Timing
  now(): number
  /** Sends the run's command; to these agents only, when given. */
  publish(state: RunState, targets: readonly string[] | undefined): Promise<void>
  cancel(state: RunState, targets: readonly string[]): Promise<void>
  /** Asks these agents for frames again, or for their results. */
  resend(state: RunState, targets: readonly string[], missing: number[], result: boolean): Promise<void>
  /** Asks whoever has this run for its result: also agents that the run does not know of. */
  askEveryone(state: RunState): Promise<void>
  /** Takes what was published away again. */
  withdraw(): Promise<void>
  /** Whether replies may be waiting unread: silence proves nothing then. */
  backlogged(now: number): boolean
  /** Something that the run survives went wrong. */
  onWarning(error: Error): void
}

/** Resends asked for at a time: each is a broadcast, and more than some ten visible ones hide one another. */
const maxResendsAtOnce = 4

/** A cancel waits so long for the disk, milliseconds. */
const cancelRecordedWithinMs = 1_000

/** A run under way, or one that is over and may still be completed by late replies. */
export class Run {
  readonly state: RunState
  /** Resolves the moment the last expected agent has its verdict and its output. */
  readonly ended: Promise<RunState>
  readonly #record: RunRecord
  readonly #transport: RunTransport
  readonly #outputs: OutputAssembler
  readonly #silent: ReplyTimeouts
  /** Until SQS took the last step's command, which may take several tries: nobody was silent before that. */
  #sendingTookMs = 0
  /** When commands last went out that may still be on the queue, milliseconds. */
  #publishedAt: number | undefined
  readonly #notices: RunNotices
  #advancing = false
  #stepping = false
  #stepEndedAt: number | undefined
  #withdrawn: Promise<void> = Promise.resolve()
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
    this.#outputs = outputs
    this.#silent = new ReplyTimeouts(transport.timing)
    this.#notices = new RunNotices((error) => transport.onWarning(error))
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
      run.#apply({ kind: 'sendFailed', agentIds: [], reason: 'its master ended before it was sent', at })
    return run
  }

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
   * Says who is expected and in which steps, and sends the first step.
   * @throws QueueError when it could not be sent, Error when it could not be recorded: the run is over then, with every
   *   agent `not-started`
   */
  async begin(agents: readonly { agentId: string; hostname: string }[], steps: string[][]): Promise<void> {
    this.#apply({ kind: 'agentsExpected', agents, steps })
    await this.#startStep()
  }

  /** Asks every agent that is not done to stop; each confirms. Steps not reached are not started. */
  async cancel(): Promise<void> {
    if (this.state.phase === 'over') return
    this.#apply({ kind: 'cancelRequested', at: this.#transport.now() })
    // On disk before it is on the queue, as a command is; but a disk that is full or slow keeps nothing from being stopped.
    const patience = delay(cancelRecordedWithinMs, undefined, { ref: false })
    await Promise.race([this.#attempt(() => this.#record.flush()), patience])
    const targets = [...this.state.replies.values()]
      .filter(({ state }) => !isVerdict(state))
      .map(({ agentId }) => agentId)
    if (targets.length > 0) await this.#transport.cancel(this.state, targets)
  }

  /** Asks for answers that may be gone: of agents, too, that the run does not know of. */
  async askEveryone(): Promise<void> {
    await this.#attempt(() => this.#transport.askEveryone(this.state))
  }

  /** No further step is started until {@link resume}. */
  pause(): void {
    this.#apply({ kind: 'paused', at: this.#transport.now() })
  }

  resume(): void {
    this.#apply({ kind: 'resumed', at: this.#transport.now() })
  }

  /** Ends the rollout: what runs may finish, the other agents get `not-started`. */
  stopRollout(reason = 'stopped by hand'): void {
    this.#apply({ kind: 'rolloutStopped', reason, at: this.#transport.now() })
  }

  /** Takes a reply. `mismatch` ones, sent by another than the agent that they name, are to be kept away by the caller. */
  receive(reply: ReplyMessage, data: Uint8Array, identity: ReplyState['identity']): void {
    const at = this.#transport.now()
    const { agentId, hostname } = reply
    const heard = { agentId, hostname, at, identity }
    switch (reply.type) {
      case 'ack':
        this.#apply({ kind: 'acknowledged', ...heard, started: reply.state === 'queued' ? 'queued' : 'yes' })
        return
      case 'refusal':
        this.#apply({ kind: 'refused', ...heard, code: reply.code, reason: reply.reason })
        return
      case 'output': {
        const gathered = this.#takeFrame(heard, reply, data)
        if (gathered !== undefined) this.#apply({ kind: 'outputReceived', ...heard, ...gathered })
        break
      }
      case 'result': {
        const isNews = this.#outputs.promise(agentId, reply, at)
        // Also of an echo: that is how a last frame comes again that an earlier master took with it.
        const gathered = reply.last && this.#takeFrame(heard, reply.last, data)
        if (isNews) {
          this.#finish(heard, reply, gathered)
          return
        }
        if (gathered !== undefined) this.#apply({ kind: 'outputReceived', ...heard, ...gathered })
      }
    }
    const output = this.#outputs.ended(agentId)
    if (output !== undefined) this.#apply({ kind: 'outputSettled', agentId, output, at })
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
    if (!this.#transport.backlogged(now)) {
      await this.#judgeSilence(now)
      await this.#askForFrames(now)
    }
    await this.#advance(now)
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
  close(): Promise<void> {
    return this.#record.close()
  }

  #finish(heard: FromAgent, result: ResultMessage, gathered: Gathered | undefined): void {
    const { outcome, durationMs, frames, stdout, stderr } = result
    const output = this.#outputs.ended(heard.agentId)
    this.#apply({
      kind: 'resultReceived',
      ...heard,
      ...{ outcome, durationMs, frames },
      digest: `${stdout.sha256}:${stderr.sha256}`,
      droppedBytes: stdout.droppedBytes + stderr.droppedBytes,
      ...(gathered === undefined ? {} : { gathered }),
      ...(output === undefined ? {} : { output }),
    })
  }

  /** What the frame brought; undefined when that is nothing that is in order. */
  #takeFrame(
    { agentId, hostname }: FromAgent,
    { frame, segments }: { frame: number; segments: [1 | 2, number][] },
    data: Uint8Array,
  ): Gathered | undefined {
    try {
      const gathered = this.#outputs.take(agentId, frame, segments, data)
      if (gathered !== undefined) this.#notices.output(agentId)
      return gathered
    } catch (error) {
      this.#transport.onWarning(new Error(`${hostname}: ${(error as Error).message}`, { cause: error }))
      return undefined
    }
  }

  async #judgeSilence(now: number): Promise<void> {
    const { republish, ask, giveUp } = this.#silent.judge(
      this.state,
      now,
      this.#stepping ? 'sending' : this.#sendingTookMs,
    )
    for (const given of giveUp) this.#apply({ kind: 'silenceAssumed', ...given, at: now })
    await this.#tell('republish', republish, async () => {
      await this.#transport.publish(this.state, republish)
      this.#publishedAt = this.#transport.now()
    })
    // The cancel may have gone by. Whoever is done answers it with its result.
    const isToStop = (agentId: string) =>
      this.state.cancelRequestedAt !== undefined &&
      this.state.replies.get(agentId)?.cancelRefused === undefined
    const stop = ask.filter(isToStop)
    const done = ask.filter((agentId) => !isToStop(agentId))
    await this.#tell('ask', stop, () => this.#transport.cancel(this.state, stop))
    await this.#tell('ask', done, () => this.#transport.resend(this.state, done, [], true))
  }

  async #tell(
    what: 'republish' | 'ask',
    agentIds: readonly string[],
    send: () => Promise<void>,
  ): Promise<void> {
    if (agentIds.length > 0 && !(await this.#attempt(send))) this.#silent.notTold(what, agentIds)
  }

  async #askForFrames(now: number): Promise<void> {
    const { missing, hopeless } = this.#outputs.due(now, this.#transport.timing, maxResendsAtOnce)
    for (const agentId of hopeless) {
      this.#apply({ kind: 'outputSettled', agentId, output: 'incomplete', at: now })
    }
    for (const [agentId, frames] of missing) {
      await this.#attempt(() => this.#transport.resend(this.state, [agentId], frames, false))
    }
  }

  /** A command that everybody has heard would only make agents ask for it again and again. */
  #withdrawEarly(now: number): void {
    if (this.#publishedAt === undefined || now - this.#publishedAt < this.#transport.timing.joinMs) return
    const isAwaited = ({ state, sentAt }: ReplyState) => state === 'expected' && sentAt !== undefined
    if (this.state.phase === 'over' || [...this.state.replies.values()].some(isAwaited)) return
    this.#withdraw()
  }

  #withdraw(): void {
    this.#publishedAt = undefined
    this.#withdrawn = this.#withdrawn.then(async () => {
      await this.#attempt(() => this.#transport.withdraw())
    })
  }

  #advanceSoon(): void {
    if (this.#advancing || this.state.request.rollout === undefined) return
    this.#advancing = true
    setImmediate(() => {
      this.#advancing = false
      void this.#attempt(() => this.#advance(this.#transport.now()))
    })
  }

  /** Starts the next step of a rollout when it is time for it, or ends the rollout. */
  async #advance(now: number): Promise<void> {
    const move = nextMove(this.state)
    if (move.kind === 'stop') this.#apply({ kind: 'rolloutStopped', reason: move.reason, at: now })
    if (move.kind === 'wait' || move.kind === 'stop' || this.#stepping) return
    this.#stepEndedAt ??= now
    if (move.kind === 'held' || now - this.#stepEndedAt < (this.state.request.rollout?.pauseMs ?? 0)) return
    this.#stepEndedAt = undefined
    await this.#attempt(() => this.#startStep())
  }

  async #startStep(): Promise<void> {
    const { state } = this
    const step = state.steps[state.stepsStarted] ?? []
    this.#stepping = true
    try {
      const everyone = state.steps.length === 1 && state.request.targets === undefined
      // Counted from before the send: a reply may be here before the send's own answer.
      this.#apply({ kind: 'stepStarted', at: this.#transport.now() })
      // On disk before it is on the queue: whoever takes the run up after a crash must know whom it was sent to.
      await Promise.all([this.#record.flush(), this.#record.summarize(state)])
      const before = this.#transport.now()
      await this.#transport.publish(state, everyone ? undefined : step)
      this.#publishedAt = this.#transport.now()
      this.#sendingTookMs = this.#publishedAt - before
    } catch (error) {
      const reason = (error as Error).message
      this.#apply({ kind: 'sendFailed', agentIds: step, reason, at: this.#transport.now() })
      throw error
    } finally {
      this.#stepping = false
    }
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
    this.#advanceSoon()
    if (this.state.phase !== 'over') return
    void this.#attempt(() => this.#record.summarize(this.state))
    if (wasOver) return
    this.#resolveOver(this.state)
    this.#withdraw()
  }
}
