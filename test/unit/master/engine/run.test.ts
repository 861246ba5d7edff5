import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Run, type RunChange } from '../../../../src/master/engine/run.ts'
import { History } from '../../../../src/master/store/history.ts'
import { maxFrameBytes } from '../../../../src/protocol/frames.ts'
import type { ReplyMessage } from '../../../../src/protocol/messages.ts'
import { groupReplies } from '../../../../src/report/grouping.ts'
import { planSteps } from '../../../../src/run/rollout.ts'
import type { Rollout } from '../../../../src/run/runRequest.ts'
import { startRunState } from '../../../../src/run/runState.ts'
import { defaultTiming } from '../../../../src/run/timing.ts'
import { createWorld, type PlayedWorld } from '../../../support/playedTransport.ts'
import { processorMsSince } from '../../../support/processorTime.ts'
import { until } from '../../../support/until.ts'

const { republishAfterMs, responseTimeoutMs, joinMs, graceMs, resendAfterMs, resendTries } = defaultTiming
const timeoutMs = 60_000
const runId = 'run-of-a-test'

let directory: string
let history: History
const runs: Run[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'run-'))
  history = await History.open(directory)
})
afterEach(async () => {
  await Promise.all(runs.splice(0).map((run) => run.close()))
  await rm(directory, { recursive: true, force: true })
})

describe('a run', () => {
  it('is over with the last reply, and takes its command off the queue', async () => {
    const { run, world } = await start(['a', 'b'])
    answer(run, 'a', 'fine')
    expect(run.state.phase).toBe('running')
    answer(run, 'b', 'fine')
    expect((await run.ended).counts.succeeded).toBe(2)
    await run.withdrawn()
    expect(world.said).toEqual(['publish to everyone', 'withdraw'])
    expect(await textOf(run, 'a')).toBe('fine')
  })

  it('is on disk, with whom it expects, before its command is on the queue', async () => {
    let agents: unknown
    const world = createWorld()
    world.publish = async () => {
      agents = [...(await history.load(runId)).state.replies.keys()]
      return 'sent'
    }
    await start(['a', 'b'], { world })
    expect(agents).toEqual(['a', 'b'])
  })

  it('that could not be sent is over, with nobody started, and says why', async () => {
    const world = createWorld()
    world.publish = () => Promise.reject(new Error('SQS says no'))
    const beginning = create(['a', 'b'], { world, rollout: { batch: { count: 1 } } })
    await expect(beginning.then(({ begin }) => begin())).rejects.toThrow('SQS says no')
    const { run } = await beginning
    expect(run.state).toMatchObject({
      phase: 'over',
      stopReason: 'SQS says no',
      counts: { 'not-started': 2 },
    })
  })

  it('sends its command again to silent agents, once, and gives them up in time', async () => {
    const { run, world } = await start(['a', 'b', 'c'])
    answer(run, 'a', '')
    run.receive(ack('b'), nothing, 'unproven')
    await world.pass(run, republishAfterMs)
    await world.pass(run, 1000)
    expect(world.said).toEqual(['publish to everyone', 'publish to c'])
    await world.pass(run, responseTimeoutMs)
    expect(run.state.counts).toMatchObject({ succeeded: 1, running: 1, 'no-reply': 1 })
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
    const { run, begin } = await create(['a'], { world })
    const beginning = begin()
    await until(() => isSending, 'the command to be sent')
    await world.pass(run, responseTimeoutMs)
    expect(run.state.counts.expected).toBe(1)
    taken?.()
    await beginning
    await world.pass(run, 1000)
    expect(world.said).toEqual(['publish to everyone'])
    await world.pass(run, republishAfterMs)
    await world.pass(run, responseTimeoutMs)
    expect(world.said.slice(0, 2)).toEqual(['publish to everyone', 'publish to a'])
    expect(run.state.counts['no-reply']).toBe(1)
  })

  it('asks a silent agent for its result before it counts as lost', async () => {
    const { run, world } = await start(['a', 'b'])
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

  it('takes its command off the queue as soon as everybody has been heard of, and had time to join', async () => {
    const { run, world } = await start(['a', 'b'])
    run.receive(ack('a'), nothing, 'unproven')
    await world.pass(run, joinMs)
    expect(world.said).toEqual(['publish to everyone'])
    run.receive(ack('b'), nothing, 'unproven')
    await world.pass(run, 1)
    await said(world, ['publish to everyone', 'withdraw'])
    await world.pass(run, joinMs)
    expect(world.said).toHaveLength(2)
  })

  it('judges nobody while replies may be waiting unread', async () => {
    const { run, world } = await start(['a'])
    world.isBehind = true
    await world.pass(run, 24 * 3600_000)
    expect(run.state.counts.expected).toBe(1)
    world.isBehind = false
    await world.pass(run, 1)
    await world.pass(run, graceMs)
    expect(run.state.counts['no-reply']).toBe(1)
  })

  it('that nobody could watch over asks everybody for the result before it gives anybody up', async () => {
    const { run, world } = await start(['a', 'b', 'c'])
    run.receive(ack('b'), nothing, 'unproven')
    run.receive(ack('c'), nothing, 'unproven')
    world.isBehind = true
    await world.pass(run, 24 * 3600_000)
    world.isBehind = false
    await world.pass(run, 1)
    expect(world.said.slice(1)).toEqual(['resend to a,b,c: , and the result'])
    expect(run.state.counts).toMatchObject({ expected: 1, running: 2 })
    answer(run, 'a', 'its first answer had expired')
    answer(run, 'b', 'this one, too')
    await world.pass(run, graceMs)
    expect(run.state.counts).toMatchObject({ succeeded: 2, lost: 1 })
  })

  it('asks again when SQS did not take the question, and does not wait for that for ever', async () => {
    const { run, world } = await start(['a', 'b'])
    const { resend } = world
    let refusals = 0
    world.resend = async (...asked) => {
      refusals += 1
      if (refusals < 2) throw new Error('SQS says no')
      return resend(...asked)
    }
    world.isBehind = true
    await world.pass(run, 24 * 3600_000)
    world.isBehind = false
    await world.pass(run, 1)
    await world.pass(run, graceMs)
    expect(run.state.counts.expected).toBe(2)
    expect(world.said.slice(1)).toEqual(['resend to a,b: , and the result'])
    answer(run, 'a', '')
    await world.pass(run, graceMs)
    expect(run.state.counts).toMatchObject({ succeeded: 1, 'no-reply': 1 })
  })

  it('does not wait for ever for the permission to ask', async () => {
    const { run, world } = await start(['a'])
    const refuse = () => Promise.reject(new Error('SQS says no'))
    Object.assign(world, { publish: refuse, resend: refuse })
    for (let time = 0; time < 100 && run.state.phase !== 'over'; time += 1) await world.pass(run, graceMs)
    expect(run.state.counts['no-reply']).toBe(1)
    expect(world.troubles.length).toBeLessThan(10)
  })

  it('takes all output of an agent that joins when it is over', async () => {
    const { run } = await start(['a'])
    answer(run, 'a', '')
    expect(run.state.phase).toBe('over')
    run.receive(ack('b'), nothing, 'unproven')
    expect(run.state.replies.get('b')).toMatchObject({ state: 'lost', expected: false, late: true })
    answer(run, 'b', 'one that nobody knew of')
    answer(run, 'c', 'another')
    await run.flush()
    const { state, record } = await history.load(runId)
    for (const [agentId, text] of Object.entries({ b: 'one that nobody knew of', c: 'another' })) {
      expect(state.replies.get(agentId)).toMatchObject({ state: 'succeeded', output: 'complete', late: true })
      const chunks = await record.output.read(agentId)
      expect(Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()).toBe(text)
    }
  })

  it('asks for missing frames again, with more and more patience, and says when they are missing for good', async () => {
    const { run, world } = await start(['a'])
    const reply = replyOf('a', ['one ', 'two ', 'three'])
    for (const [message, data] of [reply[0], reply[2], reply[3], reply[4]] as Reply)
      run.receive(message, data, 'unproven')
    for (let time = 0; time < resendTries; time += 1) await world.pass(run, resendAfterMs * 2 ** time)
    expect(world.said.filter((what) => what === 'resend to a: 0')).toHaveLength(resendTries)
    expect(run.state.replies.get('a')).toMatchObject({ state: 'succeeded', output: 'partial' })
    await world.pass(run, resendAfterMs * 2 ** resendTries)
    expect(run.state.replies.get('a')).toMatchObject({ state: 'succeeded', output: 'incomplete' })
    expect(run.state.phase).toBe('over')
    for (const [message, data] of reply) run.receive(message, data, 'unproven')
    expect(run.state.replies.get('a')?.output).toBe('complete')
    expect(await textOf(run, 'a')).toBe('one two three')
  })

  it('says that output is incomplete when it is not what the agent sent', async () => {
    const { run } = await start(['a'])
    const [[frame, data], [result]] = [replyOf('a', ['true'])[1], replyOf('a', ['fals'])[2]] as [
      Reply[0],
      Reply[0],
    ]
    run.receive(frame, data, 'unproven')
    run.receive(result, nothing, 'unproven')
    expect(run.state.replies.get('a')?.output).toBe('incomplete')
  })

  it('goes on when a frame is damaged: it counts as missing', async () => {
    const { run, world } = await start(['a'])
    const reply = replyOf('a', ['one'])
    const [, [frame, data], [result]] = reply as [Reply[0], Reply[0], Reply[0]]
    run.receive(frame, data.subarray(1), 'unproven')
    run.receive(result, nothing, 'unproven')
    expect(world.troubles).toEqual(['web-a: a frame of 2 bytes whose segments say 3'])
    run.receive(frame, data, 'unproven')
    expect(run.state.replies.get('a')?.output).toBe('complete')
  })

  it('keeps no more output of an agent than it allows, and takes its verdict all the same', async () => {
    const { run, world } = await start(['a', 'b'], { outputLimitBytes: 6 })
    for (const [reply, data] of replyOf('a', ['one', 'two', 'three', 'four']))
      run.receive(reply, data, 'unproven')
    expect(world.troubles).toEqual(['web-a: more than 6 bytes of output: the rest is dropped'])
    expect(run.state.replies.get('a')).toMatchObject({ state: 'succeeded', output: 'incomplete' })
    expect(await textOf(run, 'a')).toBe('onetwo')
    answer(run, 'b', 'enough')
    expect((await run.ended).replies.get('b')).toMatchObject({ state: 'succeeded', output: 'complete' })
  })

  it('takes no frame that is larger than agents make them', async () => {
    const { run, world } = await start(['a'])
    const length = maxFrameBytes + 1
    const frame = { type: 'output', ...from('a'), frame: 0, segments: [[1, length]] } as ReplyMessage
    run.receive(frame, Buffer.alloc(length), 'unproven')
    expect(world.troubles).toEqual([`web-a: a frame of ${length} bytes`])
    expect(run.outputBytes('a')).toBe(0)
  })

  it('that is cancelled asks those who are not done, and each confirms', async () => {
    const { run, world } = await start(['a', 'b', 'c'])
    answer(run, 'a', '')
    run.receive(ack('b'), nothing, 'unproven')
    await run.cancel()
    expect(world.said.slice(1)).toEqual(['cancel b,c'])
    answer(run, 'b', '', { kind: 'cancelled', started: true })
    expect(run.state.phase).toBe('running')
    answer(run, 'c', '', { kind: 'cancelled', started: false })
    expect(run.state).toMatchObject({ phase: 'over', counts: { succeeded: 1, cancelled: 2 } })
  })

  it('that is cancelled has that on disk before anybody is told', async () => {
    let requestedAt: number | undefined
    const { run, world } = await start(['a'])
    world.cancel = async () => {
      requestedAt = (await history.load(runId)).state.cancelRequestedAt
    }
    await run.cancel()
    expect(requestedAt).toBe(world.time)
  })

  it('that is cancelled says so again to whoever has not confirmed it, also after its master died', async () => {
    const first = await start(['a', 'b'])
    for (const agentId of ['a', 'b']) first.run.receive(ack(agentId), nothing, 'unproven')
    first.world.cancel = () => Promise.reject(new Error('SQS says no'))
    await expect(first.run.cancel()).rejects.toThrow('SQS says no')
    await first.run.close()
    const { run, world } = await restore()
    run.orderRefused('b', 'cancel', 'not by you')
    await world.pass(run, graceMs)
    expect(world.said).toEqual(['cancel a'])
    answer(run, 'a', '', { kind: 'cancelled', started: true })
    await world.pass(run, responseTimeoutMs)
    expect(run.state.counts).toMatchObject({ cancelled: 1, running: 1 })
  })

  it('waits for an agent that refused to stop', async () => {
    const { run, world } = await start(['a'])
    run.receive(ack('a'), nothing, 'unproven')
    await run.cancel()
    run.orderRefused('a', 'cancel', 'not by you')
    await world.pass(run, graceMs + responseTimeoutMs)
    expect(run.state.replies.get('a')).toMatchObject({ state: 'running', cancelRefused: 'not by you' })
    answer(run, 'a', 'done')
    expect(run.state.counts.succeeded).toBe(1)
  })

  it('tells every listener of many changes at once, also when one of them fails', async () => {
    const { run, world } = await start(['a', 'b', 'c'])
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
    const { run } = await start(agentIds)
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

describe('a rollout', () => {
  it('starts the next step the moment the one before is over', async () => {
    const { run, world } = await start(['a', 'b', 'c'], { rollout: { canary: 1 } })
    expect(world.said).toEqual(['publish to a'])
    answer(run, 'a', '')
    await said(world, ['publish to a', 'publish to b,c'])
  })

  it('waits between steps, and while it is paused', async () => {
    const { run, world } = await start(['a', 'b', 'c'], { rollout: { batch: { count: 1 }, pauseMs: 5000 } })
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

  it('is not stopped by the failure of somebody who was not asked', async () => {
    const { run, world } = await start(['a', 'b'], { rollout: { batch: { count: 1 } } })
    answer(run, 'stranger', '', { kind: 'exited', code: 1 })
    answer(run, 'a', '')
    await said(world, ['publish to a', 'publish to b'])
    expect(run.state.replies.get('stranger')).toMatchObject({ state: 'failed', expected: false })
  })

  it('stops when more have failed than it allows, and starts nobody else', async () => {
    const rollout: Rollout = { batch: { count: 2 }, maxFailures: { count: 1 } }
    const { run, world } = await start(['a', 'b', 'c', 'd', 'e', 'f'], { rollout })
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

describe('a run that is taken up again', () => {
  it('has every byte once, wherever its master died and whatever comes a second time', async () => {
    const frames = ['first ', 'second ', 'third ', 'fourth']
    const reply = replyOf('a', frames)
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...reply.keys()], { minLength: reply.length }),
        fc.nat(reply.length),
        async (order, diedAfter) => {
          await rm(join(directory, runId), { recursive: true, force: true })
          const first = await start(['a'])
          const receive = (run: Run, indexes: readonly number[]) => {
            for (const index of indexes) {
              const [message, data] = reply[index] as Reply[0]
              run.receive(message, data, 'unproven')
            }
          }
          receive(first.run, order.slice(0, diedAfter))
          await first.run.close()
          const { run } = await restore()
          // SQS shows again what was received and not deleted.
          receive(run, order.slice(Math.max(0, diedAfter - 2)))
          receive(run, order)
          expect((await run.ended).replies.get('a')).toMatchObject({ state: 'succeeded', output: 'complete' })
          expect(await textOf(run, 'a')).toBe(frames.join(''))
          await run.close()
        },
      ),
      { numRuns: 30 },
    )
  })

  it('asks for the frames that had not come when its master died, though their result had', async () => {
    const reply = replyOf('a', ['one ', 'two ', 'three'])
    const first = await start(['a'])
    for (const [message, data] of [reply[0], reply[1], reply[4]] as Reply)
      first.run.receive(message, data, 'unproven')
    await first.run.close()
    const { run, world } = await restore()
    expect(run.state.phase).toBe('running')
    await world.pass(run, resendAfterMs)
    expect(world.said).toEqual(['resend to a: 1,2'])
    for (const [message, data] of [reply[2], reply[3]] as Reply) run.receive(message, data, 'unproven')
    expect((await run.ended).replies.get('a')?.output).toBe('complete')
    expect(await textOf(run, 'a')).toBe('one two three')
  })

  it('takes the last frame from the result that comes again, when its master died before the frames in between', async () => {
    const reply = replyOf('a', ['one ', 'two ', 'three'])
    const last = { frame: 2, segments: [[1, 5]] }
    const result = { ...resultOf('a', ['one ', 'two ', 'three']), last } as ReplyMessage
    const first = await start(['a'])
    first.run.receive(result, Buffer.from('three'), 'unproven')
    await first.run.close()
    const { run, world } = await restore()
    for (const [message, data] of reply.slice(1, 3)) run.receive(message, data, 'unproven')
    await world.pass(run, resendAfterMs)
    expect(world.said).toEqual(['resend to a: 2'])
    run.receive(result, Buffer.from('three'), 'unproven')
    expect((await run.ended).replies.get('a')?.output).toBe('complete')
    expect(await textOf(run, 'a')).toBe('one two three')
  })

  it.each([
    ['nobody', 0],
    ['whom it expected', 2],
  ])('and was never sent is over: its record knows of %s', async (_, agents) => {
    const { run, begin } = await create(['a', 'b'])
    if (agents > 0) {
      await begin()
      await run.close()
      // The first step was not on disk yet, so it was not on the queue.
      const path = join(directory, runId, 'run.ndjson')
      const lines = (await readFile(path, 'utf8')).split('\n')
      await writeFile(path, `${lines.slice(0, 2).join('\n')}\n`)
    } else await run.close()
    const { run: next, world } = await restore()
    const { counts, stopReason } = await next.ended
    expect(counts).toMatchObject({ 'not-started': agents, expected: 0 })
    expect(stopReason).toBe('the master ended before the command was sent')
    await world.pass(next, responseTimeoutMs)
    expect(world.said.filter((said) => said.startsWith('publish'))).toEqual([])
  })

  it('goes on with its rollout', async () => {
    const first = await start(['a', 'b'], { rollout: { batch: { count: 1 } } })
    await first.run.close()
    const { run, world } = await restore()
    answer(run, 'a', '')
    await said(world, ['publish to b'])
  })

  it('takes the verdict of an agent of whose output the disk has lost a part', async () => {
    const { run } = await start(['a'])
    for (const [reply, data] of replyOf('a', ['one', 'two']).slice(0, 3)) run.receive(reply, data, 'unproven')
    await run.close()
    await truncate(join(directory, runId, 'output.log'), 3)
    const { run: next } = await restore()
    expect(next.state.replies.get('a')).toMatchObject({ state: 'running', output: 'incomplete' })
    next.receive(resultOf('a', ['one', 'two']), nothing, 'unproven')
    expect((await next.ended).replies.get('a')).toMatchObject({ state: 'succeeded', output: 'incomplete' })
  })

  it('takes a late reply after its end', async () => {
    const first = await start(['a'])
    await first.world.pass(first.run, responseTimeoutMs)
    await first.world.pass(first.run, graceMs)
    await first.run.close()
    const { run } = await restore()
    expect(run.state.counts['no-reply']).toBe(1)
    answer(run, 'a', 'sorry')
    expect(run.state.replies.get('a')).toMatchObject({ state: 'succeeded', late: true, output: 'complete' })
    await run.close()
    expect((await history.list())[0]).toMatchObject({ counts: { succeeded: 1, 'no-reply': 0 } })
  })
})

type Reply = [ReplyMessage, Uint8Array][]

const nothing = new Uint8Array()

async function create(
  agentIds: readonly string[],
  {
    world = createWorld(),
    rollout,
    outputLimitBytes,
  }: { world?: PlayedWorld; rollout?: Rollout; outputLimitBytes?: number } = {},
) {
  const request = {
    ...{ filter: '*', action: { kind: 'ping' } as const, timeoutMs },
    ...(rollout && { rollout }),
    ...(outputLimitBytes !== undefined && { outputLimitBytes }),
  }
  const startedAt = world.time
  const start = { runId, environment: 'testing', request, issuer: { name: 'ada', host: 'laptop' }, startedAt }
  const run = new Run(startRunState(start), await history.create(start), world)
  runs.push(run)
  const agents = agentIds.map((agentId) => ({ agentId, hostname: `web-${agentId}` }))
  return { run, world, begin: () => run.begin(agents, planSteps(agentIds, rollout)) }
}

async function start(agentIds: readonly string[], options: Parameters<typeof create>[1] = {}) {
  const { run, world, begin } = await create(agentIds, options)
  await begin()
  return { run, world }
}

/** As the next master does it. */
async function restore() {
  const world = createWorld()
  const { state, record } = await history.resume(runId)
  const run = await Run.restore(state, record, world)
  runs.push(run)
  return { run, world }
}

function from(agentId: string) {
  return { runId, agentId, hostname: `web-${agentId}`, sentAt: 1 }
}

function ack(agentId: string): ReplyMessage {
  return { type: 'ack', ...from(agentId), state: 'started' }
}

/** An ack, a frame for each text, and the result. */
function replyOf(agentId: string, texts: readonly string[], outcome?: Outcome): Reply {
  const frames = texts.map((text, frame): Reply[0] => [
    { type: 'output', ...from(agentId), frame, segments: [[1, text.length]] },
    Buffer.from(text),
  ])
  return [[ack(agentId), nothing], ...frames, [resultOf(agentId, texts, outcome), nothing]]
}

type Outcome = Extract<ReplyMessage, { type: 'result' }>['outcome']

function resultOf(
  agentId: string,
  texts: readonly string[],
  outcome: Outcome = { kind: 'exited', code: 0 },
): ReplyMessage {
  const digest = (text: string) => ({
    bytes: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
    droppedBytes: 0,
  })
  const frames = texts.length
  return {
    ...{ type: 'result', ...from(agentId), outcome, durationMs: 5, frames },
    ...{ stdout: digest(texts.join('')), stderr: digest('') },
  }
}

/** One message with all in it. */
function answer(run: Run, agentId: string, text: string, outcome?: Outcome): void {
  const result = resultOf(agentId, text === '' ? [] : [text], outcome)
  const last = text === '' ? {} : { last: { frame: 0, segments: [[1, text.length]] } }
  run.receive({ ...result, ...last } as ReplyMessage, Buffer.from(text), 'unproven')
}

async function textOf(run: Run, agentId: string): Promise<string> {
  return Buffer.concat((await run.output(agentId)).map(({ bytes }) => bytes)).toString()
}

/** Notices are given in the turn of the event loop after their cause. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function said(world: PlayedWorld, sentences: readonly string[]): Promise<void> {
  await until(
    () => world.said.length >= sentences.length,
    'the run to say more',
    () => `; so far: ${world.said}`,
  )
  expect(world.said).toEqual(sentences)
}
