import { describe, expect, it } from 'vitest'
import type { Look } from '../../../../src/master/engine/transport.ts'
import { summaryOf } from '../../../../src/run/runSummary.ts'
import { defaultTiming } from '../../../../src/run/timing.ts'
import { deferred } from '../../../support/deferred.ts'
import { ack, answer, nothing, stageRuns } from '../../../support/playedRun.ts'
import { createWorld } from '../../../support/playedTransport.ts'

const { lookAfterMs } = defaultTiming
const lookEveryMs = 1_500
const stage = stageRuns()

const unseen = (...agentIds: string[]): Look => ({ kind: 'unseen', agentIds, isHeld: true })

/** A run on agents of which `a` has replied; what its looks are for is taken down. */
async function startedRun(agentIds = ['a', 'b']) {
  const world = createWorld()
  const looks: string[] = []
  world.look = async (what, silent) => {
    looks.push(`${what} for ${silent}`)
    return world.sees
  }
  const { run } = await stage.start(agentIds, { world })
  answer(run, 'a', '')
  /** As many looks as `sees`, one after the other. */
  const look = async (...sees: Look[]) => {
    for (const seen of sees) {
      world.sees = seen
      await world.pass(run, looks.length === 0 ? lookAfterMs : lookEveryMs)
    }
  }
  return { run, world, looks, look }
}

describe('A command that its agents cannot receive', () => {
  it('is hidden after three looks in a row that did not find it, with the number of silent agents', async () => {
    const { run, world, look, looks } = await startedRun(['a', 'b', 'c'])
    await look(unseen('b', 'c'), unseen('b', 'c'))
    expect(run.state.hidden).toEqual([])
    await look(unseen('b', 'c'))
    expect(run.state.hidden).toEqual([{ what: 'command', how: 'held', agents: 2, at: world.time }])
    expect(looks).toEqual(Array(3).fill('command for b,c'))
  })

  it('is told once, in the summary for the history, and by the next master', async () => {
    const { run, look, looks } = await startedRun()
    await look(...Array(4).fill(unseen('b')))
    expect(looks).toHaveLength(3)
    expect(summaryOf(run.state).hidden).toMatchObject([{ what: 'command', agents: 1 }])
    await run.flush()
    await run.close()
    expect((await stage.restore()).run.state.hidden).toEqual(run.state.hidden)
  })

  it('is gone where no message of the queue is in flight in any look', async () => {
    const { run, look } = await startedRun()
    await look(...Array(3).fill({ ...unseen('b'), isHeld: false }))
    expect(run.state.hidden).toMatchObject([{ how: 'gone' }])
  })

  it('changes no verdict: its agents have not replied', async () => {
    const { run, world, look } = await startedRun()
    await look(...Array(3).fill(unseen('b')))
    await world.pass(run, defaultTiming.responseTimeoutMs)
    await world.pass(run, defaultTiming.responseTimeoutMs)
    expect(run.state).toMatchObject({ phase: 'over', counts: { 'no-reply': 1, succeeded: 1 } })
  })

  it.each<[string, Look]>([
    ['found it', { kind: 'seen' }],
    ['could not tell', { kind: 'inconclusive' }],
    ['found that of this agent', unseen('c')],
  ])('is not hidden when a look between the others %s', async (_, between) => {
    const { run, world, look } = await startedRun(['a', 'b', 'c'])
    // Nobody is given up meanwhile.
    world.hears = 'behind'
    await look(unseen('b'), unseen('b'), between, unseen('b'), unseen('b'))
    expect(run.state.hidden).toEqual([])
    await look(unseen('b'))
    expect(run.state.hidden).toMatchObject([{ agents: 1 }])
  })

  it('is not hidden because SQS cannot be asked', async () => {
    const { run, world, look, looks } = await startedRun()
    await look(unseen('b'), unseen('b'))
    const { look: ask } = world
    world.look = () => {
      looks.push('failed')
      return Promise.reject(new Error('ECONNREFUSED'))
    }
    await look(unseen('b'))
    world.look = ask
    await look(unseen('b'), unseen('b'))
    expect([run.state.hidden, world.troubles]).toEqual([[], []])
  })

  it('is not looked for while agents reply in time, nor for those that execute it', async () => {
    const { run, world, looks } = await startedRun()
    await world.pass(run, lookAfterMs - 1)
    run.receive(ack('b'), nothing, 'unproven')
    await world.pass(run, lookAfterMs)
    expect(looks).toEqual([])
  })

  it('is looked for by one look at a time, and what a look finds after the end is still told', async () => {
    const { run, world, look, looks } = await startedRun()
    await look(unseen('b'), unseen('b'))
    const slow = deferred<Look>()
    world.look = () => {
      looks.push('slow')
      return slow.promise
    }
    const last = world.pass(run, lookEveryMs)
    for (let pass = 0; pass < 10; pass += 1) void world.pass(run, lookEveryMs)
    answer(run, 'b', '')
    slow.resolve(unseen('b'))
    await last
    expect(looks.filter((what) => what === 'slow')).toHaveLength(1)
    expect(run.state.hidden).toHaveLength(1)
  })
})

describe('A cancel that its agents cannot receive', () => {
  it('is hidden, besides the command: agents that execute it do not stop', async () => {
    const { run, world, look, looks } = await startedRun()
    await look(...Array(3).fill(unseen('b')))
    run.receive(ack('b'), nothing, 'unproven')
    await run.cancel()
    await world.pass(run, lookAfterMs - 1)
    expect(looks).toHaveLength(3)
    await look(...Array(3).fill({ ...unseen('b'), isHeld: false }))
    expect(looks.slice(3)).toEqual(Array(3).fill('cancel for b'))
    expect(run.state.hidden).toMatchObject([
      { what: 'command', how: 'held' },
      { what: 'cancel', how: 'gone' },
    ])
  })

  it('is not looked for when the agent has refused it', async () => {
    const { run, world, looks } = await startedRun()
    run.receive(ack('b'), nothing, 'unproven')
    await run.cancel()
    run.orderRefused('b', 'cancel', 'no')
    await world.pass(run, lookAfterMs)
    expect(looks).toEqual([])
  })
})
