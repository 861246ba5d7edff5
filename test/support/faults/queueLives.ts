import type { Dice } from './dice.ts'
import { type Rule, strike } from './faultPlan.ts'
import { refusal } from './refusals.ts'
import { requestWith, type WireAnswer, type WireRequest } from './wire.ts'

interface Living {
  readonly forward: (request: WireRequest) => Promise<WireAnswer>
  readonly rules: Iterable<Rule>
  readonly dice: Dice
  readonly count: (fault: string) => void
}

/** Queues come and go, and not at once: when each was made and deleted. */
export class QueueLives {
  readonly #made = new Map<string, number>()
  readonly #deleted = new Map<string, number>()

  /** The refusal of a request for a queue that is too young, or whose name is not free yet; undefined for others. */
  refuse(request: WireRequest, { rules, dice, count }: Living): WireAnswer | undefined {
    const since = (times: ReadonlyMap<string, number>) => Date.now() - (times.get(request.queue) ?? -Infinity)
    const isCreation = request.action === 'CreateQueue'
    const taken = isCreation ? strike(rules, 'name-taken', request, dice) : undefined
    if (taken !== undefined && since(this.#deleted) < taken.ms) {
      count('name-taken')
      return refusal('QueueDeletedRecently', request)
    }
    const unready = isCreation ? undefined : strike(rules, 'unready', request, dice)
    if (unready === undefined || since(this.#made) >= unready.ms) return undefined
    count('unready')
    return refusal('QueueDoesNotExist', request)
  }

  async create(request: WireRequest, { forward, rules }: Living): Promise<WireAnswer> {
    const asked = requestWith(request, { QueueName: request.queue }, 'GetQueueUrl')
    // SQS says the same of one that is there.
    const isWatched = [...rules].some(({ fault }) => fault.kind === 'unready')
    const isNew = isWatched && (await forward(asked)).status !== 200
    const answer = await forward(request)
    if (isNew && answer.status === 200) this.#made.set(request.queue, Date.now())
    return answer
  }

  async delete(request: WireRequest, { forward }: Living): Promise<WireAnswer> {
    const answer = await forward(request)
    if (answer.status === 200) this.#deleted.set(request.queue, Date.now())
    return answer
  }
}
