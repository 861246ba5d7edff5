import { readFilter, type WrittenFilter, writeFilter } from '../protocol/filter/writtenFilter.ts'
import { type Environment, fleetIdOf } from '../queues/environment.ts'
import { type EarlierAgent, type EarlierFleet, noEarlierFleet } from './fleet/earlierFleet.ts'
import { forgottenAfterMs } from './fleet/sighting.ts'
import type { History } from './store/history.ts'

/** Runs that are looked at, the latest ones, and the agents that are remembered of them together. */
const [mostRuns, mostAgents] = [20, 20_000]

/**
 * The agents that runs of the last 24 hours named, for masters that live for one run only and so have seen nobody before. A run
 * with targets says nothing about a filter, and of a filter only a run with the same filter says who matches it: for `*` that is
 * every run. An agent that has said since that it stops is among them, as nobody was there to read that.
 * @param now milliseconds since the epoch
 */
export async function readEarlierRuns(
  history: Pick<History, 'list' | 'begun'>,
  environment: Environment,
  now: number,
): Promise<EarlierFleet> {
  const fleet = fleetIdOf(environment)
  const isRecent = (startedAt: number) => startedAt <= now && now - startedAt <= forgottenAfterMs
  // Where the history cannot be read, starting a run says why.
  const all = await history.list().catch(() => [])
  const recent = all.filter(
    ({ environment: name, startedAt, request }) =>
      name === environment.name && isRecent(startedAt) && request.targets === undefined,
  )
  const runs: EarlierRun[] = []
  let left = mostAgents
  for (const { runId, request, startedAt } of recent.slice(0, mostRuns)) {
    // A run that cannot be read, as it is being deleted, says nothing.
    const begun = await history.begun(runId).catch(() => undefined)
    if (begun === undefined || begun.start.reach?.fleet !== fleet) continue
    left -= begun.agents.length
    if (left < 0) break
    runs.push({ filter: canonical(request.filter), startedAt, agents: begun.agents })
  }
  if (runs.length === 0) return noEarlierFleet
  return {
    matching({ parsed }: WrittenFilter) {
      const wanted = writeFilter(parsed).text
      const found = new Map<string, EarlierAgent>()
      for (const { filter, startedAt, agents } of runs) {
        if (parsed.kind !== 'everyone' && filter !== wanted) continue
        for (const { agentId, hostname } of agents)
          if (!found.has(agentId)) found.set(agentId, { agentId, hostname, lastSeenAt: startedAt })
      }
      return [...found.values()]
    },
  }
}

interface EarlierRun {
  /** Canonical text; undefined for one that this version cannot read. */
  readonly filter: string | undefined
  readonly startedAt: number
  readonly agents: readonly { readonly agentId: string; readonly hostname: string }[]
}

function canonical(filter: string): string | undefined {
  try {
    return writeFilter(readFilter(filter).parsed).text
  } catch {
    return undefined
  }
}
