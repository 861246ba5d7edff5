import type { Dice } from './dice.ts'
import { type Rule, rulesFor } from './faultPlan.ts'
import type { Ghosts } from './ghosts.ts'
import {
  answerOk,
  answerWith,
  type Entry,
  requestWith,
  type WireAnswer,
  type WireMessage,
  type WireRequest,
} from './wire.ts'

export interface Settling {
  readonly forward: (request: WireRequest) => Promise<WireAnswer>
  readonly ghosts: Ghosts
  /** What was received under a handle. */
  readonly receivedAs: (handle: string) => WireMessage | undefined
  readonly rules: Iterable<Rule>
  readonly dice: Dice
  readonly count: (fault: string) => void
}

/** Deletes or hides messages; deleted ones may come back. SQS never hears of the handles of ghosts. */
export async function settleWithFaults(request: WireRequest, settling: Settling): Promise<WireAnswer> {
  const { ghosts, forward } = settling
  const { Entries: entries, ...rest } = request.input
  const settled = entries ?? [rest as Entry]
  for (const entry of settled) settle(request, entry, settling)
  const real = settled.filter(({ ReceiptHandle = '' }) => !ghosts.owns(ReceiptHandle))
  if (real.length === settled.length) return forward(request)
  if (entries === undefined) return answerOk({})
  const answer =
    real.length === 0 ? answerOk({}) : await forward(requestWith(request, { ...rest, Entries: real }))
  if (answer.status !== 200) return answer
  const { Successful = [], Failed = [] } = JSON.parse(answer.body.toString('utf8'))
  const undead = settled.filter((entry) => !real.includes(entry)).map(({ Id }) => ({ Id }))
  return answerWith(answer, { Successful: [...Successful, ...undead], Failed })
}

function settle(
  request: WireRequest,
  entry: Entry,
  { ghosts, receivedAs, rules, dice, count }: Settling,
): void {
  const { ReceiptHandle: handle = '', VisibilityTimeout = 0 } = entry
  if (!request.action.startsWith('Delete')) {
    ghosts.hide(handle, Date.now() + VisibilityTimeout * 1000)
    return
  }
  ghosts.delete(handle)
  const message = receivedAs(handle)
  const back = rulesFor(rules, 'undelete', request).find(({ chance }) => dice.chance(chance))
  if (message === undefined || back === undefined) return
  if (ghosts.add(request.queue, message, Date.now() + dice.between(back.fault.afterMs), false))
    count('undelete')
}
