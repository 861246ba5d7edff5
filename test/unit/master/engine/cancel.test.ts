import { describe, expect, it } from 'vitest'
import { defaultTiming } from '../../../../src/run/timing.ts'
import { deferred } from '../../../support/deferred.ts'
import { untilAborted } from '../../../support/playedQueues.ts'
import { ack, answer, nothing, runId, stageRuns } from '../../../support/playedRun.ts'

const { graceMs, responseTimeoutMs, republishAfterMs } = defaultTiming
const stage = stageRuns()
const stopped = { kind: 'cancelled', started: false } as const

describe('A run that is cancelled', () => {
  it('before SQS is told of it is over, with nobody started; nobody is asked to stop', async () => {
    const { run, world, begin } = await stage.create(['a', 'b'])
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
    const { run, world, begin } = await stage.create(['a', 'b'])
    world.publish = async (_state, _targets, stop) => {
      told.resolve()
      await untilAborted(stop).catch(() => {})
      world.said.push('SQS was being told')
      return 'interrupted'
    }
    const beginning = begin()
    await told.promise
    await run.cancel()
    expect(await beginning).toBe('interrupted')
    expect(world.said).toEqual(['SQS was being told', 'cancel a,b'])
    expect(run.state).toMatchObject({ phase: 'running', counts: { expected: 2 } })
    answer(run, 'a', '', stopped)
    answer(run, 'b', '', stopped)
    expect((await run.ended).counts.cancelled).toBe(2)
    await run.withdrawn()
    expect(world.said.at(-1)).toBe('withdraw')
  })

  it('in the midst of a rollout starts no further step, also when one is just being sent', async () => {
    const { run, world, begin } = await stage.create(['a', 'b', 'c'], { rollout: { batch: { count: 1 } } })
    const publish = world.publish
    const told = deferred()
    expect(await begin()).toBe('sent')
    world.publish = async (state, targets, stop) => {
      told.resolve()
      await untilAborted(stop).catch(() => {})
      return publish(state, targets, stop).then(() => 'interrupted')
    }
    answer(run, 'a', '', stopped)
    await told.promise
    await run.cancel()
    expect(world.said).toEqual(['publish to a', 'publish to b', 'cancel b'])
    answer(run, 'b', '', stopped)
    expect((await run.ended).counts).toMatchObject({ cancelled: 2, 'not-started': 1 })
  })

  it('is not sent again to agents that are silent, also when that had just begun', async () => {
    const { run, world } = await stage.start(['a'])
    const told = deferred()
    world.publish = async (_state, _targets, stop) => {
      told.resolve()
      await untilAborted(stop).catch(() => {})
      return 'not-sent'
    }
    const passing = world.pass(run, republishAfterMs)
    await told.promise
    await run.cancel()
    await passing
    await world.pass(run, 1)
    expect(world.said).toEqual(['publish to a', 'cancel a'])
  })

  it('is resumed as it was when its master ended while SQS was being told', async () => {
    const { run, world, begin } = await stage.create(['a'])
    world.publish = async () => 'interrupted'
    expect(await begin()).toBe('interrupted')
    await run.close()
    const { run: next } = await stage.restore()
    expect(next.state).toMatchObject({ phase: 'running', counts: { expected: 1 } })
  })

  it('asks those who are not done, and each confirms', async () => {
    const { run, world } = await stage.start(['a', 'b', 'c'])
    answer(run, 'a', '')
    run.receive(ack('b'), nothing, 'unproven')
    await run.cancel()
    expect(world.said.slice(1)).toEqual(['cancel b,c'])
    answer(run, 'b', '', { kind: 'cancelled', started: true })
    expect(run.state.phase).toBe('running')
    answer(run, 'c', '', { kind: 'cancelled', started: false })
    expect(run.state).toMatchObject({ phase: 'over', counts: { succeeded: 1, cancelled: 2 } })
  })

  it('has that on disk before anybody is told', async () => {
    let requestedAt: number | undefined
    const { run, world } = await stage.start(['a'])
    world.cancel = async () => {
      requestedAt = (await stage.history.load(runId)).state.cancelRequestedAt
    }
    await run.cancel()
    expect(requestedAt).toBe(world.time)
  })

  it('is sent again to agents that have not confirmed it, also after its master died', async () => {
    const first = await stage.start(['a', 'b'])
    for (const agentId of ['a', 'b']) first.run.receive(ack(agentId), nothing, 'unproven')
    first.world.cancel = () => Promise.reject(new Error('SQS says no'))
    await expect(first.run.cancel()).rejects.toThrow('SQS says no')
    await first.run.close()
    const { run, world } = await stage.restore()
    run.orderRefused('b', 'cancel', 'not by you')
    await world.pass(run, graceMs)
    expect(world.said).toEqual(['cancel a'])
    answer(run, 'a', '', { kind: 'cancelled', started: true })
    await world.pass(run, responseTimeoutMs)
    expect(run.state.counts).toMatchObject({ cancelled: 1, running: 1 })
  })

  it('waits for an agent that refused to stop', async () => {
    const { run, world } = await stage.start(['a'])
    run.receive(ack('a'), nothing, 'unproven')
    await run.cancel()
    run.orderRefused('a', 'cancel', 'not by you')
    await world.pass(run, graceMs + responseTimeoutMs)
    expect(run.state.replies.get('a')).toMatchObject({ state: 'running', cancelRefused: 'not by you' })
    answer(run, 'a', 'done')
    expect(run.state.counts.succeeded).toBe(1)
  })
})
