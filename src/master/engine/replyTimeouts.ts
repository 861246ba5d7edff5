import type { Verdict } from '../../protocol/verdict.ts'
import { judgeSilence } from '../../run/replyTimeout.ts'
import { isSettled, type RunState } from '../../run/runState.ts'
import type { Timing } from '../../run/timing.ts'

/** After so many sends that failed for good, silent agents count as asked. Each of them was several tries. */
const mostFailedSends = 5

/** What the silence of the agents of a run asks for now. */
export interface TimeoutDecision {
  /** To these the command is to be sent again, */
  readonly republish: string[]
  /** these are to be asked for their results, */
  readonly ask: string[]
  /** and these were given every reason to say something. */
  readonly giveUp: { readonly agentId: string; readonly verdict: Extract<Verdict, 'no-reply' | 'lost'> }[]
}

/** The silent agents of one run: who was told what again, and when that was enough. Each is told once. */
export class ReplyTimeouts {
  readonly #timing: Timing
  /** When the command was sent to an agent again, milliseconds. */
  readonly #republished = new Map<string, number>()
  /** Agents whose result was asked for, and from when on silence is an answer, milliseconds. */
  readonly #asked = new Map<string, number>()
  #failedSends = 0

  constructor(timing: Timing) {
    this.#timing = timing
  }

  /**
   * Judges all agents of the run; what it says to be done counts as done from then on.
   * @param sendingTookMs until SQS took the last step's command: nobody was silent before that
   * @param mayAsk else whom it is time to ask is asked later, and not given up before
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
        // SQS was away, or nobody listened, when it was time to ask: its result may be gone, and is still with the agent.
        // SQS may have been away for the agent as well, and it comes back in its own time.
        if (giveUpAt === undefined) ask(agentId, now + this.#timing.graceMs)
        else if (now >= giveUpAt) judged.giveUp.push({ agentId, verdict: meaning })
      }
    }
    for (const agentId of judged.republish) this.#republished.set(agentId, now)
    return judged
  }

  /** Whom SQS did not let us tell was not told; but nobody waits for ever for a permission. */
  notTold(what: 'republish' | 'ask', agentIds: readonly string[]): void {
    this.#failedSends += 1
    if (this.#failedSends >= mostFailedSends) return
    const told = what === 'republish' ? this.#republished : this.#asked
    for (const agentId of agentIds) told.delete(agentId)
  }

  /** From when on its silence counts; undefined when it was given no reason to say anything. */
  #giveUpAt(state: RunState, agentId: string, assumed: 'no-reply' | 'lost'): number | undefined {
    const asked = this.#asked.get(agentId)
    if (asked !== undefined || assumed === 'lost') return asked
    // An agent that has the command, or that is told to stop, answers that.
    const told = this.#republished.get(agentId) ?? state.cancelRequestedAt
    return told === undefined ? undefined : told + this.#timing.republishAfterMs
  }
}
