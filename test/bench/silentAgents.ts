import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Master } from '../../src/master/master.ts'
import { History } from '../../src/master/store/history.ts'
import { everyone } from '../../src/protocol/filter/writtenFilter.ts'
import { startRun } from '../support/masters.ts'
import type { SqsServer } from '../support/sqs.ts'

/** Sizes of fleet between which the growth is taken: what a run costs by itself cancels out. */
const [few, some, many] = [1_000, 5_500, 10_000]

/** Bytes of heap for each agent more, over the whole and over either half: where it grows evenly, all are the same. */
export interface ReplyTimeouts {
  readonly sizes: readonly [few: number, some: number, many: number]
  readonly bytesPerAgent: number
  readonly ofTheFirst: number
  readonly ofTheLast: number
}

/**
 * Bytes of heap by which a run grows with each agent that is expected and never answers, until it is over and everyone
 * has `no-reply`. Needs `--expose-gc`.
 */
export async function measureSilentAgents(server: SqsServer): Promise<ReplyTimeouts> {
  // What Node compiles on the way is no part of any of them.
  await heapOfRun(server, 'warm-up', few)
  const small = await heapOfRun(server, 'few', few)
  const middle = await heapOfRun(server, 'some', some)
  const large = await heapOfRun(server, 'many', many)
  return {
    sizes: [few, some, many],
    bytesPerAgent: (large - small) / (many - few),
    ofTheFirst: (middle - small) / (some - few),
    ofTheLast: (large - middle) / (many - some),
  }
}

async function heapOfRun(server: SqsServer, name: string, agents: number): Promise<number> {
  const environment = await server.environment(name)
  const master = new Master({
    ...{
      environment,
      queues: server.connect(),
      masterId: 'bench-4',
      issuer: { name: 'bench', host: 'bench' },
    },
    history: await History.open(await mkdtemp(join(tmpdir(), 'history-'))),
    timing: { responseTimeoutMs: 1_000, republishAfterMs: 500 },
  })
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
    master.inventory.recordFacts({ type: 'facts', ...said, ...times, running: [], facts: {} }, at, undefined)
  }
  const before = heap()
  const run = await startRun(master, {
    filter: everyone,
    action: { kind: 'shell', command: 'uname -a' },
    timeoutMs: 60_000,
  })
  const { counts } = await run.ended
  if (counts['no-reply'] !== agents) throw new Error(`silent agents: ${JSON.stringify(counts)}`)
  await run.withdrawn()
  await run.flush()
  const grownBy = heap() - before
  await master.close({ forgetReplyQueue: true })
  return grownBy
}

/** Bytes in use after a full collection. */
function heap(): number {
  global.gc?.()
  return process.memoryUsage().heapUsed
}
