import type { RunEvent } from '../../run/runEvent.ts'
import type { RunState } from '../../run/runState.ts'
import { ControlSlots } from './controlSlots.ts'
import type { OutputAssembler } from './outputAssembler.ts'
import { ReplyTimeouts } from './replyTimeouts.ts'
import type { RolloutSteps } from './rolloutSteps.ts'
import type { RunTransport } from './transport.ts'

export interface FollowUpParts {
  readonly state: RunState
  readonly transport: RunTransport
  readonly outputs: OutputAssembler
  readonly steps: Pick<RolloutSteps, 'sendingTookMs' | 'again'>
  readonly apply: (event: RunEvent) => void
}

/**
 * What a run tells its agents after its command: to those that are silent, or whose output has gaps, the command again, to
 * stop, to say their results or frames again. No more of that is on the queue than {@link mostControlMessages}: agents that
 * miss the same frames are asked together, and others wait until what was asked before is taken off the queue.
 */
export class FollowUp {
  readonly #parts: FollowUpParts
  readonly #timeouts: ReplyTimeouts
  readonly #slots = new ControlSlots()
  #makeRoomFrom = 0

  constructor(parts: FollowUpParts) {
    this.#parts = parts
    this.#timeouts = new ReplyTimeouts(parts.transport.timing)
  }

  /** What time alone brings about: called a few times a second. */
  async tick(now: number): Promise<void> {
    const { state, transport, steps, apply } = this.#parts
    // First of all what is due is put down, and only then sent: other ticks come while SQS takes its time.
    const mayAsk = this.#slots.free(now) >= 2
    const { republish, ask, giveUp } = this.#timeouts.judge(state, now, steps.sendingTookMs, mayAsk)
    for (const given of giveUp) apply({ kind: 'silenceAssumed', ...given, at: now })
    // The cancel may have gone by. Whoever is done answers it with its result.
    const isToStop = (agentId: string) =>
      state.cancelRequestedAt !== undefined && state.replies.get(agentId)?.cancelRefused === undefined
    const stop = ask.filter(isToStop)
    const done = ask.filter((agentId) => !isToStop(agentId))
    const sending = [
      this.#tell('republish', republish, () => steps.again(republish)),
      this.#tell(
        'ask',
        stop,
        this.#inSlot(stop, () => transport.cancel(state, stop)),
      ),
      this.#tell(
        'ask',
        done,
        this.#inSlot(done, () => transport.resend(state, done, [], true)),
      ),
      ...this.#dueFrames(now),
    ]
    for (const send of sending) await send()
    await this.#makeRoom(now)
  }

  /** At any time, since a person asks for it. @throws QueueError */
  async cancel(targets: readonly string[]): Promise<void> {
    await this.#inSlot(targets, () => this.#parts.transport.cancel(this.#parts.state, targets))()
  }

  /** @throws QueueError */
  async askEveryone(): Promise<void> {
    await this.#inSlot(['everyone'], () => this.#parts.transport.askEveryone(this.#parts.state))()
  }

  #dueFrames(now: number): (() => Promise<void>)[] {
    const { state, transport, outputs, apply } = this.#parts
    const { missing, hopeless } = outputs.due(now, transport.timing, this.#slots.free(now))
    for (const agentId of hopeless) apply({ kind: 'outputSettled', agentId, output: 'incomplete', at: now })
    return missing.map(({ agentIds, frames }) => {
      const send = this.#inSlot(agentIds, () => transport.resend(state, agentIds, frames, false))
      return async () => void (await this.#attempt(send))
    })
  }

  #tell(
    what: 'republish' | 'ask',
    agentIds: readonly string[],
    send: () => Promise<void>,
  ): () => Promise<void> {
    return async () => {
      if (agentIds.length > 0 && !(await this.#attempt(send))) this.#timeouts.notTold(what, agentIds)
    }
  }

  /** Takes a slot at once, where there is anybody to tell, and gives it back when SQS did not take the message. */
  #inSlot(agentIds: readonly string[], send: () => Promise<void>): () => Promise<void> {
    if (agentIds.length === 0) return async () => {}
    const slot = this.#slots.take()
    return async () => {
      try {
        await send()
        slot.sent(this.#parts.transport.now())
      } catch (error) {
        slot.giveBack()
        throw error
      }
    }
  }

  /** Takes off the queue what the agents have had time to hear, where nothing more could be asked otherwise. */
  async #makeRoom(now: number): Promise<void> {
    const { transport } = this.#parts
    const before = now - transport.timing.resendAfterMs
    if (now < this.#makeRoomFrom || this.#slots.free(now) >= 2 || !this.#slots.hasOlder(before)) return
    this.#makeRoomFrom = Number.POSITIVE_INFINITY
    await this.#attempt(async () => this.#slots.freeOlder(before, await transport.withdrawControl(before)))
    this.#makeRoomFrom = transport.now() + transport.timing.resendAfterMs
  }

  /** Whether it went well. */
  async #attempt(act: () => Promise<void>): Promise<boolean> {
    try {
      await act()
      return true
    } catch (error) {
      this.#parts.transport.onWarning(error as Error)
      return false
    }
  }
}
