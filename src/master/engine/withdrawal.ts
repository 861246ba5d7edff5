import { setTimeout as delay } from 'node:timers/promises'
import type { ReplyState, RunState } from '../../run/runState.ts'
import type { RolloutSteps } from './rolloutSteps.ts'
import type { RunTransport } from './transport.ts'

export interface WithdrawalParts {
  readonly steps: Pick<RolloutSteps, 'withdrawn' | 'publishedAt'>
  readonly transport: Pick<RunTransport, 'withdraw' | 'timing'>
  /** Does something that may fail, and reports that. */
  readonly attempt: (act: () => Promise<void>) => Promise<unknown>
}

/** Takes the commands of one run off the broadcast queue, one time after the other. */
export class Withdrawal {
  readonly #parts: WithdrawalParts
  #done: Promise<void> = Promise.resolve()
  /** Until agents that the run does not know have had time to receive what all agents were asked. */
  #seenByAll: Promise<void> = Promise.resolve()

  constructor(parts: WithdrawalParts) {
    this.#parts = parts
  }

  /** Resolves when nothing is being taken off. */
  get done(): Promise<void> {
    return this.#done
  }

  /** All agents are being asked: that stays on the queue until they can have received it. */
  wait(asking: Promise<unknown>): void {
    const { joinMs } = this.#parts.transport.timing
    this.#seenByAll = asking.then(() => delay(joinMs, undefined, { ref: false }))
  }

  /** Withdraws a command that all agents have received: while it is visible, every agent would poll again and again. */
  startEarly({ phase, awaitsUnseen, replies }: RunState, now: number): void {
    const { steps, transport } = this.#parts
    if (steps.publishedAt === undefined || now - steps.publishedAt < transport.timing.joinMs) return
    if (awaitsUnseen || phase === 'over') return
    const isAwaited = ({ state, sentAt }: ReplyState) => state === 'expected' && sentAt !== undefined
    if (![...replies.values()].some(isAwaited)) this.start()
  }

  start(): void {
    const { steps, transport, attempt } = this.#parts
    steps.withdrawn()
    this.#done = this.#done.then(async () => {
      await this.#seenByAll
      await attempt(() => transport.withdraw())
    })
  }
}
