import type { SqsServer } from '../support/sqs.ts'
import type { Fleet } from './fleets.ts'
import { inTurns } from './rounds.ts'
import type { RunTimes } from './runTimes.ts'
import { agentsAreIdle, type Side, startFloor, startOurs } from './sides.ts'

/** All rounds of each side in their order; the first one of each is cold. */
export interface RunFigures {
  readonly name: string
  readonly agents: number
  readonly ours: readonly RunTimes[]
  readonly floor: readonly RunTimes[]
  /** A floor that keeps the SDK's middleware. */
  readonly kept: readonly RunTimes[] | undefined
  /** Ten runs of ours at once, milliseconds until the last verdict of all. */
  readonly tenAtOnceMs: number | undefined
  /** Milliseconds per command of a series without pauses, by series. */
  readonly backToBack: { readonly ours: readonly number[]; readonly floor: readonly number[] } | undefined
}

export interface RunMeasures {
  /** After the cold one. */
  readonly rounds: number
  readonly kept?: boolean
  readonly tenAtOnce?: boolean
  readonly backToBack?: boolean
}

/** Commands of a series without pauses, and how many series each side has. */
const [seriesLength, seriesCount] = [10, 3]

/**
 * Measures runs over `fleet` and over its floor. All agents of both are there from the start and the rounds alternate. Who
 * is not at it waits in 20 s long polls, which costs each side the same: an idle process, ours or the floor's, takes some
 * 0.07 % of a core, fifty of them 2 % of two cores; 1,000 simulated agents make 50 requests a second.
 */
export async function measureRuns(
  server: SqsServer,
  fleet: Fleet,
  { rounds, kept, tenAtOnce, backToBack }: RunMeasures,
): Promise<RunFigures> {
  const ours = await startOurs(server, fleet)
  const floor = await startFloor(server, fleet, false)
  const sides = [ours, floor, ...(kept ? [await startFloor(server, fleet, true)] : [])]
  const [oursTook = [], floorTook = [], keptTook] = await inTurns(sides.map(roundOf), rounds + 1)
  const figures = {
    ...{ name: fleet.name, agents: fleet.agents, ours: oursTook, floor: floorTook, kept: keptTook },
    backToBack: backToBack ? await timeBackToBack(ours, floor) : undefined,
    // Last: runs that end together may hide their commands from one another's withdrawal, and what is left on the queue
    // keeps agents out of their long polls.
    tenAtOnceMs: tenAtOnce ? await timeTenAtOnce(ours) : undefined,
  }
  await Promise.all(sides.map((side) => side.stop()))
  return figures
}

/**
 * The same for a fleet that is too large for both sides to be there at a time: first ours, then as many rounds of the floor.
 * @param enoughMs no round of ours begins after so long, milliseconds; two follow the cold one in any case
 */
export async function measureLargeRuns(
  server: SqsServer,
  fleet: Fleet,
  rounds: number,
  enoughMs: number,
): Promise<RunFigures> {
  const ours = await startOurs(server, fleet)
  const [oursTook = []] = await inTurns([roundOf(ours)], rounds + 1, enoughMs)
  await ours.stop()
  const floor = await startFloor(server, fleet, false)
  const [floorTook = []] = await inTurns([roundOf(floor)], oursTook.length)
  await floor.stop()
  return {
    ...{ name: fleet.name, agents: fleet.agents, ours: oursTook, floor: floorTook },
    ...{ kept: undefined, tenAtOnceMs: undefined, backToBack: undefined },
  }
}

function roundOf(side: Side): () => Promise<RunTimes> {
  return async () => {
    await agentsAreIdle()
    return side.run()
  }
}

async function timeTenAtOnce(ours: Side): Promise<number> {
  await agentsAreIdle()
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: 10 }, () => ours.run()))
  return performance.now() - startedAt
}

async function timeBackToBack(ours: Side, floor: Side) {
  const seriesOf = (side: Side) => async () => {
    await agentsAreIdle()
    const startedAt = performance.now()
    for (let command = 0; command < seriesLength; command += 1) await side.run()
    return (performance.now() - startedAt) / seriesLength
  }
  const [oursTook = [], floorTook = []] = await inTurns([seriesOf(ours), seriesOf(floor)], seriesCount)
  return { ours: oursTook, floor: floorTook }
}
