import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { History } from '../../src/master/history.ts'
import { Master } from '../../src/master/master.ts'
import { requestsSince } from '../../src/queues/requestCounts.ts'
import type { SqsServer } from '../support/sqs.ts'
import { createBareMaster } from './bareMaster.ts'
import type { Fleet } from './fleets.ts'

export interface RunLatency {
  readonly name: string
  readonly agents: number
  /** Milliseconds from sending to the last verdict: the first run, and the median of the others. */
  readonly coldMs: number
  readonly warmMs: number
  readonly firstReplyMs: number
  readonly medianReplyMs: number
  readonly floorMs: number
  readonly ratio: number
  /** Ten runs at once, milliseconds until the last verdict of all. */
  readonly tenAtOnceMs: number | undefined
  readonly masterRequests: number
  readonly masterHeapBytesPerAgent: number
}

/**
 * The server on loopback is one process on a few cores: with thousands of agents a request waits for seconds, which SQS's
 * do not. Silence is not to be judged by that.
 */
const patience = { republishAfterMs: 60_000, responseTimeoutMs: 120_000 }

/** Bytes of a command as the master sends it. */
const commandBytes = 420

/** Measures runs over `fleet` and over its floor, in turns where both fit onto the machine at a time. */
export async function measureRuns(server: SqsServer, fleet: Fleet): Promise<RunLatency> {
  const ours = await measureOurs(server, fleet)
  const floorMs = await measureFloor(server, fleet)
  return { ...ours, floorMs, ratio: ours.warmMs / floorMs }
}

async function measureOurs(server: SqsServer, fleet: Fleet) {
  const environment = await server.environment(`ours${fleet.agents}`)
  const queues = server.connect()
  const hosts = await fleet.start(environment.name)
  const directory = await mkdtemp(join(tmpdir(), 'ec2-collective-bench-'))
  const history = await History.open(directory)
  const issuer = { name: 'bench', host: 'bench' }
  const master = new Master({ environment, queues, issuer, masterId: 'bench-1', history, timing: patience })
  try {
    while (master.inventory.agents().length < fleet.agents) await master.refresh()
    global.gc?.()
    const heapBefore = process.memoryUsage().heapUsed
    const run = async () => {
      const startedAt = performance.now()
      const started = await master.start({
        filter: '*',
        action: { kind: 'shell', command: 'uname -a' },
        timeoutMs: 240_000,
      })
      const state = await started.over
      const elapsed = performance.now() - startedAt
      if (state.counts.succeeded !== fleet.agents)
        throw new Error(`${fleet.name}: ${JSON.stringify(state.counts)}`)
      await started.withdrawn()
      return {
        elapsed,
        latencies: [...state.replies.values()].map(({ latencyMs }) => latencyMs ?? 0).sort((a, b) => a - b),
      }
    }
    const { elapsed: coldMs } = await run()
    global.gc?.()
    const masterHeapBytesPerAgent = Math.max(0, process.memoryUsage().heapUsed - heapBefore) / fleet.agents
    const before = queues.requests
    const rounds = []
    for (let round = 0; round < fleet.rounds; round += 1) {
      await agentsAreIdle()
      rounds.push(await run())
    }
    const masterRequests = requestsSince(before, queues.requests).requests / fleet.rounds
    let tenAtOnceMs: number | undefined
    if (fleet.agents <= 100) {
      const startedAt = performance.now()
      await Promise.all(Array.from({ length: 10 }, run))
      tenAtOnceMs = performance.now() - startedAt
    }
    const latencies = rounds.at(-1)?.latencies ?? []
    return {
      ...{
        name: fleet.name,
        agents: fleet.agents,
        coldMs,
        warmMs: median(rounds.map(({ elapsed }) => elapsed)),
      },
      ...{ firstReplyMs: latencies[0] ?? 0, medianReplyMs: latencies[Math.floor(latencies.length / 2)] ?? 0 },
      ...{ tenAtOnceMs, masterRequests, masterHeapBytesPerAgent },
    }
  } finally {
    await hosts.stop()
    await master.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function measureFloor(server: SqsServer, fleet: Fleet): Promise<number> {
  const environment = await server.environment(`bare${fleet.agents}`)
  const hosts = await fleet.startBare(environment.name)
  const master = await createBareMaster(
    server.endpoint,
    environment.queues.commands,
    environment.queues.replies,
  )
  try {
    const rounds = []
    for (let round = 0; round <= fleet.rounds; round += 1) {
      await agentsAreIdle()
      rounds.push(await master.run(fleet.agents, commandBytes))
    }
    return median(rounds.slice(1))
  } finally {
    await hosts.stop()
    await master.close()
  }
}

/** After a command agents pause, up to a second and a quarter: the usual state is that they wait in a long poll. */
async function agentsAreIdle(): Promise<void> {
  await sleep(1_500)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
