import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { History } from '../../src/master/history.ts'
import { Master } from '../../src/master/master.ts'
import { sealBody } from '../../src/protocol/envelope.ts'
import { privateReplyQueue } from '../../src/protocol/names.ts'
import type { Environment } from '../../src/queues/environment.ts'
import { createSender } from '../../src/queues/sender.ts'
import type { SqsServer } from '../support/sqs.ts'
import { createBareMaster } from './bareMaster.ts'
import { startAgentProcesses } from './fleets.ts'
import { median } from './runLatency.ts'

/**
 * 10,000 replies wait for a master that comes back: how long until all are in its history, against bare receiving. In
 * turns, because whoever comes first also pays for what Node compiles; medians.
 */
export async function measureDrain(server: SqsServer, replies: number, rounds: number) {
  const agents = Array.from({ length: replies }, (_, index) => ({
    agentId: `sim-${index}`,
    hostname: `sim-${index}`,
  }))
  const ours: number[] = []
  const floor: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const runId = `drained-run-${round}`
    const bodies = agents.map((agent) => replyBody(runId, agent))
    const environment = await server.environment(`drain${round}`)
    ours.push(await drainByMaster(server, environment, runId, agents, bodies))
    await fill(server.connect(), environment.queues.replies, bodies)
    const bare = await createBareMaster(
      server.endpoint,
      environment.queues.commands,
      environment.queues.replies,
    )
    floor.push(await bare.drain(replies))
    await bare.close()
  }
  return { oursMs: median(ours), floorMs: median(floor) }
}

async function drainByMaster(
  server: SqsServer,
  environment: Environment,
  runId: string,
  agents: readonly { agentId: string; hostname: string }[],
  bodies: readonly string[],
): Promise<number> {
  const queues = server.connect()
  const directory = await mkdtemp(join(tmpdir(), 'ec2-collective-bench-'))
  const history = await History.open(directory)
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
    maximumMessageSize: 262_144,
    waitSeconds: 20,
  })
  await fill(queues, place, bodies)
  const master = new Master({ environment, queues, issuer, masterId, history })
  try {
    const startedAt = performance.now()
    const [run] = await master.resume()
    await run?.over
    const elapsedMs = performance.now() - startedAt
    if (run?.state.counts.succeeded !== agents.length)
      throw new Error(`drain: ${JSON.stringify(run?.state.counts)}`)
    return elapsedMs
  } finally {
    await master.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Large outputs through the whole way, bytes per second, against receiving bodies of the same size bare. */
export async function measureThroughput(server: SqsServer, agents: number, mebibytes: number) {
  const name = `bulk${agents}`
  const environment = await server.environment(name)
  const queues = server.connect()
  const bytes = mebibytes * 1024 * 1024
  const hosts = await startAgentProcesses(server, name, agents, { output_limit: bytes })
  const directory = await mkdtemp(join(tmpdir(), 'ec2-collective-bench-'))
  const history = await History.open(directory)
  const master = new Master({
    environment,
    queues,
    issuer: { name: 'bench', host: 'bench' },
    masterId: 'bench-3',
    history,
  })
  const bare = await createBareMaster(
    server.endpoint,
    environment.queues.commands,
    environment.queues.replies,
  )
  try {
    while (master.inventory.agents().length < agents) await master.refresh()
    const startedAt = performance.now()
    const command = `head -c ${bytes} /dev/urandom`
    const run = await master.start({
      filter: '*',
      action: { kind: 'shell', command },
      timeoutMs: 300_000,
      outputLimitBytes: bytes,
    })
    const state = await run.over
    const oursMs = performance.now() - startedAt
    const whole = [...state.replies.values()].filter(({ output }) => output === 'complete').length
    if (whole !== agents) throw new Error(`${name}: ${whole} of ${agents} outputs are complete`)
    const body = 'x'.repeat(256 * 1024)
    const bodies = Array.from({ length: Math.ceil((agents * bytes * 4) / 3 / body.length) }, () => body)
    const floorStartedAt = performance.now()
    // Bodies of 256 KiB, as on a reply queue of one's own.
    await queues.setAttributes(environment.queues.replies, { maximumMessageSize: 262_144 })
    await Promise.all([fill(queues, environment.queues.replies, bodies), bare.drain(bodies.length)])
    return { oursMs, floorMs: performance.now() - floorStartedAt, megabytes: (agents * bytes) / 1e6 }
  } finally {
    await hosts.stop()
    await master.close()
    await bare.close()
    await rm(directory, { recursive: true, force: true })
  }
}

function replyBody(runId: string, agent: { agentId: string; hostname: string }): string {
  const output = Buffer.from(`Linux ${agent.hostname} 6.1.0-18-amd64 ${randomBytes(4).toString('hex')}\n`)
  const digest = (data: Uint8Array) => ({
    ...{ bytes: data.length, droppedBytes: 0 },
    sha256: createHash('sha256').update(data).digest('hex'),
  })
  return sealBody(
    {
      ...{
        type: 'result',
        runId,
        ...agent,
        sentAt: Date.now(),
        outcome: { kind: 'exited', code: 0 },
        durationMs: 1,
        frames: 1,
      },
      ...{
        stdout: digest(output),
        stderr: digest(new Uint8Array()),
        last: { frame: 0, segments: [[1, output.length]] },
      },
    },
    output,
  )
}

async function fill(
  queues: ReturnType<SqsServer['connect']>,
  queue: string,
  bodies: readonly string[],
): Promise<void> {
  const sender = createSender(queues, queue, { signal: new AbortController().signal, parallel: 8 })
  await Promise.all(bodies.map((body) => sender.send(body)))
}
