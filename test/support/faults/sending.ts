import type { Dice } from './dice.ts'
import { type Rule, rulesFor } from './faultPlan.ts'
import { failedEntry } from './refusals.ts'
import {
  answerOk,
  answerWith,
  type Entry,
  type Input,
  requestWith,
  type WireAnswer,
  type WireRequest,
} from './wire.ts'

export interface Sending {
  /** Does not end when the caller goes away: whoever does so has sent all the same. */
  readonly forward: (request: WireRequest) => Promise<WireAnswer>
  readonly rules: Iterable<Rule>
  readonly dice: Dice
  readonly count: (fault: string) => void
}

/** A send, of one or of a batch, in which messages come late and entries fail. */
export async function sendWithFaults(request: WireRequest, sending: Sending): Promise<WireAnswer> {
  const { forward, rules, dice, count } = sending
  const { Entries: entries, ...rest } = request.input
  if (entries === undefined) return forward(requestWith(request, late(request, rest, sending)))
  const failed = failing(request, entries, { rules, dice, count })
  const taken = entries.filter((entry) => !failed.has(entry)).map((entry) => late(request, entry, sending))
  const answer =
    taken.length === 0 ? answerOk({}) : await forward(requestWith(request, { ...rest, Entries: taken }))
  if (answer.status !== 200 || failed.size === 0) return answer
  const { Successful = [], Failed = [] } = JSON.parse(answer.body.toString('utf8'))
  return answerWith(answer, { Successful, Failed: [...Failed, ...failed.values()] })
}

/** The entries that fail although nothing is wrong with them, each with what is said of it. */
export function failing(
  request: WireRequest,
  entries: readonly Entry[],
  { rules, dice, count }: Pick<Sending, 'rules' | 'dice' | 'count'>,
): Map<Entry, ReturnType<typeof failedEntry>> {
  const failures = rulesFor(rules, 'fail-entry', request)
  const failed = new Map<Entry, ReturnType<typeof failedEntry>>()
  for (const entry of entries) {
    const failure = failures.find(({ chance }) => dice.chance(chance))
    if (failure === undefined) continue
    count('fail-entry')
    failed.set(entry, failedEntry(entry.Id, failure.fault.as ?? 'InternalError'))
  }
  return failed
}

function late<T extends Input | Entry>(request: WireRequest, part: T, { rules, dice, count }: Sending): T {
  const rule = rulesFor(rules, 'late', request).find(({ chance }) => dice.chance(chance))
  if (rule === undefined) return part
  count('late')
  return { ...part, DelaySeconds: dice.between(rule.fault.seconds) }
}
