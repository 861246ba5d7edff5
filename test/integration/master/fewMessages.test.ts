import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBody, sealBody } from '../../../src/protocol/envelope.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { createMasters, type Masters, startRun } from '../../support/masters.ts'
import { repliesOf } from '../../support/scriptedAgent.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

/** Shorter than what it takes to read all answers two by two: they are still there when silence is judged. */
const timing = { republishAfterMs: 700, responseTimeoutMs: 1_500 }

const agents = Array.from({ length: 500 }, (_, n) => `agent-${n}`)

let sqs: SqsServer
let proxy: FaultProxy
let masters: Masters
const clients: Queues[] = []

beforeAll(async () => {
  sqs = await startSqs()
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 3 })
  masters = createMasters(sqs)
})
afterAll(async () => {
  await masters?.close()
  for (const client of clients) client.close()
  await proxy?.stop()
  await sqs?.stop()
})

describe('A run on 500 agents that answer at once, to a master 60 ms from SQS', () => {
  it.each([10, 9, 5, 3, 2])('gets every answer when a receive brings %i messages at most', async (most) => {
    const run = await runWith(`few${most}`, most)
    expect(run.state.counts).toMatchObject({ succeeded: 500, 'no-reply': 0 })
    expect([...run.state.replies.values()].filter(({ late }) => late)).toEqual([])
  })
})

async function runWith(name: string, most: number) {
  const environment = await sqs.environment(name)
  await publishFacts(environment)
  const queues = createQueues({ ...environment, endpoint: proxy.endpoint })
  clients.push(queues)
  const { master, discover } = await masters.open(environment, { queues, timing })
  await discover(agents.length)
  const stop = proxy.inject(
    { fault: { kind: 'few', most: [most, most] }, queue: /_agent$/ },
    { fault: { kind: 'far', ms: [60, 60] } },
  )
  const answering = answerAll(environment)
  const run = await startRun(master, { filter: everyone, action: { kind: 'ping' }, timeoutMs: 60_000 })
  await run.ended
  await answering
  stop()
  return run
}

async function publishFacts({ name, queues }: Environment): Promise<void> {
  const head = { type: 'facts', environment: name, version: '1', startedAt: 0, intervalMs: 30_000 } as const
  await sendAll(
    queues.facts,
    agents.map((agentId) =>
      sealBody({ ...head, agentId, hostname: agentId, sentAt: Date.now(), running: [], facts: {} }),
    ),
  )
}

/** Every agent answers the first command, all of them together. */
async function answerAll({ queues }: Environment): Promise<void> {
  const client = sqs.connect()
  for (;;) {
    const [message] = await client.receive(queues.commands, { waitSeconds: 20, visibilitySeconds: 0 })
    if (message === undefined) continue
    const { message: command } = openBody(message.body, 'command')
    if (command.type !== 'command') throw new Error(`a ${command.type} on the queue of commands`)
    const results = agents.map((agentId) => repliesOf(agentId, command.runId).result([]))
    await sendAll(
      command.replyTo,
      results.map(({ message: reply, data }) => sealBody(reply, data)),
    )
    return
  }
}

async function sendAll(queue: string, bodies: readonly string[]): Promise<void> {
  const client = sqs.connect()
  for (let start = 0; start < bodies.length; start += 10)
    await client.sendBatch(queue, bodies.slice(start, start + 10))
}
