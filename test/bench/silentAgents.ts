import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { History } from '../../src/master/history.ts'
import { Master } from '../../src/master/master.ts'
import type { SqsServer } from '../support/sqs.ts'

/** Sizes of fleet between which the growth is taken: what a run costs by itself cancels out. */
const [few, many] = [1_000, 10_000]

/**
 * Bytes of heap by which a run grows with each agent that is expected and never answers, until it is over and everyone
 * has `no-reply`. Needs `--expose-gc`.
 */
export async function measureSilentAgents(server: SqsServer) {
  const [small, large] = [await heapOfRun(server, few), await heapOfRun(server, many)]
  return { few, many, bytesPerAgent: (large - small) / (many - few) }
}

async function heapOfRun(server: SqsServer, agents: number): Promise<number> {
  const environment = await server.environment(`silent${agents}`)
  const directory = await mkdtemp(join(tmpdir(), 'ec2-collective-bench-'))
  const master = new Master({
    ...{
      environment,
      queues: server.connect(),
      masterId: 'bench-4',
      issuer: { name: 'bench', host: 'bench' },
    },
    history: await History.open(directory),
    timing: { responseTimeoutMs: 1_000, republishAfterMs: 500 },
  })
  try {
    const at = Date.now()
    for (let number = 0; number < agents; number += 1) {
      const agentId = `silent-${String(number).padStart(5, '0')}`
      const said = {
        agentId,
        hostname: `${agentId}.example.com`,
        environment: environment.name,
        version: '0.1.0',
      }
      const times = { startedAt: at, sentAt: at, intervalMs: 30_000 }
      master.inventory.hear({ type: 'facts', ...said, ...times, running: [], facts: {} }, at, undefined)
    }
    const before = heap()
    const run = await master.start({
      filter: '*',
      action: { kind: 'shell', command: 'uname -a' },
      timeoutMs: 60_000,
    })
    const { counts } = await run.over
    if (counts['no-reply'] !== agents) throw new Error(`silent agents: ${JSON.stringify(counts)}`)
    await run.withdrawn()
    await run.flush()
    return heap() - before
  } finally {
    await master.close({ forgetReplyQueue: true })
    await rm(directory, { recursive: true, force: true })
  }
}

/** Bytes in use after a full collection. */
function heap(): number {
  global.gc?.()
  return process.memoryUsage().heapUsed
}
