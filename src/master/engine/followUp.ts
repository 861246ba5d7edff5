import { giveUpAt } from '../../run/replyTimeout.ts'
import type { RunEvent } from '../../run/runEvent.ts'
import type { ReplyState, RunState } from '../../run/runState.ts'
import { CommandWatch } from './commandWatch.ts'
import { ControlSlots } from './controlSlots.ts'
import type { OutputAssembler } from './outputAssembler.ts'
import { ReplyTimeouts } from './replyTimeouts.ts'
import type { RolloutSteps } from './rolloutSteps.ts'
import type { RunTransport } from './transport.ts'

export interface FollowUpParts {
  readonly state: RunState
  readonly transport: RunTransport
  readonly outputs: OutputAssembler
  readonly steps: Pick<RolloutSteps, 'sendingTookMs' | 'publishedAt' | 'again'>
  readonly apply: (event: RunEvent) => void
}

/**
 * What a run sends to its agents after the command: the command again, a cancel, or a request for results or frames, to
 * agents that have not replied or whose output has gaps. At most {@link mostControlMessages} of these are on the queue:
 * agents with the same missing frames share one, and further ones wait until earlier ones are deleted from the queue.
 */
export class FollowUp {
  readonly #parts: FollowUpParts
  readonly #timeouts: ReplyTimeouts
  readonly #slots = new ControlSlots()
  readonly #watch: CommandWatch
  #makeRoomFrom = 0

  constructor(parts: FollowUpParts) {
    this.#parts = parts
    this.#timeouts = new ReplyTimeouts(parts.transport.timing)
    this.#watch = new CommandWatch(parts)
  }

  /** Does what is due at this time: call it a few times a second. */
  async tick(now: number): Promise<void> {
    await Promise.all([this.#follow(now), this.#watch.tick(now)])
  }

  async #follow(now: number): Promise<void> {
    const { state, transport, outputs, steps, apply } = this.#parts
    const { timing } = transport
    this.#awaitUnseen(now)
    const isDue = outputs.isDue(now, timing) || this.#timeouts.isDue(state, now, steps.sendingTookMs)
    const hearing = isDue ? transport.hearing(now) : 'all'
    if (!isDue || hearing === 'behind') return
    // Everything due is recorded before any of it is sent, because the next ticks come while SQS is still busy.
    const mayAsk = this.#slots.free(now) >= 2
    const { republish, ask, giveUp } = this.#timeouts.judge(state, now, steps.sendingTookMs, mayAsk)
    for (const given of giveUp)
      apply({ kind: 'silenceAssumed', ...given, ...(hearing === 'all' ? {} : { unread: true }), at: now })
    // The cancel may have been missed. An agent that has finished answers it with its result.
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

  /** When an agent that stays silent is given up, milliseconds, if everything that was sent can be read by then. */
  giveUpAt(reply: ReplyState): number | undefined {
    const { state, transport, steps } = this.#parts
    const { sendingTookMs } = steps
    if (sendingTookMs === 'sending') return undefined
    return giveUpAt(state, reply, transport.timing, sendingTookMs)
  }

  /** Sends a cancel even when no slot is free, since a person requests it. @throws QueueError */
  async cancel(targets: readonly string[]): Promise<void> {
    await this.#inSlot(targets, () => this.#parts.transport.cancel(this.#parts.state, targets))()
  }

  /** @throws QueueError */
  async askEveryone(): Promise<void> {
    await this.#inSlot(['everyone'], () => this.#parts.transport.askEveryone(this.#parts.state))()
  }

  /** Agents that nobody knows get as long to reply as those that are known. */
  #awaitUnseen(now: number): void {
    const { state, transport, steps, apply } = this.#parts
    const { publishedAt = state.startedAt, sendingTookMs } = steps
    if (!state.awaitsUnseen || sendingTookMs === 'sending') return
    if (now - publishedAt >= transport.timing.responseTimeoutMs) apply({ kind: 'unseenAwaited', at: now })
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
      if (agentIds.length === 0) return
      const { apply, transport } = this.#parts
      if (await this.#attempt(send)) apply({ kind: 'askedAgain', agentIds, at: transport.now() })
      else this.#timeouts.notTold(what, agentIds)
    }
  }

  /** Takes a slot at once, unless there are no agents, and returns it when SQS did not accept the message. */
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

  /** When no slot is free, deletes the messages that agents have had time to read. */
  async #makeRoom(now: number): Promise<void> {
    const { transport } = this.#parts
    const before = now - transport.timing.resendAfterMs
    if (now < this.#makeRoomFrom || this.#slots.free(now) >= 2 || !this.#slots.hasOlder(before)) return
    this.#makeRoomFrom = Number.POSITIVE_INFINITY
    await this.#attempt(async () => this.#slots.freeOlder(before, await transport.withdrawControl(before)))
    this.#makeRoomFrom = transport.now() + transport.timing.resendAfterMs
  }

  /** @returns whether it succeeded */
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
