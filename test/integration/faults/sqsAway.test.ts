import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import { systemClock } from '../../../src/console/results/pageClock.ts'
import { PageSession } from '../../../src/console/results/pageSession.ts'
import type { ToPage } from '../../../src/page/toPage.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { RunModel } from '../../../webview/runModel.ts'
import { startAgents } from '../../support/agents.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { faultSeed } from '../../support/faults/seed.ts'
import { createMasters, type Masters, startRun } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

/** A person is told within this time that replies cannot be received, milliseconds. */
const toldWithinMs = 10_000

let sqs: SqsServer
let proxy: FaultProxy
let masters: Masters
let client: Queues

beforeAll(async () => {
  sqs = await startSqs()
})
afterAll(() => sqs.stop())

beforeEach(async (context: TestContext) => {
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: faultSeed(context) })
  const credentials = { accessKeyId: 'MASTER', secretAccessKey: 'test' }
  client = createQueues({ region: 'eu-west-1', endpoint: proxy.endpoint, credentials })
  masters = createMasters({ ...sqs, connect: () => client })
})
afterEach(async () => {
  await masters.close()
  client.close()
  await proxy.stop()
})

describe('A run whose master cannot reach SQS', () => {
  it('says so on its page within ten seconds, gives nobody up, and goes on when SQS is back', {
    timeout: 90_000,
  }, async (context) => {
    const environment: Environment = { ...(await sqs.environment('away')), endpoint: proxy.endpoint }
    const fleet = await startAgents({ ...environment, endpoint: sqs.endpoint }, 2)
    context.onTestFinished(() => fleet.stop())
    const { master, discover } = await masters.open(environment)
    await discover(2)
    const run = await startRun(master, {
      filter: everyone,
      action: { kind: 'shell', command: 'sleep 14' },
      timeoutMs: 60_000,
    })
    const page = new RunModel()
    const session = new PageSession({
      ...{ run, environment: { name: 'away', protected: false }, live: true, clock: systemClock },
      ...{ t: inEnglish, onWarning: () => {} },
      post: (message: ToPage) => {
        if (message.type === 'snapshot' || message.type === 'delta') page.take(message)
      },
    })
    context.onTestFinished(() => session.dispose())
    session.receive({ type: 'ready' })
    await until(() => page.counts.running === 2, 'both agents to start')
    const awayAt = Date.now()
    const end = proxy.outage()
    await until(() => page.run?.trouble !== undefined, 'the trouble')
    const { since = 0, waitsUntil = 0, why = '' } = page.run?.trouble ?? {}
    expect(Date.now() - awayAt).toBeLessThan(toldWithinMs)
    expect(since).toBeGreaterThanOrEqual(awayAt)
    expect(waitsUntil).toBeGreaterThan(since + 60_000)
    expect(why).toContain('SQS')
    // What agents do goes on meanwhile, and its result waits.
    await until(() => Date.now() > awayAt + 16_000, 'the commands to end')
    expect(run.state.counts.running).toBe(2)
    end()
    expect((await run.ended).counts.succeeded).toBe(2)
    await until(() => page.run?.phase === 'over', 'the end on the page')
    expect(page.run?.trouble).toBeUndefined()
  })

  it('cancels what can be reached again', { timeout: 90_000 }, async (context) => {
    const environment: Environment = { ...(await sqs.environment('awaycancel')), endpoint: proxy.endpoint }
    const fleet = await startAgents({ ...environment, endpoint: sqs.endpoint }, 2)
    context.onTestFinished(() => fleet.stop())
    const { master, discover } = await masters.open(environment, { timing: { graceMs: 2_000 } })
    await discover(2)
    const run = await startRun(master, {
      filter: everyone,
      action: { kind: 'shell', command: 'sleep 600' },
      timeoutMs: 600_000,
    })
    await until(() => run.state.counts.running === 2, 'both agents to start')
    const end = proxy.outage()
    await expect(run.cancel()).rejects.toMatchObject({ kind: 'network' })
    expect(run.state.cancelRequestedAt).toBeDefined()
    await until(() => run.trouble !== undefined, 'the trouble')
    end()
    // It is asked again by itself: nobody has to cancel a second time.
    expect((await run.ended).counts.cancelled).toBe(2)
    expect(run.trouble).toBeUndefined()
  })
})
