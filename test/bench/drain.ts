import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Master } from '../../src/master/master.ts'
import { History } from '../../src/master/store/history.ts'
import { privateReplyQueue } from '../../src/protocol/names.ts'
import { createSender } from '../../src/queues/sender.ts'
import type { SqsServer } from '../support/sqs.ts'
import { createBareMaster } from './bareMaster.ts'
import { type Agent, replyLimitBytes, resultBody } from './bodies.ts'
import { inTurns } from './rounds.ts'

const warmUps = 2

/** Milliseconds of each round. */
export interface DrainFigures {
  readonly ours: readonly number[]
  readonly floor: readonly number[]
  /** A floor that keeps the SDK's middleware. */
  readonly kept: readonly number[]
}

/**
 * 10,000 replies wait for a master that comes back: how long until all are in its history, against bare receiving. In
 * turns; the first rounds, in which Node compiles what is used, are not among the figures: ours has more to compile.
 */
export async function measureDrain(
  server: SqsServer,
  replies: number,
  rounds: number,
): Promise<DrainFigures> {
  const agents = Array.from({ length: replies }, (_, index) => ({
    agentId: `sim-${index}`,
    hostname: `sim-${index}`,
  }))
  const sides = [
    (round: number) => drainByMaster(server, `drained-run-${round}`, agents),
    (round: number) => drainBare(server, `bare${round}`, agents, false),
    (round: number) => drainBare(server, `kept${round}`, agents, true),
  ]
  const [ours = [], floor = [], kept = []] = await inTurns(sides, warmUps + rounds)
  return { ours: ours.slice(warmUps), floor: floor.slice(warmUps), kept: kept.slice(warmUps) }
}

async function drainByMaster(server: SqsServer, runId: string, agents: readonly Agent[]): Promise<number> {
  const environment = await server.environment(runId)
  const queues = server.connect()
  const history = await History.open(await mkdtemp(join(tmpdir(), 'history-')))
  const request = { filter: '*', action: { kind: 'shell', command: 'uname -a' }, timeoutMs: 600_000 } as const
  const issuer = { name: 'bench', host: 'bench' }
  const record = await history.create({
    ...{ runId, environment: environment.name, request, issuer },
    startedAt: Date.now(),
  })
  record.append({ kind: 'agentsExpected', agents, steps: [agents.map(({ agentId }) => agentId)] })
  record.append({ kind: 'stepStarted', at: Date.now() })
  await record.close()
  const masterId = 'bench-2'
  const place = privateReplyQueue(environment.name, masterId)
  await queues.create(place, {
    visibilitySeconds: 30,
    retentionSeconds: 86_400,
    maximumMessageSize: replyLimitBytes,
    waitSeconds: 20,
  })
  await fill(server, place, runId, agents)
  const master = new Master({ environment, queues, issuer, masterId, history })
  const startedAt = performance.now()
  const [run] = await master.resume()
  await run?.ended
  await run?.flush()
  const elapsedMs = performance.now() - startedAt
  if (run?.state.counts.succeeded !== agents.length)
    throw new Error(`drain: ${JSON.stringify(run?.state.counts)}`)
  await master.close()
  return elapsedMs
}

async function drainBare(
  server: SqsServer,
  name: string,
  agents: readonly Agent[],
  keepsMiddleware: boolean,
): Promise<number> {
  const environment = await server.environment(name)
  await fill(server, environment.queues.replies, `drained-run-${name}`, agents)
  const bare = await createBareMaster(server.endpoint, environment, keepsMiddleware)
  const elapsedMs = await bare.drain(agents.length)
  await bare.close()
  return elapsedMs
}

/** Puts a reply of each agent onto `queue`. */
async function fill(
  server: SqsServer,
  queue: string,
  runId: string,
  agents: readonly Agent[],
): Promise<void> {
  const queues = server.connect()
  const sender = createSender(queues, queue, { signal: new AbortController().signal, parallel: 8 })
  const bodies = agents.map((agent) => {
    const output = `Linux ${agent.hostname} 6.1.0-18-amd64 ${randomBytes(4).toString('hex')}\n`
    return resultBody(runId, agent, Buffer.from(output))
  })
  await Promise.all(bodies.map((body) => sender.send(body)))
  queues.close()
}
