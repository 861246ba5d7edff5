import { setTimeout as delay } from 'node:timers/promises'
import type { Chunk } from '../../protocol/frames.ts'
import type { ReplyMessage, ResultMessage } from '../../protocol/messages.ts'
import { isVerdict } from '../../protocol/verdict.ts'
import type { FromAgent, Gathered, RunEvent } from '../../run/runEvent.ts'
import { because } from '../../run/runEvent.ts'
import { applyEvent } from '../../run/runReducer.ts'
import type { ReplyState, RunState } from '../../run/runState.ts'
import { LocalizableError, say, sentenceOf } from '../../text/localizable.ts'
import type { RunRecord } from '../store/runRecord.ts'
import { OutputAssembler } from './outputAssembler.ts'
import { ReplyTimeouts } from './replyTimeouts.ts'
import { RolloutSteps } from './rolloutSteps.ts'
import { type RunChange, RunNotices } from './runNotices.ts'
import type { Publication, RunTransport } from './transport.ts'

export type { RunChange } from './runNotices.ts'

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
  readonly #steps: RolloutSteps
  readonly #notices: RunNotices
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
    this.#steps = new RolloutSteps({ state, record, transport, apply: (event) => this.#apply(event) })
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
      this.#transport.onWarning(
        new LocalizableError(say('{0}: {1}', hostname, sentenceOf(error)), { cause: error }),
      )
      return undefined
    }
  }

  async #judgeSilence(now: number): Promise<void> {
    const { republish, ask, giveUp } = this.#silent.judge(this.state, now, this.#steps.sendingTookMs)
    for (const given of giveUp) this.#apply({ kind: 'silenceAssumed', ...given, at: now })
    await this.#tell('republish', republish, () => this.#steps.again(republish))
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
    const { publishedAt } = this.#steps
    if (publishedAt === undefined || now - publishedAt < this.#transport.timing.joinMs) return
    const isAwaited = ({ state, sentAt }: ReplyState) => state === 'expected' && sentAt !== undefined
    if (this.state.phase === 'over' || [...this.state.replies.values()].some(isAwaited)) return
    this.#withdraw()
  }

  #withdraw(): void {
    this.#steps.withdrawn()
    this.#withdrawn = this.#withdrawn.then(async () => {
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
