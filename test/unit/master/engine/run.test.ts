import { describe, expect, it } from 'vitest'
import type { RunChange } from '../../../../src/master/engine/run.ts'
import { groupReplies } from '../../../../src/report/grouping.ts'
import { defaultTiming } from '../../../../src/run/timing.ts'
import {
  ack,
  answer,
  nextTurn,
  nothing,
  replyOf,
  runId,
  said,
  stageRuns,
  textOf,
} from '../../../support/playedRun.ts'
import { createWorld } from '../../../support/playedTransport.ts'
import { processorMsSince } from '../../../support/processorTime.ts'

const { joinMs, responseTimeoutMs } = defaultTiming
const stage = stageRuns()

describe('a run', () => {
  it('is over with the last reply, and takes its command off the queue', async () => {
    const { run, world } = await stage.start(['a', 'b'])
    answer(run, 'a', 'fine')
    expect(run.state.phase).toBe('running')
    answer(run, 'b', 'fine')
    expect((await run.ended).counts.succeeded).toBe(2)
    await run.withdrawn()
    expect(world.said).toEqual(['publish to a,b', 'withdraw'])
    expect(await textOf(run, 'a')).toBe('fine')
  })

  it('is on disk, with whom it expects, before its command is on the queue', async () => {
    let agents: unknown
    const world = createWorld()
    world.publish = async () => {
      agents = [...(await stage.history.load(runId)).state.replies.keys()]
      return 'sent'
    }
    await stage.start(['a', 'b'], { world })
    expect(agents).toEqual(['a', 'b'])
  })

  it('that could not be sent is over, with nobody started, and says why', async () => {
    const world = createWorld()
    world.publish = () => Promise.reject(new Error('SQS says no'))
    const beginning = stage.create(['a', 'b'], { world, rollout: { batch: { count: 1 } } })
    await expect(beginning.then(({ begin }) => begin())).rejects.toThrow('SQS says no')
    const { run } = await beginning
    expect(run.state).toMatchObject({
      phase: 'over',
      stopReason: 'SQS says no',
      counts: { 'not-started': 2 },
    })
  })

  it('deletes its command from the queue as soon as all have replied, and others had time to join', async () => {
    const { run, world } = await stage.start(['a', 'b'])
    run.receive(ack('a'), nothing, 'unproven')
    await world.pass(run, joinMs)
    expect(world.said).toEqual(['publish to a,b'])
    run.receive(ack('b'), nothing, 'unproven')
    await world.pass(run, 1)
    await said(world, ['publish to a,b', 'withdraw'])
    await world.pass(run, joinMs)
    expect(world.said).toHaveLength(2)
  })

  it('that includes agents which nobody knows names none, and gives them as long to reply as others', async () => {
    const { run, world } = await stage.start(['a'], { unseen: 'included' })
    answer(run, 'a', 'fine')
    await world.pass(run, responseTimeoutMs - 1)
    answer(run, 'unknown', 'fine')
    expect([run.state.phase, world.said]).toEqual(['running', ['publish to everyone']])
    await world.pass(run, 1)
    expect((await run.ended).counts).toMatchObject({ succeeded: 2, unexpected: 0 })
    await said(world, ['publish to everyone', 'withdraw'])
  })

  it('tells every listener of many changes at once, also when one of them fails', async () => {
    const { run, world } = await stage.start(['a', 'b', 'c'])
    await nextTurn()
    const heard: RunChange[] = []
    run.onChange(() => {
      throw new Error('a broken listener')
    })
    run.onChange((change) => heard.push(change))
    answer(run, 'a', 'some output')
    answer(run, 'b', '')
    await nextTurn()
    expect(heard).toHaveLength(1)
    expect([...(heard[0]?.agents ?? [])]).toEqual(['a', 'b'])
    expect([...(heard[0]?.output ?? [])]).toEqual(['a'])
    expect(world.troubles).toEqual(['a broken listener'])
  })

  it('takes 10,000 replies in well under two seconds of processor time, groups included', async () => {
    const agentIds = Array.from({ length: 10_000 }, (_, index) => `agent-${String(index).padStart(5, '0')}`)
    const { run } = await stage.start(agentIds)
    let groups = 0
    run.onChange(() => {
      groups = run.state.counts.succeeded
    })
    const replies = agentIds.map((agentId, index) => replyOf(agentId, [`kernel ${index % 3}\n`]))
    const before = process.cpuUsage()
    for (const reply of replies) {
      for (const [message, data] of reply) run.receive(message, data, 'unproven')
      if (run.state.unsettled % 10 === 0) await nextTurn()
    }
    await run.ended
    expect(groupReplies(run.state)).toHaveLength(3)
    const tookMs = processorMsSince(before)
    await run.flush()
    await nextTurn()
    expect(groups).toBe(10_000)
    expect(tookMs).toBeLessThan(2_000)
  })
})
