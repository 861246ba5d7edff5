import { setTimeout as delay } from 'node:timers/promises'
import { joinLocalFleet, type LocalFleet, openLocalFleet } from '../localFleet/client.ts'
import { sweepFacts } from '../master/fleet/factsSweep.ts'
import { Inventory } from '../master/fleet/inventory.ts'
import { createQueues } from '../queues/queues.ts'
import { parseArguments, UsageError } from './arguments.ts'
import { command } from './command.ts'
import { explain } from './explain.ts'

/** How long to wait for the agents' facts: they take a second or two, longer on a machine under load. Milliseconds. */
const patienceMs = 30_000

/** The local fleet for a demonstration, once every agent has reported. */
export interface DemoFleet {
  readonly endpoint: string
  readonly environments: readonly { readonly name: string; readonly agents: number }[]
  /** Runs `ec2-cmaster` with these arguments against one of the fleet's environments; returns its exit code. */
  run(argv: readonly string[]): Promise<number>
  /** Resolves when the fleet has ended, for any reason. */
  readonly ended: Promise<void>
  /** Ends the fleet, unless it was running before. */
  close(): Promise<void>
}

/** @param programs folder of the bundles, `dist` */
export async function openDemoFleet(directory: string, programs: string): Promise<DemoFleet> {
  const running = await joinLocalFleet(directory)
  const fleet = running ?? (await openLocalFleet({ directory, programs }))
  await allReported(fleet)
  return {
    endpoint: fleet.endpoint,
    environments: fleet.environments.map(({ name }) => ({
      name,
      agents: fleet.agents.filter(({ environment }) => environment === name).length,
    })),
    run: (argv) => run(fleet, argv),
    ended: fleet.ended,
    close: () => (running === undefined ? fleet.stop() : Promise.resolve(fleet.close())),
  }
}

async function run(fleet: LocalFleet, argv: readonly string[]): Promise<number> {
  try {
    const args = parseArguments(argv)
    if (typeof args === 'string') throw new UsageError(`--${args} is not available in the demonstration.`)
    const { environment: name = 'testing' } = args
    const environment = fleet.environments.find((known) => known.name === name)
    if (environment === undefined) {
      const names = fleet.environments.map((known) => known.name).join(' and ')
      throw new UsageError(`--env ${name}: the local fleet has ${names}.`)
    }
    return await command(args, environment)
  } catch (error) {
    return explain(error)
  }
}

async function allReported(fleet: LocalFleet): Promise<void> {
  const giveUpAt = performance.now() + patienceMs
  for (const environment of fleet.environments) {
    const { name, region, endpoint, credentials } = environment
    const queues = createQueues({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
    })
    const inventory = new Inventory(Date.now)
    const expected = fleet.agents.filter(({ environment }) => environment === name).length
    try {
      for (;;) {
        await sweepFacts(queues, environment, inventory, Date.now)
        const reported = inventory.agents().length
        if (reported >= expected) break
        if (performance.now() > giveUpAt) {
          throw new Error(
            `Only ${reported} of ${expected} agents of ${name} have reported. Their logs are next to ${fleet.agents[0]?.logFile}.`,
          )
        }
        await delay(100)
      }
    } finally {
      queues.close()
    }
  }
}
