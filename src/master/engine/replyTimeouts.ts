import type { Verdict } from '../../protocol/verdict.ts'
import { judgeSilence } from '../../run/replyTimeout.ts'
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
    const ask = (agentId: string, from: number) => {
      if (!mayAsk) return
      this.#asked.set(agentId, from)
      judged.ask.push(agentId)
    }
    const judged: TimeoutDecision = { republish: [], ask: [], giveUp: [] }
    for (const reply of state.replies.values()) {
      if (isSettled(reply)) continue
      const { agentId } = reply
      const isExpected = reply.state === 'expected'
      if (isExpected && sendingTookMs === 'sending') continue
      const since = isExpected && sendingTookMs !== 'sending' ? sendingTookMs : 0
      const meaning = judgeSilence(state, reply, this.#timing, now - since)
      if (meaning === 'republish' && !this.#republished.has(agentId)) judged.republish.push(agentId)
      else if (meaning === 'ask' && !this.#asked.has(agentId)) ask(agentId, now)
      else if (meaning === 'no-reply' || meaning === 'lost') {
        const giveUpAt = this.#giveUpAt(state, agentId, meaning)
        // When it was time to ask, SQS was not reachable or no master was receiving: the result may be lost on the way, but
        // the agent still has it. SQS may have been unreachable for the agent as well, and it reconnects at its own pace.
        if (giveUpAt === undefined) ask(agentId, now + this.#timing.graceMs)
        else if (now >= giveUpAt) judged.giveUp.push({ agentId, verdict: meaning })
      }
    }
    for (const agentId of judged.republish) this.#republished.set(agentId, now)
    return judged
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
