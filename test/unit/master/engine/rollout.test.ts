import { describe, expect, it } from 'vitest'
import type { Rollout } from '../../../../src/run/runRequest.ts'
import { answer, nextTurn, said, stageRuns } from '../../../support/playedRun.ts'
import { until } from '../../../support/until.ts'

const stage = stageRuns()

describe('a rollout', () => {
  it('starts the next step the moment the one before is over', async () => {
    const { run, world } = await stage.start(['a', 'b', 'c'], { rollout: { canary: 1 } })
    expect(world.said).toEqual(['publish to a'])
    answer(run, 'a', '')
    await said(world, ['publish to a', 'publish to b,c'])
  })

  it('waits between steps, and while it is paused', async () => {
    const { run, world } = await stage.start(['a', 'b', 'c'], {
      rollout: { batch: { count: 1 }, pauseMs: 5000 },
    })
    answer(run, 'a', '')
    await nextTurn()
    await world.pass(run, 4999)
    const published = () => world.said.filter((what) => what !== 'withdraw')
    expect(published()).toEqual(['publish to a'])
    await world.pass(run, 1)
    expect(published()).toEqual(['publish to a', 'publish to b'])
    run.pause()
    answer(run, 'b', '')
    await nextTurn()
    await world.pass(run, 60_000)
    expect(published()).toHaveLength(2)
    run.resume()
    await nextTurn()
    await until(() => published().length > 2, 'the third step')
    expect(published().at(-1)).toBe('publish to c')
  })

  it('with a window starts the next agent when one ends, several with one command where several have ended', async () => {
    const { run, world } = await stage.start(['a', 'b', 'c', 'd', 'e', 'f'], {
      rollout: { canary: 1, window: { count: 2 } },
    })
    expect(world.said).toEqual(['publish to a'])
    answer(run, 'a', '')
    await said(world, ['publish to a', 'publish to b,c'])
    answer(run, 'c', '')
    await said(world, ['publish to a', 'publish to b,c', 'publish to d'])
    answer(run, 'b', '')
    answer(run, 'd', '')
    await said(world, ['publish to a', 'publish to b,c', 'publish to d', 'publish to e,f'])
  })

  it('with a window goes on after its master has died, with exactly those that had not started', async () => {
    const first = await stage.start(['a', 'b', 'c', 'd'], { rollout: { window: { count: 2 } } })
    expect(first.world.said).toEqual(['publish to a,b'])
    await first.run.close()
    const { run, world } = await stage.restore()
    answer(run, 'b', '')
    await said(world, ['publish to c'])
    answer(run, 'a', '')
    answer(run, 'c', '')
    await said(world, ['publish to c', 'publish to d'])
    answer(run, 'd', '')
    expect((await run.ended).counts.succeeded).toBe(4)
  })

  it('tells when its pause ends, as long as it waits for that', async () => {
    const { run, world } = await stage.start(['a', 'b'], {
      rollout: { batch: { count: 1 }, pauseMs: 5000 },
    })
    expect(run.nextStepAt).toBeUndefined()
    answer(run, 'a', '')
    await until(() => run.nextStepAt !== undefined, 'the pause')
    expect(run.nextStepAt).toBe(world.time + 5000)
    run.pause()
    await until(() => run.nextStepAt === undefined, 'the end of the countdown')
  })

  it('is not stopped by the failure of somebody who was not asked', async () => {
    const { run, world } = await stage.start(['a', 'b'], { rollout: { batch: { count: 1 } } })
    answer(run, 'stranger', '', { kind: 'exited', code: 1 })
    answer(run, 'a', '')
    await said(world, ['publish to a', 'publish to b'])
    expect(run.state.replies.get('stranger')).toMatchObject({ state: 'failed', expected: false })
  })

  it('stops when more have failed than it allows, and starts nobody else', async () => {
    const rollout: Rollout = { batch: { count: 2 }, maxFailures: { count: 1 } }
    const { run, world } = await stage.start(['a', 'b', 'c', 'd', 'e', 'f'], { rollout })
    answer(run, 'a', '', { kind: 'exited', code: 1 })
    answer(run, 'b', '')
    await said(world, ['publish to a,b', 'publish to c,d'])
    answer(run, 'c', '', { kind: 'timed-out' })
    await nextTurn()
    answer(run, 'd', '')
    await said(world, ['publish to a,b', 'publish to c,d', 'withdraw'])
    expect(run.state).toMatchObject({ phase: 'over', stopReason: '2 agents have failed' })
    expect(run.state.counts).toMatchObject({ succeeded: 2, failed: 1, 'timed-out': 1, 'not-started': 2 })
  })
})
