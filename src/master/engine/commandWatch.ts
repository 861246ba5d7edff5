import { isVerdict } from '../../protocol/verdict.ts'
import type { RunEvent } from '../../run/runEvent.ts'
import type { ReplyState, RunState } from '../../run/runState.ts'
import type { RolloutSteps } from './rolloutSteps.ts'
import type { Look, RunTransport } from './transport.ts'

/** From the start of one look to the next, milliseconds. */
const lookEveryMs = 1_500
/** Looks in a row that must not find the command. */
const leastLooks = 3

export interface CommandWatchParts {
  readonly state: RunState
  readonly transport: Pick<RunTransport, 'timing' | 'now' | 'look'>
  readonly steps: Pick<RolloutSteps, 'sendingTookMs'>
  readonly apply: (event: RunEvent) => void
}

/** Since when an agent's command was not found. */
interface Unseen {
  readonly since: number
  readonly looks: number
  readonly isHeld: boolean
}

/**
 * Finds out whether agents that have not replied can receive the command, or the cancel, at all: another reader of the
 * queue can hide or delete it. Everybody who takes part hides commands for moments only, so that it must be missed in
 * several looks in a row.
 */
export class CommandWatch {
  readonly #parts: CommandWatchParts
  readonly #unseen = new Map<string, Unseen>()
  readonly #told = new Set<'command' | 'cancel'>()
  #what: 'command' | 'cancel' = 'command'
  #lookedAt = Number.NEGATIVE_INFINITY
  #isLooking = false

  constructor(parts: CommandWatchParts) {
    this.#parts = parts
  }

  /** Looks when it is time to. */
  async tick(now: number): Promise<void> {
    const { state, transport } = this.#parts
    const what = state.cancelRequestedAt === undefined ? 'command' : 'cancel'
    if (this.#isLooking || this.#told.has(what)) return
    if (state.phase === 'over' || now - this.#lookedAt < lookEveryMs) return
    const silent = this.#silent(now)
    if (silent.length === 0) return
    if (what !== this.#what) this.#unseen.clear()
    this.#what = what
    this.#lookedAt = now
    this.#isLooking = true
    try {
      this.#record(await transport.look(what, silent, this.#since(what)), now)
    } catch {
      // Nothing is known of this time. That SQS cannot be reached is told where commands and replies depend on it.
      this.#unseen.clear()
    } finally {
      this.#isLooking = false
    }
  }

  /** Agents whose silence is long enough to look why. */
  #silent(now: number): string[] {
    const { state, transport, steps } = this.#parts
    const { replies, cancelRequestedAt } = state
    const { sendingTookMs } = steps
    const before = now - transport.timing.lookAfterMs
    const isSilent = ({ state, sentAt, cancelRefused }: ReplyState) => {
      if (sentAt === undefined || isVerdict(state)) return false
      if (cancelRequestedAt !== undefined) return cancelRequestedAt <= before && cancelRefused === undefined
      return state === 'expected' && sendingTookMs !== 'sending' && sentAt + sendingTookMs <= before
    }
    return [...replies.values()].filter(isSilent).map(({ agentId }) => agentId)
  }

  /** Messages that were sent earlier are not what the agents wait for. */
  #since(what: 'command' | 'cancel'): number {
    const { state } = this.#parts
    return what === 'cancel' ? (state.cancelRequestedAt ?? 0) : state.startedAt
  }

  #record(look: Look, startedAt: number): void {
    const { transport, apply } = this.#parts
    if (look.kind !== 'unseen') {
      this.#unseen.clear()
      return
    }
    const now = transport.now()
    const missing = new Map(
      look.agentIds.map((agentId) => {
        const { since, looks, isHeld } = this.#unseen.get(agentId) ?? {
          since: startedAt,
          looks: 0,
          isHeld: false,
        }
        return [agentId, { since, looks: looks + 1, isHeld: isHeld || look.isHeld }]
      }),
    )
    this.#unseen.clear()
    for (const [agentId, unseen] of missing) this.#unseen.set(agentId, unseen)
    const hidden = [...missing.values()].filter(
      ({ since, looks }) => looks >= leastLooks && now - since >= transport.timing.hiddenAfterMs,
    )
    if (hidden.length === 0) return
    this.#told.add(this.#what)
    const how = hidden.some(({ isHeld }) => isHeld) ? 'held' : 'gone'
    apply({ kind: 'commandHidden', what: this.#what, how, agents: hidden.length, at: now })
  }
}
