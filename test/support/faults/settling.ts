import type { Dice } from './dice.ts'
import { type Rule, rulesFor, strike } from './faultPlan.ts'
import type { Ghosts } from './ghosts.ts'
import type { Handles } from './handles.ts'
import { failedEntry } from './refusals.ts'
import { failing } from './sending.ts'
import { answerOk, answerWith, type Entry, requestWith, type WireAnswer, type WireRequest } from './wire.ts'

export interface Settling {
  readonly forward: (request: WireRequest) => Promise<WireAnswer>
  readonly ghosts: Ghosts
  readonly handles: Handles
  readonly rules: Iterable<Rule>
  readonly dice: Dice
  readonly count: (fault: string) => void
}

/**
 * Deletes or hides messages. Some entries fail, some only seem to be done, and what was deleted may come back. SQS never hears of
 * the handles of ghosts.
 */
export async function settleWithFaults(request: WireRequest, settling: Settling): Promise<WireAnswer> {
  const { ghosts, forward } = settling
  const { Entries: entries, ...rest } = request.input
  if (entries === undefined) {
    const single = rest as Entry
    if (isDeaf(request, single, settling)) return answerOk({})
    settle(request, single, settling)
    return ghosts.owns(single.ReceiptHandle ?? '') ? answerOk({}) : forward(request)
  }
  const failed = failing(request, entries, settling)
  const asSeen = new Map(entries.map((entry) => [entry.Id, answerByState(request, entry, settling)]))
  for (const entry of entries) {
    const code = asSeen.get(entry.Id)
    if (code !== undefined && code !== 'success') failed.set(entry, failedEntry(entry.Id, code))
  }
  const deaf = entries.filter((entry) => !failed.has(entry) && isDeaf(request, entry, settling))
  const heard = entries.filter((entry) => !failed.has(entry) && !deaf.includes(entry))
  for (const entry of heard) settle(request, entry, settling)
  const real = heard.filter(({ ReceiptHandle = '' }) => !ghosts.owns(ReceiptHandle))
  const answer =
    real.length === 0 ? answerOk({}) : await forward(requestWith(request, { ...rest, Entries: real }))
  if (answer.status !== 200) return answer
  const { Successful = [], Failed = [] } = JSON.parse(answer.body.toString('utf8')) as Answered
  const isSuccess = ({ Id }: { readonly Id: string }) => asSeen.get(Id) === 'success'
  const refused = Failed.filter((entry) => !isSuccess(entry))
  const seeming = [
    ...entries.filter((entry) => !failed.has(entry) && !real.includes(entry)),
    ...Failed.filter(isSuccess),
  ]
  return answerWith(answer, {
    Successful: [...Successful, ...seeming.map(({ Id }) => ({ Id }))],
    Failed: [...refused.map((entry) => recoded(request, entry, settling)), ...failed.values()],
  })
}

interface Answered {
  readonly Successful?: { readonly Id: string }[]
  readonly Failed?: { readonly Id: string; readonly Code: string }[]
}

/** How the entry ends because of the state of its handle; undefined where no rule says so. */
function answerByState(
  request: WireRequest,
  { ReceiptHandle: handle = '' }: Entry,
  { rules, handles, ghosts, count, dice }: Settling,
): string | undefined {
  const of = rulesFor(rules, 'handle', request)
  if (of.length === 0 || ghosts.owns(handle)) return undefined
  const state = handles.stateOf(handle, Date.now())
  const rule = of.find(({ fault, chance }) => fault.state === state && dice.chance(chance))
  if (rule !== undefined) count('handle')
  return rule?.fault.as
}

/** Whether a delete seems to work and does not, as its handle is not of the latest receive. */
function isDeaf(
  request: WireRequest,
  { ReceiptHandle: handle = '' }: Entry,
  { rules, dice, handles, count }: Settling,
): boolean {
  if (!request.action.startsWith('Delete') || handles.isLatest(handle)) return false
  const isDeafNow = rulesFor(rules, 'old-handle', request).some(({ chance }) => dice.chance(chance))
  if (isDeafNow) count('old-handle')
  return isDeafNow
}

function recoded(
  request: WireRequest,
  entry: { readonly Id: string; readonly Code: string },
  { rules, dice, count }: Settling,
) {
  const as = strike(rules, 'gone-as', request, dice)
  if (as === undefined) return entry
  count('gone-as')
  return failedEntry(entry.Id, as.code)
}

function settle(request: WireRequest, entry: Entry, { ghosts, handles, rules, dice, count }: Settling): void {
  const { ReceiptHandle: handle = '', VisibilityTimeout = 0 } = entry
  if (!request.action.startsWith('Delete')) {
    ghosts.hide(handle, Date.now() + VisibilityTimeout * 1000)
    handles.hide(handle, Date.now() + VisibilityTimeout * 1000)
    return
  }
  ghosts.delete(handle)
  if (handles.isLatest(handle)) handles.delete(handle)
  const message = handles.messageOf(handle)
  const back = rulesFor(rules, 'undelete', request).find(({ chance }) => dice.chance(chance))
  if (message === undefined || back === undefined) return
  if (ghosts.add(request.queue, message, Date.now() + dice.between(back.fault.afterMs), false))
    count('undelete')
}
