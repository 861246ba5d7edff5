import type { Dice } from './dice.ts'
import { type Rule, rulesFor } from './faultPlan.ts'
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
  const failures = rulesFor(rules, 'fail-entry', request)
  const failed = entries.filter(() => failures.some(({ chance }) => dice.chance(chance)))
  for (const _ of failed) count('fail-entry')
  const taken = entries
    .filter((entry) => !failed.includes(entry))
    .map((entry) => late(request, entry, sending))
  const answer =
    taken.length === 0 ? answerOk({}) : await forward(requestWith(request, { ...rest, Entries: taken }))
  if (answer.status !== 200 || failed.length === 0) return answer
  const { Successful = [], Failed = [] } = JSON.parse(answer.body.toString('utf8'))
  const faults = failed.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false }))
  return answerWith(answer, { Successful, Failed: [...Failed, ...faults] })
}

function late<T extends Input | Entry>(request: WireRequest, part: T, { rules, dice, count }: Sending): T {
  const rule = rulesFor(rules, 'late', request).find(({ chance }) => dice.chance(chance))
  if (rule === undefined) return part
  count('late')
  return { ...part, DelaySeconds: dice.between(rule.fault.seconds) }
}
