import { nextMove, stepsLeft } from '../../run/rollout.ts'
import type { RunEvent } from '../../run/runEvent.ts'
import { because } from '../../run/runEvent.ts'
import type { RunState } from '../../run/runState.ts'
import { type Localizable, say, sentenceOf } from '../../text/localizable.ts'
import type { RunRecord } from '../store/runRecord.ts'
import type { Publication, RunTransport } from './transport.ts'

export interface RolloutStepsParts {
  readonly state: RunState
  readonly record: Pick<RunRecord, 'flush' | 'summarize'>
  readonly transport: Pick<RunTransport, 'now' | 'publish' | 'onWarning'>
  readonly apply: (event: RunEvent) => void
  /** Called when {@link RolloutSteps.nextAt} has changed. */
  readonly onCountdown: () => void
}

/** Sends the command of one run, step by step. Without a rollout there is one step. */
export class RolloutSteps {
  readonly #parts: RolloutStepsParts
  readonly #stop = new AbortController()
  #sending: Promise<Publication> | undefined
  #sendingTookMs = 0
  #publishedAt: number | undefined
  #stepEndedAt: number | undefined
  #nextAt: number | undefined
  #isAdvancing = false

  constructor(parts: RolloutStepsParts) {
    this.#parts = parts
  }

  /** How long SQS took to accept the last step's command, over several tries: that time does not count as silence. */
  get sendingTookMs(): number | 'sending' {
    return this.#sending === undefined ? this.#sendingTookMs : 'sending'
  }

  /** When commands were last sent that may still be on the queue, milliseconds. */
  get publishedAt(): number | undefined {
    return this.#publishedAt
  }

  /** When the pause ends and the next step starts, milliseconds; undefined when it does not wait for that. */
  get nextAt(): number | undefined {
    return this.#nextAt
  }

  /** Call it when the published commands are off the queue. */
  withdrawn(): void {
    this.#publishedAt = undefined
  }

  /**
   * Starts the next step, or as many as a window has room for, with one command.
   * @throws QueueError when it could not be sent, Error when it could not be recorded: its agents are then `not-started`
   */
  start(): Promise<Publication> {
    const move = nextMove(this.#parts.state)
    const sending = this.#startSteps(move.kind === 'next' ? move.steps : 1).finally(() => {
      this.#sending = undefined
    })
    this.#sending = sending
    return sending
  }

  /** Sends the command of the steps so far again. */
  async again(agentIds: readonly string[]): Promise<void> {
    const { state, transport } = this.#parts
    const publication = await transport.publish(state, agentIds, this.#stop.signal)
    if (publication !== 'not-sent') this.#publishedAt = transport.now()
  }

  /** Aborts what is being sent, and sends nothing more. Resolves when the outcome is known. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.idle()
  }

  /** Resolves when no step is being sent. */
  async idle(): Promise<void> {
    await this.#sending?.catch(() => {})
  }

  /** Call it when something has changed that may end a step. */
  advanceSoon(): void {
    const { state, transport } = this.#parts
    if (this.#isAdvancing || state.request.rollout === undefined) return
    this.#isAdvancing = true
    setImmediate(() => {
      this.#isAdvancing = false
      this.advance(transport.now()).catch((error) => transport.onWarning(error))
    })
  }

  /**
   * Starts the next step when it is due, or ends the rollout.
   * @throws Error as {@link start}
   */
  async advance(now: number): Promise<void> {
    const { state, apply } = this.#parts
    const move = nextMove(state)
    if (move.kind === 'stop') apply({ kind: 'rolloutStopped', ...because(move.why), at: now })
    if (move.kind === 'wait' || move.kind === 'stop' || this.#sending !== undefined) {
      this.#countDownTo(undefined)
      return
    }
    this.#stepEndedAt ??= now
    if (move.kind === 'held') {
      this.#countDownTo(undefined)
      return
    }
    const nextAt = this.#stepEndedAt + move.pauseMs
    this.#countDownTo(now < nextAt ? nextAt : undefined)
    if (now < nextAt) return
    this.#stepEndedAt = undefined
    await this.start()
  }

  #countDownTo(nextAt: number | undefined): void {
    if (nextAt === this.#nextAt) return
    this.#nextAt = nextAt
    this.#parts.onCountdown()
  }

  async #startSteps(count: number): Promise<Publication> {
    const { state, record, transport, apply } = this.#parts
    const agentIds = stepsLeft(state).slice(0, count).flat()
    const failed = (why: Localizable) =>
      apply({ kind: 'sendFailed', agentIds, ...because(why), at: transport.now() })
    try {
      // Recorded before the send, because a reply may arrive before SQS's response to the send.
      for (let step = 0; step < count; step += 1) apply({ kind: 'stepStarted', at: transport.now() })
      // On disk before it is on the queue: a master that resumes the run after a crash must know its targets.
      await Promise.all([record.flush(), record.summarize(state)])
      const before = transport.now()
      const publication = await this.#publish(agentIds)
      if (publication === 'not-sent') failed(whyNotSent(state))
      else {
        this.#publishedAt = transport.now()
        this.#sendingTookMs = this.#publishedAt - before
      }
      return publication
    } catch (error) {
      failed(sentenceOf(error))
      throw error
    }
  }

  async #publish(agentIds: readonly string[]): Promise<Publication> {
    const { state, transport } = this.#parts
    if (this.#stop.signal.aborted) return 'not-sent'
    const targets = state.request.unseen === 'included' ? undefined : agentIds
    return transport.publish(state, targets, this.#stop.signal)
  }
}

function whyNotSent({ cancelRequestedAt }: RunState): Localizable {
  return cancelRequestedAt === undefined
    ? say('the master ended before the command was sent')
    : say('cancelled before the command was sent')
}
