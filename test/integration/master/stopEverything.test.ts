import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters, startRun } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('stop')
  fleet = await startAgents(environment, 3, { facts: { interval: 5 } })
  masters = createMasters(sqs)
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
})

const sleep: RunRequest = {
  filter: everyone,
  action: { kind: 'shell', command: 'sleep 600' },
  timeoutMs: 600_000,
}

describe('Stop Everything Here', () => {
  it('stops the runs of all masters, also steps that have not begun, and says when nothing is left', {
    timeout: 90_000,
  }, async () => {
    const colleague = await masters.open(environment)
    const mine = await masters.open(environment)
    await Promise.all([colleague.discover(3), mine.discover(3)])
    const theirs = await startRun(colleague.master, {
      ...sleep,
      rollout: { canary: 1, maxFailures: { count: 3 } },
    })
    const own = await startRun(mine.master, sleep)
    await until(() => own.state.counts.running === 3 && theirs.state.counts.running === 1, 'all to run')
    await until(async () => {
      await mine.master.refresh()
      return mine.master.running().some(({ runId }) => runId === theirs.runId)
    }, 'the facts to tell of both runs')

    const outcome = await mine.master.stopEverything()

    expect(outcome).toMatchObject({ refused: [], running: [], unknown: [] })
    expect(new Set(outcome.stopped.map(({ runId }) => runId))).toEqual(new Set([own.runId, theirs.runId]))
    expect((await own.ended).counts.cancelled).toBe(3)
    // Its next step is sent by the other master, and not executed by anybody.
    const { counts } = await theirs.ended
    expect(counts.succeeded + counts.failed + counts.unexpected).toBe(0)
    expect(counts.cancelled).toBeGreaterThanOrEqual(1)
    await mine.master.refresh()
    expect(mine.master.running()).toEqual([])
    expect(mine.troubles).toEqual([])
  })

  it('ends when its watch is ended, and says of whom nothing is known', async () => {
    const { master, discover } = await masters.open(environment)
    await discover(3)
    const outcome = await master.stopEverything(AbortSignal.abort())
    expect(outcome.unknown.map(({ agentId }) => agentId).toSorted()).toEqual(fleet.agentIds)
  })
})
