import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sweepFacts } from '../../../src/master/fleet/factsSweep.ts'
import { Inventory } from '../../../src/master/fleet/inventory.ts'
import { sealBody } from '../../../src/protocol/envelope.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import type { Rule } from '../../support/faults/faultPlan.ts'
import { requestsSince } from '../../support/requestsSince.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let proxy: FaultProxy
const clients: Queues[] = []

beforeAll(async () => {
  sqs = await startSqs()
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 20 })
})
afterAll(async () => {
  for (const client of clients) client.close()
  await proxy?.stop()
  await sqs?.stop()
})

describe('sweepFacts', () => {
  it('finds every agent, and leaves one message of each for others', async () => {
    const environment = await environmentWith('all', 120, 3)
    const first = await sweep(environment)
    expect(first.found).toEqual(agentIds(120))
    expect(first.messages).toBe(360)
    // What was hidden for too long, on a machine that stood still, is deleted by the next one.
    await until(async () => {
      const { found, messages } = await sweep(environment)
      expect(found).toEqual(agentIds(120))
      return messages === 120
    }, 'one message of each to be left')
  })

  it('costs little more than a receive and a release for ten messages', async () => {
    // One that is stopped for longer than it hides messages begins anew.
    const costs: number[] = []
    const once = async () => {
      const environment = await environmentWith(`cost${costs.length}`, 200, 1)
      const client = connect(environment)
      const before = client.requests
      await sweep(environment, client)
      const { requests } = requestsSince(before, client.requests)
      costs.push(requests)
      // What eight receivers find empty at the end, and what the queue says of itself before and after.
      return requests < 200 / 10 + 200 / 10 + 8 * 2 + 6
    }
    await until(once, 'a sweep that is not stopped', () => `; they took ${costs} requests`)
  })

  it('takes the newest facts of each agent, whichever come first', async () => {
    const environment = await environmentWith('newest', 5, 4)
    const { inventory } = await sweep(environment)
    for (const { facts } of inventory.agents()) expect(facts.round).toBe(3)
  })

  it('finds every agent for several masters at a time', async () => {
    const environment = await environmentWith('several', 150, 2)
    const sweeps = await Promise.all([sweep(environment), sweep(environment), sweep(environment)])
    for (const { found } of sweeps) expect(found).toEqual(agentIds(150))
  })

  it('finds every agent when SQS shows only some messages, counts wrong, shuffles and repeats', async () => {
    const environment = { ...(await environmentWith('faulty', 100, 2)), endpoint: proxy.endpoint }
    const stop = proxy.inject(...samplingFaults, {
      actions: ['GetQueueAttributes'],
      fault: { kind: 'miscount', by: 0.2 },
    })
    const { found } = await sweep(environment)
    stop()
    expect(found).toEqual(agentIds(100))
  })

  it('finds every agent when another master sweeps at that very moment, too', async () => {
    const environment = { ...(await environmentWith('both', 100, 2)), endpoint: proxy.endpoint }
    const stop = proxy.inject(...samplingFaults)
    const sweeps = await Promise.all([sweep(environment), sweep(environment)])
    stop()
    for (const { found } of sweeps) expect(found).toEqual(agentIds(100))
  })

  it('says which messages it could not read, and reads the others', async () => {
    const environment = await environmentWith('unreadable', 2, 1)
    const client = connect(environment)
    const { messageId } = await client.send(environment.queues.facts, 'garbage')
    const { found, unreadable } = await sweep(environment)
    expect(found).toEqual(agentIds(2))
    expect(unreadable).toMatchObject([{ messageId, reason: { text: 'not JSON', args: [] } }])
  })

  it('ends when nobody is there', async () => {
    expect((await sweep(await environmentWith('empty', 0, 0))).found).toEqual([])
  })

  it('ends while agents go on talking', async () => {
    const environment = await environmentWith('busy', 30, 1)
    const client = connect(environment)
    let isOver = false
    const talk = async () => {
      for (let n = 0; !isOver; n += 1)
        await client.send(environment.queues.facts, bodyOf(environment, `agent-${n % 30}`, n))
    }
    const talking = Promise.all([talk(), talk(), talk()])
    const { found } = await sweep(environment)
    isOver = true
    await talking
    expect(found).toEqual(agentIds(30))
  })

  it('says why when the queue cannot be read', async () => {
    const environment = await sqs.environment('none')
    const queues = { ...environment.queues, facts: 'not_there_facts' }
    await expect(sweep({ ...environment, queues })).rejects.toMatchObject({ kind: 'missing-queue' })
  })
})

const samplingFaults: readonly Rule[] = [
  { actions: ['ReceiveMessage'], fault: { kind: 'sample' }, chance: 0.3 },
  { actions: ['ReceiveMessage'], fault: { kind: 'twice' }, chance: 0.2 },
  { actions: ['ReceiveMessage'], fault: { kind: 'shuffle' } },
]

async function environmentWith(name: string, agents: number, rounds: number): Promise<Environment> {
  const environment = await sqs.environment(name)
  const client = connect(environment)
  for (let round = 0; round < rounds; round += 1) {
    const bodies = agentIds(agents).map((agentId) => bodyOf(environment, agentId, round))
    for (let start = 0; start < bodies.length; start += 10)
      await client.sendBatch(environment.queues.facts, bodies.slice(start, start + 10))
  }
  return environment
}

async function sweep(environment: Environment, client = connect(environment)) {
  const sqsNow = () => Date.now() + (client.clockOffsetMs ?? 0)
  const inventory = new Inventory(sqsNow)
  const { messages, unreadable } = await sweepFacts(client, environment, inventory, sqsNow)
  const found = inventory.agents().map(({ agentId }) => agentId)
  return { inventory, messages, unreadable, found }
}

function connect(environment: Environment): Queues {
  const client = createQueues(environment)
  clients.push(client)
  return client
}

function agentIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `agent-${index}`)
}

function bodyOf({ name }: Environment, agentId: string, round: number): string {
  // Rounds that SQS takes within one millisecond are told apart by the agent's clock.
  return sealBody({
    ...{ type: 'facts', agentId, hostname: agentId, environment: name, version: '1', startedAt: 0 },
    ...{ sentAt: Date.now() + round, intervalMs: 30_000, running: [], facts: { round } },
  })
}
