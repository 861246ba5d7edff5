import type { Verdict } from '../../protocol/verdict.ts'
import { decideOnTimeout } from '../../run/replyTimeout.ts'
import { isSettled, type RunState } from '../../run/runState.ts'
import type { Timing } from '../../run/timing.ts'

/** After this many failed sends (each with several tries), agents without a reply count as asked. */
const mostFailedSends = 5

/** What to do about the agents of a run that have not replied. */
export interface TimeoutDecision {
  /** Agents to send the command to again. */
  readonly republish: string[]
  /** Agents to ask for their results. */
  readonly ask: string[]
  /** Agents to give up: they were asked and did not reply. */
  readonly giveUp: { readonly agentId: string; readonly verdict: Extract<Verdict, 'no-reply' | 'lost'> }[]
}

interface Due {
  readonly agentId: string
  readonly calls: NonNullable<ReturnType<typeof decideOnTimeout>>
  readonly from: number
}

/** The agents of one run that have not replied: what was sent to them again, and when to give them up. Each is asked once. */
export class ReplyTimeouts {
  readonly #timing: Timing
  /** When the command was sent to an agent again, milliseconds. */
  readonly #republished = new Map<string, number>()
  /** Agents that were asked for their result, and when to give them up, milliseconds. */
  readonly #asked = new Map<string, number>()
  #failedSends = 0

  constructor(timing: Timing) {
    this.#timing = timing
  }

  /**
   * Decides for all agents of the run; what it returns counts as done from then on.
   * @param sendingTookMs how long SQS took to accept the last step's command: that time does not count as silence
   * @param mayAsk when false, agents that are due to be asked are asked later, and not given up before
   */
  judge(state: RunState, now: number, sendingTookMs: number | 'sending', mayAsk: boolean): TimeoutDecision {
    const judged: TimeoutDecision = { republish: [], ask: [], giveUp: [] }
    for (const { agentId, calls, from } of this.#due(state, now, sendingTookMs)) {
      if (calls === 'republish') {
        this.#republished.set(agentId, now)
        judged.republish.push(agentId)
      } else if (calls !== 'ask') judged.giveUp.push({ agentId, verdict: calls })
      else if (mayAsk) {
        this.#asked.set(agentId, from)
        judged.ask.push(agentId)
      }
    }
    return judged
  }

  /** Whether {@link judge} would decide anything now. */
  isDue(state: RunState, now: number, sendingTookMs: number | 'sending'): boolean {
    return this.#due(state, now, sendingTookMs).next().done !== true
  }

  /** What the silence of each agent calls for now. `from`: when it counts as asked, milliseconds. */
  *#due(state: RunState, now: number, sendingTookMs: number | 'sending'): Generator<Due, void> {
    for (const reply of state.replies.values()) {
      if (isSettled(reply)) continue
      const { agentId } = reply
      const isExpected = reply.state === 'expected'
      if (isExpected && sendingTookMs === 'sending') continue
      const since = isExpected && sendingTookMs !== 'sending' ? sendingTookMs : 0
      const calls = decideOnTimeout(state, reply, this.#timing, now - since)
      if (calls === 'republish' && !this.#republished.has(agentId)) yield { agentId, calls, from: now }
      else if (calls === 'ask' && !this.#asked.has(agentId)) yield { agentId, calls, from: now }
      else if (calls === 'no-reply' || calls === 'lost') {
        const giveUpAt = this.#giveUpAt(state, agentId, calls)
        // When it was time to ask, SQS was not reachable or no master was receiving: the result may be lost on the way, but
        // the agent still has it. SQS may have been unreachable for the agent as well, and it reconnects at its own pace.
        if (giveUpAt === undefined) yield { agentId, calls: 'ask', from: now + this.#timing.graceMs }
        else if (now >= giveUpAt) yield { agentId, calls, from: now }
      }
    }
  }

  /** Call it when a send failed: the agents were not asked. After several failures they count as asked all the same. */
  notTold(what: 'republish' | 'ask', agentIds: readonly string[]): void {
    this.#failedSends += 1
    if (this.#failedSends >= mostFailedSends) return
    const told = what === 'republish' ? this.#republished : this.#asked
    for (const agentId of agentIds) told.delete(agentId)
  }

  /** When to give the agent up; undefined when nothing was sent that it would answer. */
  #giveUpAt(state: RunState, agentId: string, assumed: 'no-reply' | 'lost'): number | undefined {
    const asked = this.#asked.get(agentId)
    if (asked !== undefined || assumed === 'lost') return asked
    // An agent answers a command or a cancel that it receives.
    const told = this.#republished.get(agentId) ?? state.cancelRequestedAt
    return told === undefined ? undefined : told + this.#timing.republishAfterMs
  }
}
