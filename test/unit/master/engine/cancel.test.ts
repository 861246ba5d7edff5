import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Run } from '../../../../src/master/engine/run.ts'
import { History } from '../../../../src/master/store/history.ts'
import { planSteps } from '../../../../src/run/rollout.ts'
import type { Rollout } from '../../../../src/run/runRequest.ts'
import { startRunState } from '../../../../src/run/runState.ts'
import { deferred } from '../../../support/deferred.ts'
import { untilAborted } from '../../../support/playedQueues.ts'
import { createWorld, type PlayedWorld } from '../../../support/playedTransport.ts'

const runId = 'run-of-a-test'
let directory: string
let history: History
let world: PlayedWorld
const runs: Run[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cancel-'))
  history = await History.open(directory)
  world = createWorld()
})
afterEach(async () => {
  await Promise.all(runs.splice(0).map((run) => run.close()))
  await rm(directory, { recursive: true, force: true })
})

describe('A run that is cancelled', () => {
  it('before SQS is told of it is over, with nobody started; nobody is asked to stop', async () => {
    const { run, begin } = await create(['a', 'b'])
    // Its command is being written to the disk.
    const beginning = begin()
    await run.cancel()
    expect(await beginning).toBe('not-sent')
    expect(run.state).toMatchObject({
      ...{ phase: 'over', stopReason: 'cancelled before the command was sent' },
      counts: { 'not-started': 2 },
    })
    await run.withdrawn()
    expect(world.said).toEqual(['withdraw'])
  })

  it('while SQS is being told counts as sent: its agents are asked to stop, once it is known', async () => {
    const told = deferred()
    world.publish = async (_state, _targets, stop) => {
      told.resolve()
      await untilAborted(stop).catch(() => {})
      world.said.push('SQS was being told')
      return 'interrupted'
    }
    const { run, begin } = await create(['a', 'b'])
    const beginning = begin()
    await told.promise
    await run.cancel()
    expect(await beginning).toBe('interrupted')
    expect(world.said).toEqual(['SQS was being told', 'cancel a,b'])
    expect(run.state).toMatchObject({ phase: 'running', counts: { expected: 2 } })
    cancelled(run, 'a')
    cancelled(run, 'b')
    expect((await run.ended).counts.cancelled).toBe(2)
    await run.withdrawn()
    expect(world.said.at(-1)).toBe('withdraw')
  })

  it('in the midst of a rollout starts no further step, also when one is just being sent', async () => {
    const { run, begin } = await create(['a', 'b', 'c'], { batch: { count: 1 } })
    const publish = world.publish
    const told = deferred()
    expect(await begin()).toBe('sent')
    world.publish = async (state, targets, stop) => {
      told.resolve()
      await untilAborted(stop).catch(() => {})
      return publish(state, targets, stop).then(() => 'interrupted')
    }
    cancelled(run, 'a')
    await told.promise
    await run.cancel()
    expect(world.said).toEqual(['publish to a', 'publish to b', 'cancel b'])
    cancelled(run, 'b')
    expect((await run.ended).counts).toMatchObject({ cancelled: 2, 'not-started': 1 })
  })

  it('is not sent again to agents that are silent, also when that had just begun', async () => {
    const { run, begin } = await create(['a'])
    await begin()
    const told = deferred()
    world.publish = async (_state, _targets, stop) => {
      told.resolve()
      await untilAborted(stop).catch(() => {})
      return 'not-sent'
    }
    const passing = world.pass(run, world.timing.republishAfterMs)
    await told.promise
    await run.cancel()
    await passing
    await world.pass(run, 1)
    expect(world.said).toEqual(['publish to everyone', 'cancel a'])
  })

  it('is resumed as it was when its master ended while SQS was being told', async () => {
    world.publish = async () => 'interrupted'
    const { run, begin } = await create(['a'])
    expect(await begin()).toBe('interrupted')
    await run.close()
    const { state, record } = await history.resume(runId)
    const next = await Run.restore(state, record, createWorld())
    runs.push(next)
    expect(next.state).toMatchObject({ phase: 'running', counts: { expected: 1 } })
  })
})

async function create(agentIds: readonly string[], rollout?: Rollout) {
  const action = { kind: 'ping' } as const
  const request = { filter: '*', action, timeoutMs: 60_000, ...(rollout && { rollout }) }
  const issuer = { name: 'ada', host: 'laptop' }
  const start = { runId, environment: 'testing', request, issuer, startedAt: world.time }
  const run = new Run(startRunState(start), await history.create(start), world)
  runs.push(run)
  const agents = agentIds.map((agentId) => ({ agentId, hostname: agentId }))
  return { run, begin: () => run.begin(agents, planSteps(agentIds, rollout)) }
}

function cancelled(run: Run, agentId: string): void {
  const digest = {
    bytes: 0,
    sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    droppedBytes: 0,
  }
  const from = { runId, agentId, hostname: agentId, sentAt: 1 }
  const outcome = { kind: 'cancelled', started: false } as const
  run.receive(
    { type: 'result', ...from, outcome, durationMs: 5, frames: 0, stdout: digest, stderr: digest },
    new Uint8Array(),
    'unproven',
  )
}
