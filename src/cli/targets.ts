import { aborted, orAborted } from '../async/aborted.ts'
import { costDetails } from '../master/costDetails.ts'
import { describeFleetChange } from '../master/fleet/fleetChange.ts'
import { hostLines } from '../master/fleet/hostLines.ts'
import { type Reach, reachesNobody } from '../master/fleet/reach.ts'
import { reachDetails, signatureDetails } from '../master/fleet/reachDetails.ts'
import type { Master } from '../master/master.ts'
import { requestDetails } from '../run/requestDetails.ts'
import type { RunRequest } from '../run/runRequest.ts'
import { printDetails } from '../text/detail.ts'
import { LocalizableError } from '../text/localizable.ts'
import { inEnglish } from '../text/translate.ts'
import type { Arguments } from './arguments.ts'
import { confirm } from './confirm.ts'
import type { Person } from './person.ts'

/** After this time a look at an environment that is not protected is repeated before something is sent, milliseconds. */
const freshMs = 5_000

/** The number of agents is not that of `--expect`. Nothing was sent. */
export class UnexpectedCount extends Error {
  override readonly name = 'UnexpectedCount'
}

export interface SettleParts {
  readonly master: Pick<Master, 'environment' | 'reach' | 'costing'>
  readonly request: RunRequest
  readonly args: Pick<Arguments, 'confirm' | 'yes' | 'expect' | 'quiet'>
  readonly person: Person
  /** Reads the facts queue. False when it was interrupted. */
  readonly look: () => Promise<boolean>
  readonly signal: AbortSignal
}

/**
 * Shows the agents that the command goes to, and has them confirmed. After an answer the fleet is looked at again, in a protected
 * environment in any case; if the agents are no longer the same, the difference is shown and the question is asked again. What
 * is sent in the same turn as this resolves goes to the agents that were shown.
 * @returns false when it was interrupted
 * @throws UnexpectedCount, UsageError, Declined, LocalizableError when the command is too large: nothing was sent; QueueError
 */
export async function settleTargets(parts: SettleParts): Promise<boolean> {
  const { master, request, args, person, look, signal } = parts
  const { environment } = master
  if (!(await look())) return false
  let lookedAt = performance.now()
  let agreed: Reach['named'] | undefined
  for (;;) {
    const reach = master.reach(request)
    checkCount(args.expect, reach)
    // Nobody to confirm it for: the master reports it.
    if (reachesNobody(reach, request)) return true
    const change = agreed && describeFleetChange(agreed, reach.named, inEnglish)
    if (agreed !== undefined && change === undefined) return true
    if (change !== undefined) person.tell(change)
    const costOf = await orAborted(master.costing(signal), signal)
    if (costOf === aborted) return false
    const cost = costOf(request, reach)
    if (cost.kind === 'too-large') throw new LocalizableError(cost.why)
    const targets = [...reachDetails(reach, request, inEnglish), ...costDetails(cost, inEnglish)]
    const isRefused = signatureDetails(reach, inEnglish).some(({ isCertain }) => isCertain)
    const isDoubtful = isRefused || reach.missing.length > 0 || reach.look.kind === 'unsure'
    const { kind } = request.action
    const wasAsked = await confirm(
      {
        ...{ environment, args, isDoubtful, agents: reach.named.length },
        details: [...requestDetails(request, inEnglish), ...targets],
        isHarmless: kind === 'ping' || kind === 'facts',
      },
      person,
    )
    if (signal.aborted) return false
    if (!wasAsked) {
      if (!args.quiet || isDoubtful) person.tell(printDetails(targets))
      return true
    }
    agreed = reach.named
    if (!environment.protected && performance.now() - lookedAt < freshMs) continue
    if (!(await look())) return false
    lookedAt = performance.now()
  }
}

function checkCount(expected: number | undefined, { named }: Reach): void {
  if (expected === undefined || named.length === expected) return
  const who = named.length === 1 ? '1 agent matches' : `${named.length} agents match`
  const hosts = named.length === 0 ? '' : `\n${hostLines(named.map(({ hostname }) => hostname))}`
  throw new UnexpectedCount(`${who}, and --expect says ${expected}. Nothing was sent.${hosts}`)
}
