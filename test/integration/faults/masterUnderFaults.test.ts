import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import { sealBody } from '../../../src/protocol/envelope.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import type { Rule } from '../../support/faults/faultPlan.ts'
import { faultSeed } from '../../support/faults/seed.ts'
import { createMasters, type Masters, outputOf, startRun } from '../../support/masters.ts'
import { repliesOf, startScriptedAgent } from '../../support/scriptedAgent.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

/** What every master and every agent must bear. */
const badDay: readonly Rule[] = [
  { fault: { kind: 'refuse', as: 'ThrottlingException' }, chance: 0.03 },
  { fault: { kind: 'refuse', as: 'InternalFailure' }, chance: 0.03 },
  { fault: { kind: 'drop' }, chance: 0.02 },
  { fault: { kind: 'cut', how: 'reset' }, chance: 0.02 },
  { fault: { kind: 'cut', how: 'truncate' }, chance: 0.02 },
  { fault: { kind: 'fail-entry' }, chance: 0.05 },
  { fault: { kind: 'late', seconds: [1, 2] }, chance: 0.05 },
  { fault: { kind: 'twice' }, chance: 0.1 },
  { fault: { kind: 'again', afterMs: [100, 3_000] }, chance: 0.1 },
  { fault: { kind: 'undelete', afterMs: [100, 3_000] }, chance: 0.1 },
  { fault: { kind: 'sample' }, chance: 0.2 },
  { fault: { kind: 'shuffle' } },
  { fault: { kind: 'miscount', by: 0.3 } },
]

let sqs: SqsServer
let proxy: FaultProxy
let masters: Masters
const clients: Queues[] = []
let environments = 0

beforeAll(async () => {
  sqs = await startSqs()
})
afterAll(() => sqs.stop())

beforeEach(async (context: TestContext) => {
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: faultSeed(context) })
  masters = createMasters({ ...sqs, connect: () => connect('MASTER') })
})
afterEach(async () => {
  await masters.close()
  for (const client of clients.splice(0)) client.close()
  await proxy.stop()
})

function connect(accessKeyId: string): Queues {
  const credentials = { accessKeyId, secretAccessKey: 'test' }
  const client = createQueues({ region: 'eu-west-1', endpoint: proxy.endpoint, credentials })
  clients.push(client)
  return client
}

async function newEnvironment(): Promise<Environment> {
  environments += 1
  return { ...(await sqs.environment(`faulty${environments}`)), endpoint: proxy.endpoint }
}

describe('a sweep of the facts on a bad day', () => {
  it('finds every agent: a receive that fails does not undo the others', async () => {
    const environment = await newEnvironment()
    const direct = sqs.connect()
    for (let number = 0; number < 60; number += 1) {
      const [agentId, now] = [`agent-${number}`, Date.now()]
      const about = { environment: environment.name, version: '0', startedAt: now, sentAt: now }
      const facts = { ...about, agentId, hostname: agentId, intervalMs: 30_000, running: [], facts: {} }
      await direct.send(environment.queues.facts, sealBody({ type: 'facts', ...facts }))
    }
    const { master } = await masters.open(environment)
    proxy.inject(
      { fault: { kind: 'refuse', as: 'InternalFailure' }, chance: 0.08, actions: ['ReceiveMessage'] },
      { fault: { kind: 'sample' }, chance: 0.2 },
      { fault: { kind: 'miscount', by: 0.3 } },
    )
    // Four refusals in a row end a sweep, and a count that is too low ends one early: what it found stays found.
    const found = () => master.inventory.agents().length
    await until(
      async () => {
        await master.refresh().catch(() => {})
        return found() === 60
      },
      '60 agents',
      () => `; ${found()} were found`,
    )
  })
})

describe('a run', () => {
  it('whose command SQS took without being able to say so is executed once, and no less', async (context) => {
    const environment = await newEnvironment()
    const fleet = await startAgents(environment, 1)
    context.onTestFinished(() => fleet.stop())
    const { master, discover } = await masters.open(environment)
    await discover(1)
    const lift = proxy.inject({
      ...{ fault: { kind: 'cut', how: 'reset' }, actions: ['SendMessage'], principals: ['MASTER'] },
    })
    void until(() => proxy.struck.reset !== undefined, 'a broken answer').then(lift)
    const effects = join(await masters.newDirectory(), 'effects')
    // Long enough that the second message is not taken away again before the agent has met it.
    const command = `echo $EC2_COLLECTIVE_RUN_ID >>${effects}; sleep 2`
    const run = await startRun(master, {
      filter: everyone,
      action: { kind: 'shell', command },
      timeoutMs: 10_000,
    })
    await fleet.agent('agent-1').logged(new RegExp(`${run.runId} arrived again`))
    expect((await run.ended).counts.succeeded).toBe(1)
    expect(readFileSync(effects, 'utf8').trim().split('\n')).toEqual([run.runId])
  })

  it('asks for a result again that expired while SQS was away', async () => {
    const environment = await newEnvironment()
    const agent = await startScriptedAgent(
      sqs.connect(),
      environment,
      'web',
      async ({ action, runId, replyTo }, web) => {
        if (action.kind === 'shell') await web.send(replyTo, repliesOf('web', runId).ack())
        if (action.kind === 'resend') await web.send(replyTo, repliesOf('web', action.runId).result([]))
      },
    )
    const timing = { republishAfterMs: 1_000, responseTimeoutMs: 3_000, graceMs: 200 }
    const { master, discover, troubles } = await masters.open(environment, { replyQueue: 'shared', timing })
    await discover(1)
    const run = await startRun(master, {
      filter: everyone,
      action: { kind: 'shell', command: 'true' },
      timeoutMs: 1_000,
    })
    await until(() => run.state.counts.running === 1, 'the acknowledgement')
    const end = proxy.outage()
    // By then it is far beyond the time at which it would have been asked.
    await until(() => Date.now() > run.state.startedAt + 7_000, 'its time to pass')
    expect(run.state.counts.running).toBe(1)
    end()
    expect((await run.ended).counts.succeeded).toBe(1)
    expect(troubles).toContainEqual(expect.objectContaining({ kind: 'queue' }))
    await agent.stop()
  })
})

describe('runs of a master before', () => {
  it('are all resumed, whatever SQS says at the first attempts', async () => {
    const environment = await newEnvironment()
    const agent = await startScriptedAgent(sqs.connect(), environment, 'web', async () => {})
    const first = await masters.open(environment, { masterId: 'before-1' })
    await first.discover(1)
    const { runId } = await startRun(first.master, {
      filter: everyone,
      action: { kind: 'ping' },
      timeoutMs: 60_000,
    })
    await first.master.close()
    const { master } = await masters.open(environment, { masterId: 'before-1', history: first.history })
    const lift = proxy.inject({ fault: { kind: 'refuse', as: 'InternalFailure' }, actions: ['CreateQueue'] })
    // As often as a request is tried by itself.
    void until(() => (proxy.struck.InternalFailure ?? 0) >= 3, 'refusals').then(lift)
    const resumed = await master.resume().catch(() => master.resume())
    expect(resumed.map((run) => run.runId)).toEqual([runId])
    await agent.stop()
  })
})

describe('two masters and six agents on a bad day', () => {
  let environment: Environment
  let fleet: AgentFleet

  beforeEach(async () => {
    environment = await newEnvironment()
    fleet = await startAgents(environment, 6, { facts: { interval: 5 } })
  })
  afterEach(() => fleet.stop())

  it.each(['private', 'shared'] as const)(
    'get every answer to their own runs, whole, and nobody else’s: %s reply queues',
    { timeout: 120_000 },
    async (replyQueue) => {
      const both = [
        await masters.open(environment, { replyQueue }),
        await masters.open(environment, { replyQueue }),
      ]
      await Promise.all(both.map(({ discover }) => discover(6)))
      const lift = proxy.inject(...badDay)
      let answers = 0
      const rounds = both.map(async ({ master }, index) => {
        for (let round = 0; round < 4; round += 1) {
          const text = `master ${index} round ${round}`
          const command = `echo ${text}; seq 5000; [ $((${round} % 2)) = 0 ]`
          const run = await startRun(master, {
            filter: everyone,
            action: { kind: 'shell', command },
            timeoutMs: 10_000,
          })
          await run.ended
          for (const reply of run.state.replies.values()) {
            // Whom SQS kept from hearing of it in time did not execute it, and says so, or says nothing.
            if (['no-reply', 'refused'].includes(reply.state)) continue
            expect(reply).toMatchObject({
              state: round % 2 === 0 ? 'succeeded' : 'failed',
              output: 'complete',
            })
            expect(await outputOf(run, reply.agentId)).toBe(`${text}\n${numbersTo(5000)}`)
            answers += 1
          }
        }
      })
      await Promise.all(rounds)
      lift()
      expect(answers).toBeGreaterThan(2 * 4 * 6 * 0.8)
    },
  )
})

function numbersTo(most: number): string {
  return Array.from({ length: most }, (_, index) => `${index + 1}\n`).join('')
}
