import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Master } from '../../src/master/master.ts'
import { History } from '../../src/master/store/history.ts'
import { everyone } from '../../src/protocol/filter/writtenFilter.ts'
import { startRun } from '../support/masters.ts'
import { requestsSince } from '../support/requestsSince.ts'
import type { SqsServer } from '../support/sqs.ts'
import { createBareMaster, warmUp } from './bareMaster.ts'
import { commandBody, replyLimitBytes } from './bodies.ts'
import type { Fleet } from './fleets.ts'
import { type RunTimes, timesOf } from './runTimes.ts'

/** A fleet with its master: ours, or the floor. */
export interface Side {
  /** The fleet's command to all of its agents, until it is taken off the queue again. */
  run(): Promise<RunTimes>
  /** The same with a small answer, where the fleet's is large. */
  warmUp(): Promise<void>
  stop(): Promise<void>
}

/**
 * The server on loopback is one process on a few cores: with thousands of agents a request waits for seconds, which SQS's
 * do not. Silence is not to be judged by that.
 */
const patience = { republishAfterMs: 60_000, responseTimeoutMs: 120_000 }

export async function startOurs(server: SqsServer, fleet: Fleet): Promise<Side> {
  const environment = await server.environment('ours')
  const queues = server.connect()
  const hosts = await fleet.start(environment.name)
  const history = await History.open(await mkdtemp(join(tmpdir(), 'history-')))
  const issuer = { name: 'bench', host: 'bench' }
  const master = new Master({ environment, queues, issuer, masterId: 'bench-1', history, timing: patience })
  while (master.inventory.agents().length < fleet.agents) await master.refresh()

  const run = async (command: string): Promise<RunTimes> => {
    const { outputBytes } = fleet
    const [startedAt, startedAtDate, before] = [performance.now(), Date.now(), queues.requests]
    const started = await startRun(master, {
      ...{ filter: everyone, action: { kind: 'shell', command }, timeoutMs: 240_000 },
      ...(outputBytes === undefined ? {} : { outputLimitBytes: outputBytes }),
    })
    const { counts, replies } = await started.ended
    const elapsedMs = performance.now() - startedAt
    const whole = [...replies.values()].filter(({ output }) => output === 'complete')
    if (counts.succeeded !== fleet.agents || whole.length !== fleet.agents)
      throw new Error(`${fleet.name}: ${JSON.stringify(counts)}, ${whole.length} outputs complete`)
    await started.withdrawn()
    const { requests } = requestsSince(before, queues.requests)
    const arrivals = whole.map(({ heardAt = Number.NaN }) => heardAt - startedAtDate)
    return { ...timesOf(arrivals, requests), elapsedMs }
  }
  return {
    run: () => run(fleet.command),
    warmUp: async () => void (await run('uname -a')),
    async stop() {
      await hosts.stop()
      await master.close()
    },
  }
}

/** @param keepsMiddleware as ours does; the SDK as it comes does not */
export async function startFloor(server: SqsServer, fleet: Fleet, keepsMiddleware: boolean): Promise<Side> {
  const environment = await server.environment(keepsMiddleware ? 'kept' : 'bare')
  // A master of ours has a reply queue of its own, with larger messages than the shared one.
  await server.connect().setAttributes(environment.queues.replies, { maximumMessageSize: replyLimitBytes })
  const hosts = await fleet.startBare(environment.name, keepsMiddleware)
  const master = await createBareMaster(server.endpoint, environment, keepsMiddleware)
  const body = commandBody(environment.name, fleet.command)
  return {
    run: () => master.run(fleet.agents * fleet.bareMessages, body),
    warmUp: async () => void (await master.run(fleet.agents, warmUp)),
    async stop() {
      await hosts.stop()
      await master.close()
    },
  }
}

/** After a command agents pause, up to a second and a quarter: the usual state is that they wait in a long poll. */
export async function agentsAreIdle(): Promise<void> {
  await sleep(1_500)
}
