import { type Chunk, ReplyAssembly } from '../protocol/frames.ts'
import type { ReplyMessage } from '../protocol/messages.ts'
import { isVerdict } from '../protocol/verdict.ts'
import type { RunRecord } from './history.ts'
import { exceedsBudget } from './rollout.ts'
import { applyEvent, failures, isSettled, type ReplyState, type RunEvent, type RunState } from './runState.ts'
import { judgeSilence } from './silence.ts'
import type { Timing } from './timing.ts'

/** What has changed since the last notice. */
export interface RunChange {
  /** Agents whose state changed, or that joined. */
  readonly agents: ReadonlySet<string>
  /** Agents that have new output. */
  readonly output: ReadonlySet<string>
  /** Phase, steps or sums of the run changed. */
  readonly run: boolean
}

/** What a run needs of the world. */
export interface RunWorld {
  readonly timing: Timing
  now(): number
  /** Sends the run's command; to these agents only, when given. */
  publish(state: RunState, targets: readonly string[] | undefined): Promise<void>
  cancel(state: RunState, targets: readonly string[]): Promise<void>
  resend(state: RunState, agentId: string, missing: number[], result: boolean): Promise<void>
  /** Takes what was published away again. */
  withdraw(): Promise<void>
  /** Whether replies are piling up, unread: silence proves nothing then. */
  backlogged(now: number): boolean
  /** Something that the run survives went wrong. */
  onTrouble(error: Error): void
}

/** Resends asked for at a time: each is a broadcast, and more than some ten visible ones hide one another. */
const maxResendsAtOnce = 4

/** A run under way, or one that is over and may still be completed by late replies. */
export class Run {
  readonly state: RunState
  readonly #record: RunRecord
  readonly #world: RunWorld
  readonly #assemblies = new Map<string, Assembly>()
  readonly #republished = new Set<string>()
  readonly #listeners = new Set<(change: RunChange) => void>()
  readonly #changed = { agents: new Set<string>(), output: new Set<string>(), run: false }
  #noticing = false
  #stepping = false
  #stepEndedAt: number | undefined
  #resolveOver: (state: RunState) => void = () => {}
  /** Resolves the moment the last expected agent has its verdict and its output. */
  readonly over: Promise<RunState>
  #withdrawn: Promise<void> = Promise.resolve()

  /** A new run; nothing is sent before {@link begin}. */
  constructor(state: RunState, record: RunRecord, world: RunWorld) {
    this.state = state
    this.#record = record
    this.#world = world
    this.over = new Promise((resolve) => {
      this.#resolveOver = resolve
    })
    if (state.phase === 'over') this.#resolveOver(state)
  }

  /** Picks up a run that an earlier master began: with what it kept of unfinished outputs. */
  static async revive(state: RunState, record: RunRecord, world: RunWorld): Promise<Run> {
    const run = new Run(state, record, world)
    for (const { agentId, frames, output } of state.replies.values()) {
      if (frames === 0 || output === 'complete') continue
      const assembly = ReplyAssembly.resume(frames, await record.output.read(agentId))
      run.#assemblies.set(agentId, { frames: assembly, finishedAt: undefined, asked: 0 })
    }
    return run
  }

  get runId(): string {
    return this.state.runId
  }

  /** Calls `listener` soon after changes, many of them at once. Returns how to stop that. */
  onChange(listener: (change: RunChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
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
   * @throws QueueError when it could not be sent: the run is over then, with every agent `not-started`
   */
  async begin(agents: readonly { agentId: string; hostname: string }[], steps: string[][]): Promise<void> {
    this.#apply({ kind: 'agentsExpected', agents, steps })
    await this.#startStep()
  }

  /** Asks every agent that is not done to stop; each confirms. Steps not reached are not started. */
  async cancel(): Promise<void> {
    if (this.state.phase === 'over') return
    this.#apply({ kind: 'cancelRequested', at: this.#world.now() })
    const targets = [...this.state.replies.values()]
      .filter(({ state }) => !isVerdict(state))
      .map(({ agentId }) => agentId)
    if (targets.length > 0) await this.#world.cancel(this.state, targets)
  }

  /** No further step is started until {@link resume}. */
  pause(): void {
    this.#apply({ kind: 'paused', at: this.#world.now() })
  }

  resume(): void {
    this.#apply({ kind: 'resumed', at: this.#world.now() })
  }

  /** Ends the rollout: what runs may finish, the other agents get `not-started`. */
  stopRollout(reason = 'stopped by hand'): void {
    this.#apply({ kind: 'rolloutStopped', reason, at: this.#world.now() })
  }

  /** Takes a reply. `mismatch` ones, sent by another than the agent that they name, are to be kept away by the caller. */
  receive(reply: ReplyMessage, data: Uint8Array, identity: ReplyState['identity']): void {
    const at = this.#world.now()
    const { agentId, hostname } = reply
    const heard = { agentId, hostname, at, identity }
    switch (reply.type) {
      case 'ack':
        this.#apply({ kind: 'acknowledged', ...heard, started: reply.state === 'queued' ? 'queued' : 'yes' })
        return
      case 'refusal':
        this.#apply({ kind: 'refused', ...heard, code: reply.code, reason: reply.reason })
        return
      case 'output':
        this.#takeFrame(heard, reply.frame, reply.segments, data)
        break
      case 'result': {
        const assembly = this.#assembly(agentId)
        if (assembly.finishedAt !== undefined) return
        assembly.finishedAt = at
        assembly.frames.finish(reply)
        if (reply.last !== undefined) this.#takeFrame(heard, reply.last.frame, reply.last.segments, data)
        const { outcome, durationMs, frames, stdout, stderr } = reply
        const digest = `${stdout.sha256}:${stderr.sha256}`
        const droppedBytes = stdout.droppedBytes + stderr.droppedBytes
        this.#apply({ kind: 'resultReceived', ...heard, outcome, durationMs, frames, digest, droppedBytes })
      }
    }
    this.#settleOutput(agentId, at)
  }

  /** The agent was heard of elsewhere, and says that it still has this run. */
  heardOf(agentId: string, at: number): void {
    if (this.state.replies.get(agentId)?.started === 'queued')
      this.#apply({ kind: 'stillQueued', agentId, at })
  }

  /** What time alone brings about: called a few times a second while the run is not over. */
  async tick(): Promise<void> {
    const now = this.#world.now()
    if (!this.#world.backlogged(now)) {
      const silent: string[] = []
      for (const reply of this.state.replies.values()) {
        if (isSettled(reply)) continue
        const meaning = judgeSilence(this.state, reply, this.#world.timing, now)
        if (meaning === 'republish') {
          if (!this.#republished.has(reply.agentId)) silent.push(reply.agentId)
        } else if (meaning !== undefined) {
          this.#apply({ kind: 'silenceAssumed', agentId: reply.agentId, verdict: meaning, at: now })
        }
      }
      if (silent.length > 0) {
        for (const agentId of silent) this.#republished.add(agentId)
        await this.#attempt(() => this.#world.publish(this.state, silent))
      }
      await this.#askAgain(now)
    }
    await this.#advance(now)
  }

  #takeFrame(
    heard: { agentId: string; hostname: string; at: number; identity: ReplyState['identity'] },
    frame: number,
    segments: readonly (readonly [1 | 2, number])[],
    data: Uint8Array,
  ): void {
    const { frames } = this.#assembly(heard.agentId)
    let chunks: Chunk[]
    try {
      chunks = frames.add(frame, segments as [1 | 2, number][], data)
    } catch (error) {
      this.#world.onTrouble(new Error(`${heard.hostname}: ${(error as Error).message}`, { cause: error }))
      return
    }
    if (chunks.length === 0) return
    this.#record.output.append(heard.agentId, chunks)
    const bytes = (stream: 1 | 2) =>
      chunks.reduce((sum, chunk) => (chunk.stream === stream ? sum + chunk.bytes.length : sum), 0)
    this.#changed.output.add(heard.agentId)
    this.#apply({
      kind: 'outputReceived',
      ...heard,
      stdoutBytes: bytes(1),
      stderrBytes: bytes(2),
      frames: frames.frames,
    })
  }

  #settleOutput(agentId: string, at: number): void {
    const reply = this.state.replies.get(agentId)
    const assembly = this.#assemblies.get(agentId)
    if (assembly === undefined || reply === undefined || assembly.finishedAt === undefined) return
    const state = assembly.frames.state()
    if (state === 'open') return
    if (reply.output === 'partial') {
      this.#apply({
        kind: 'outputSettled',
        agentId,
        output: state === 'complete' ? 'complete' : 'incomplete',
        at,
      })
    }
    // The digests are done with; 10,000 of them would be memory for nothing.
    this.#assemblies.delete(agentId)
    this.#assemblies.set(agentId, { ...assembly, frames: doneAssembly })
  }

  #assembly(agentId: string): Assembly {
    const known = this.#assemblies.get(agentId)
    if (known !== undefined) return known
    const reply = this.state.replies.get(agentId)
    const done = reply?.outcome !== undefined && reply.output !== 'partial'
    const assembly: Assembly = done
      ? { frames: doneAssembly, finishedAt: this.#world.now(), asked: 0 }
      : { frames: new ReplyAssembly(), finishedAt: undefined, asked: 0 }
    this.#assemblies.set(agentId, assembly)
    return assembly
  }

  /** Resolves when the commands of a run that is over are off the broadcast queue, as far as that goes. */
  withdrawn(): Promise<void> {
    return this.#withdrawn
  }

  /** All kept; what a crash of this process would lose is on its way to the disk until then. */
  flush(): Promise<void> {
    return this.#record.flush()
  }

  close(): Promise<void> {
    return this.#record.close()
  }

  async #askAgain(now: number): Promise<void> {
    const { resendAfterMs, resendTries } = this.#world.timing
    let asked = 0
    for (const [agentId, assembly] of this.#assemblies) {
      const { frames, finishedAt } = assembly
      if (finishedAt === undefined || frames.state() !== 'open') continue
      if (this.state.replies.get(agentId)?.output !== 'partial') continue
      if (now < finishedAt + resendAfterMs * 2 ** assembly.asked) continue
      if (assembly.asked >= resendTries) {
        this.#apply({ kind: 'outputSettled', agentId, output: 'incomplete', at: now })
        continue
      }
      if (asked >= maxResendsAtOnce) return
      asked += 1
      assembly.asked += 1
      await this.#attempt(() =>
        this.#world.resend(this.state, agentId, frames.missing().slice(0, 1000), false),
      )
    }
  }

  /** Starts the next step of a rollout when it is time for it, or ends the rollout. */
  async #advance(now: number): Promise<void> {
    const { state } = this
    const rollout = state.request.rollout
    if (state.phase === 'over' || rollout === undefined || state.stepsStarted >= state.steps.length) return
    if (exceedsBudget(failures(state), expectedCount(state), rollout)) {
      const count = failures(state)
      this.#apply({
        kind: 'rolloutStopped',
        reason: `${count} ${count === 1 ? 'agent has' : 'agents have'} failed`,
        at: now,
      })
      return
    }
    if (state.phase === 'paused' || this.#stepping) return
    const waiting = state.steps.slice(state.stepsStarted).reduce((sum, step) => sum + step.length, 0)
    if (state.unsettled > waiting) return
    this.#stepEndedAt ??= now
    if (now - this.#stepEndedAt < (rollout.pauseMs ?? 0)) return
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
      this.#apply({ kind: 'stepStarted', at: this.#world.now() })
      await this.#world.publish(state, everyone ? undefined : step)
    } catch (error) {
      this.#apply({
        kind: 'sendFailed',
        agentIds: step,
        reason: (error as Error).message,
        at: this.#world.now(),
      })
      throw error
    } finally {
      this.#stepping = false
    }
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#world.onTrouble(error as Error)
    }
  }

  #apply(event: RunEvent): void {
    const wasOver = this.state.phase === 'over'
    applyEvent(this.state, event)
    this.#record.append(event)
    if ('agentId' in event) this.#changed.agents.add(event.agentId)
    else if (event.kind !== 'paused' && event.kind !== 'resumed') {
      for (const agentId of this.state.replies.keys()) this.#changed.agents.add(agentId)
    }
    this.#changed.run = true
    this.#notice()
    if (this.state.phase !== 'over') return
    if (
      !wasOver ||
      event.kind === 'resultReceived' ||
      event.kind === 'refused' ||
      event.kind === 'outputSettled'
    ) {
      void this.#attempt(() => this.#record.summarize(this.state))
    }
    if (wasOver) return
    this.#resolveOver(this.state)
    this.#withdrawn = this.#attempt(() => this.#world.withdraw())
  }

  #notice(): void {
    if (this.#noticing) return
    this.#noticing = true
    setImmediate(() => {
      this.#noticing = false
      const { agents, output, run } = this.#changed
      const change: RunChange = { agents: new Set(agents), output: new Set(output), run }
      agents.clear()
      output.clear()
      this.#changed.run = false
      for (const listener of this.#listeners) listener(change)
      void this.#advance(this.#world.now())
    })
  }
}

interface Assembly {
  readonly frames: Pick<ReplyAssembly, 'add' | 'finish' | 'missing' | 'state' | 'frames'>
  finishedAt: number | undefined
  /** How often frames were asked for again. */
  asked: number
}

/** Stands for an assembly whose work is over: whatever comes now is an echo. */
const doneAssembly: Assembly['frames'] = {
  frames: 0,
  add: () => [],
  finish: () => {},
  missing: () => [],
  state: () => 'complete',
}

function expectedCount(state: RunState): number {
  let count = 0
  for (const { expected } of state.replies.values()) if (expected) count += 1
  return count
}
