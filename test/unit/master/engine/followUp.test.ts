import { describe, expect, it } from 'vitest'
import { mostControlMessages } from '../../../../src/master/engine/controlSlots.ts'
import { groupReplies } from '../../../../src/report/grouping.ts'
import { defaultTiming } from '../../../../src/run/timing.ts'
import { say } from '../../../../src/text/localizable.ts'
import { deferred } from '../../../support/deferred.ts'
import {
  ack,
  answer,
  nothing,
  type Reply,
  replyOf,
  stageRuns,
  timeoutMs,
} from '../../../support/playedRun.ts'
import { createWorld, type PlayedWorld } from '../../../support/playedTransport.ts'
import { until } from '../../../support/until.ts'

const { republishAfterMs, responseTimeoutMs, graceMs, resendAfterMs } = defaultTiming
const stage = stageRuns()

describe('a run with silent agents', () => {
  it('sends its command again to them, once, and gives them up in time', async () => {
    const { run, world } = await stage.start(['a', 'b', 'c'])
    answer(run, 'a', '')
    run.receive(ack('b'), nothing, 'unproven')
    await world.pass(run, republishAfterMs)
    await world.pass(run, 1000)
    expect(world.said).toEqual(['publish to a,b,c', 'publish to c'])
    await world.pass(run, responseTimeoutMs)
    expect(run.state.counts).toMatchObject({ succeeded: 1, running: 1, 'no-reply': 1 })
  })

  it('keeps how often and when it asked each of them again', async () => {
    const { run, world } = await stage.start(['a', 'b', 'c'])
    answer(run, 'a', '')
    await world.pass(run, republishAfterMs)
    const asked = (agentId: string) => {
      const { asked, askedAt } = run.state.replies.get(agentId) ?? {}
      return [asked, askedAt]
    }
    expect([asked('a'), asked('b')]).toEqual([
      [undefined, undefined],
      [1, world.time],
    ])
    expect(run.giveUpAt('b')).toBe(world.time - republishAfterMs + responseTimeoutMs)
    await world.pass(run, responseTimeoutMs)
    await run.flush()
    const { state } = await stage.history.load(run.runId)
    expect(state.replies.get('c')).toMatchObject({ state: 'no-reply', asked: 1 })
  })

  it('tells its listeners when replies cannot be received, and when they can again', async () => {
    const { run, world } = await stage.start(['a'])
    let told = 0
    run.onChange(() => {
      told += 1
    })
    world.away = { since: 500, why: say('SQS is away') }
    await world.pass(run, 250)
    await until(() => told === 1, 'the first notice')
    expect(run.trouble).toBe(world.away)
    world.away = undefined
    await world.pass(run, 250)
    await until(() => told === 2, 'the second notice')
    expect(run.trouble).toBeUndefined()
    // A run that is over waits for no reply.
    world.away = { since: 900, why: say('SQS is away') }
    await world.pass(run, 250)
    answer(run, 'a', '')
    expect(run.trouble).toBeUndefined()
  })

  it('counts nobody as silent before SQS has taken its command', async () => {
    const world = createWorld()
    let taken: (() => void) | undefined
    const isTaken = new Promise<void>((resolve) => {
      taken = resolve
    })
    let isSending = false
    world.publish = async (_, targets) => {
      isSending = true
      await isTaken
      world.said.push(`publish to ${targets ?? 'everyone'}`)
      return 'sent'
    }
    const { run, begin } = await stage.create(['a'], { world })
    const beginning = begin()
    await until(() => isSending, 'the command to be sent')
    await world.pass(run, responseTimeoutMs)
    expect(run.state.counts.expected).toBe(1)
    taken?.()
    await beginning
    await world.pass(run, 1000)
    expect(world.said).toEqual(['publish to a'])
    await world.pass(run, republishAfterMs)
    await world.pass(run, responseTimeoutMs)
    expect(world.said.slice(0, 2)).toEqual(['publish to a', 'publish to a'])
    expect(run.state.counts['no-reply']).toBe(1)
  })

  it('asks a silent agent for its result before it counts as lost', async () => {
    const { run, world } = await stage.start(['a', 'b'])
    run.receive(ack('a'), nothing, 'unproven')
    run.receive(ack('b'), nothing, 'unproven')
    await world.pass(run, timeoutMs + graceMs)
    await world.pass(run, 1000)
    expect(world.said.slice(1)).toEqual(['resend to a,b: , and the result', 'withdraw'])
    answer(run, 'a', 'it was there all the time')
    await world.pass(run, responseTimeoutMs)
    expect(run.state.counts).toMatchObject({ succeeded: 1, lost: 1 })
    expect(run.state.replies.get('a')?.late).toBe(false)
  })

  it('judges nobody while replies may be waiting unread', async () => {
    const { run, world } = await stage.start(['a'])
    world.hears = 'behind'
    await world.pass(run, 24 * 3600_000)
    expect(run.state.counts.expected).toBe(1)
    world.hears = 'all'
    await world.pass(run, 1)
    await world.pass(run, graceMs)
    expect(run.state.counts['no-reply']).toBe(1)
  })

  it('gives up silent agents when nobody can know whether their replies are waiting, and says so until one answers', async () => {
    const { run, world } = await stage.start(['a', 'b'])
    world.hears = 'uncertain'
    await world.pass(run, republishAfterMs)
    await world.pass(run, responseTimeoutMs)
    expect(run.state.counts['no-reply']).toBe(2)
    expect([...run.state.replies.values()].map(({ unread }) => unread)).toEqual([true, true])
    expect(groupReplies(run.state).map(({ detail }) => detail)).toEqual(['replies may be unread'])
    answer(run, 'a', '')
    expect(run.state.replies.get('a')).toMatchObject({ state: 'succeeded', late: true })
    expect(run.state.replies.get('a')).not.toHaveProperty('unread')
  })

  it('asks nothing of the queue as long as nobody is silent for too long', async () => {
    const { run, world } = await stage.start(['a'])
    let asked = 0
    world.hearing = () => {
      asked += 1
      return 'all'
    }
    await world.pass(run, republishAfterMs - 1)
    expect(asked).toBe(0)
    await world.pass(run, 1)
    expect(asked).toBe(1)
  })

  it('asks everybody for the result before it gives anybody up, when nobody could watch over it', async () => {
    const { run, world } = await stage.start(['a', 'b', 'c'])
    run.receive(ack('b'), nothing, 'unproven')
    run.receive(ack('c'), nothing, 'unproven')
    world.hears = 'behind'
    await world.pass(run, 24 * 3600_000)
    world.hears = 'all'
    await world.pass(run, 1)
    expect(world.said.slice(1)).toEqual(['resend to a,b,c: , and the result'])
    expect(run.state.counts).toMatchObject({ expected: 1, running: 2 })
    answer(run, 'a', 'its first answer had expired')
    answer(run, 'b', 'this one, too')
    await world.pass(run, graceMs)
    expect(run.state.counts).toMatchObject({ succeeded: 2, lost: 1 })
  })

  it('asks again when SQS did not take the question, and does not wait for that for ever', async () => {
    const { run, world } = await stage.start(['a', 'b'])
    const { resend } = world
    let refusals = 0
    world.resend = async (...asked) => {
      refusals += 1
      if (refusals < 2) throw new Error('SQS says no')
      return resend(...asked)
    }
    world.hears = 'behind'
    await world.pass(run, 24 * 3600_000)
    world.hears = 'all'
    await world.pass(run, 1)
    await world.pass(run, graceMs)
    expect(run.state.counts.expected).toBe(2)
    expect(world.said.slice(1)).toEqual(['resend to a,b: , and the result'])
    answer(run, 'a', '')
    await world.pass(run, graceMs)
    expect(run.state.counts).toMatchObject({ succeeded: 1, 'no-reply': 1 })
  })

  it('does not wait for ever for the permission to ask', async () => {
    const { run, world } = await stage.start(['a'])
    const refuse = () => Promise.reject(new Error('SQS says no'))
    Object.assign(world, { publish: refuse, resend: refuse })
    for (let time = 0; time < 100 && run.state.phase !== 'over'; time += 1) await world.pass(run, graceMs)
    expect(run.state.counts['no-reply']).toBe(1)
    expect(world.troubles.length).toBeLessThan(10)
  })
})

describe('the control messages of a run', () => {
  it('are never more than four on the queue at a time, and reach everybody that something is asked of', async () => {
    const agentIds = Array.from({ length: 60 }, (_, index) => `agent-${index}`)
    const { run, world } = await stage.start(agentIds)
    const queue = playQueue(world)
    // Each misses another frame than the others.
    for (const [index, agentId] of agentIds.entries()) {
      const texts = Array.from({ length: 61 }, (_, frame) => `${frame}`)
      for (const [message, data] of replyOf(agentId, texts))
        if (message.type !== 'output' || message.frame !== index) run.receive(message, data, 'unproven')
    }
    for (let time = 0; time < 60_000; time += tickMs) await world.pass(run, tickMs)
    expect(queue.most).toBe(mostControlMessages)
    expect(new Set(queue.asked)).toEqual(new Set(agentIds))
  })

  it('are no more while SQS takes its time, though more falls due meanwhile', async () => {
    const agentIds = Array.from({ length: 20 }, (_, index) => `agent-${index}`)
    const { run, world } = await stage.start(agentIds)
    const queue = playQueue(world)
    const taken = deferred()
    const { resend } = world
    world.resend = async (...asked) => {
      await taken.promise
      await resend(...asked)
    }
    for (const [index, agentId] of agentIds.entries()) {
      run.receive(ack(agentId), nothing, 'unproven')
      if (index % 2 === 0)
        for (const [message, data] of gapsIn(agentId, index)) run.receive(message, data, 'unproven')
    }
    const passing = Array.from({ length: 400 }, () => world.pass(run, tickMs))
    taken.resolve()
    await Promise.all(passing)
    expect(queue.most).toBeLessThanOrEqual(mostControlMessages)
    expect(queue.asked.length).toBeGreaterThan(0)
  })

  it('ask agents together that miss the same frames', async () => {
    const agentIds = Array.from({ length: 1000 }, (_, index) => `agent-${index}`)
    const { run, world } = await stage.start(agentIds)
    for (const agentId of agentIds)
      for (const [message, data] of gapsIn(agentId, 1)) run.receive(message, data, 'unproven')
    await world.pass(run, resendAfterMs)
    expect(world.said.filter((what) => what.startsWith('resend'))).toEqual([`resend to ${agentIds}: 1`])
  })

  it('give up nobody whom there was no room to ask', async () => {
    const { run, world } = await stage.start(['a', 'b', 'c', 'd', 'e'])
    world.withdrawControl = async () => 4
    for (const [index, agentId] of ['a', 'b', 'c', 'd'].entries())
      for (const [message, data] of gapsIn(agentId, index)) run.receive(message, data, 'unproven')
    run.receive(ack('e'), nothing, 'unproven')
    await world.pass(run, timeoutMs)
    expect(world.said.filter((what) => what.startsWith('resend'))).toHaveLength(4)
    await world.pass(run, graceMs)
    await world.pass(run, graceMs)
    expect(run.state.replies.get('e')?.state).toBe('running')
    // By then SQS has taken them off by itself.
    await world.pass(run, 60_000)
    expect(world.said).toContain('resend to e: , and the result')
    await world.pass(run, graceMs)
    expect(run.state.replies.get('e')?.state).toBe('lost')
  })

  it('do not keep a person from cancelling', async () => {
    const { run, world } = await stage.start(['a', 'b', 'c', 'd', 'e'])
    for (const [index, agentId] of ['a', 'b', 'c', 'd'].entries())
      for (const [message, data] of gapsIn(agentId, index)) run.receive(message, data, 'unproven')
    await world.pass(run, resendAfterMs)
    await run.cancel()
    expect(world.said.at(-1)).toBe('cancel e')
  })
})

const tickMs = 250

/** A reply without one of its frames. */
function gapsIn(agentId: string, missing: number): Reply {
  const texts = Array.from({ length: 25 }, (_, frame) => `${frame}`)
  return replyOf(agentId, texts).filter(([message]) => message.type !== 'output' || message.frame !== missing)
}

/** The broadcast queue: how many control messages it has had at a time, and whom they asked. */
function playQueue(world: PlayedWorld) {
  const queue = { most: 0, asked: [] as string[] }
  let sent: number[] = []
  world.resend = async (_, targets) => {
    sent = [...sent.filter((at) => world.time - at < 60_000), world.time]
    queue.most = Math.max(queue.most, sent.length)
    queue.asked.push(...targets)
  }
  world.withdrawControl = async (time) => {
    sent = sent.filter((at) => at >= time)
    return 0
  }
  return queue
}
