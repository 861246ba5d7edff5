import type { SqsServer } from '../support/sqs.ts'
import { outputFleet } from './fleets.ts'
import { inTurns } from './rounds.ts'
import { agentsAreIdle, startFloor, startOurs } from './sides.ts'

/** Milliseconds of each round, and what one brings. */
export interface ThroughputFigures {
  readonly megabytes: number
  readonly ours: readonly number[]
  readonly floor: readonly number[]
}

/**
 * Large outputs through the whole way. The floor spawns the same commands, reads what they write, and has bodies of the
 * same sizes sent and received by the bare SDK, in as many processes.
 */
export async function measureThroughput(
  server: SqsServer,
  agents: number,
  mebibytes: number,
  rounds: number,
): Promise<ThroughputFigures> {
  const bytes = mebibytes * 1024 * 1024
  const fleet = outputFleet(server, agents, bytes)
  const sides = [await startOurs(server, fleet), await startFloor(server, fleet, false)]
  for (const side of sides) await side.warmUp()
  const acts = sides.map((side) => async () => {
    await agentsAreIdle()
    return (await side.run()).elapsedMs
  })
  const [ours = [], floor = []] = await inTurns(acts, rounds)
  await Promise.all(sides.map((side) => side.stop()))
  return { megabytes: (agents * bytes) / 1e6, ours, floor }
}
