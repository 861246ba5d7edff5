import { describe, expect, it } from 'vitest'
import { maxFrameBytes } from '../../../../src/protocol/frames.ts'
import type { ReplyMessage } from '../../../../src/protocol/messages.ts'
import { defaultTiming } from '../../../../src/run/timing.ts'
import {
  ack,
  answer,
  from,
  nothing,
  type Reply,
  replyOf,
  runId,
  stageRuns,
  textOf,
} from '../../../support/playedRun.ts'

const { resendAfterMs, resendTries } = defaultTiming
const stage = stageRuns()

describe('a run that gathers output', () => {
  it('takes all output of an agent that joins when it is over', async () => {
    const { run } = await stage.start(['a'])
    answer(run, 'a', '')
    expect(run.state.phase).toBe('over')
    run.receive(ack('b'), nothing, 'unproven')
    expect(run.state.replies.get('b')).toMatchObject({ state: 'lost', expected: false, late: true })
    answer(run, 'b', 'one that nobody knew of')
    answer(run, 'c', 'another')
    await run.flush()
    const { state, record } = await stage.history.load(runId)
    for (const [agentId, text] of Object.entries({ b: 'one that nobody knew of', c: 'another' })) {
      expect(state.replies.get(agentId)).toMatchObject({ state: 'succeeded', output: 'complete', late: true })
      const chunks = await record.output.read(agentId)
      expect(Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()).toBe(text)
    }
  })

  it('asks for missing frames again, with more and more patience, and says when they are missing for good', async () => {
    const { run, world } = await stage.start(['a'])
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
    const { run } = await stage.start(['a'])
    const [[frame, data], [result]] = [replyOf('a', ['true'])[1], replyOf('a', ['fals'])[2]] as [
      Reply[0],
      Reply[0],
    ]
    run.receive(frame, data, 'unproven')
    run.receive(result, nothing, 'unproven')
    expect(run.state.replies.get('a')?.output).toBe('incomplete')
  })

  it('goes on when a frame is damaged: it counts as missing', async () => {
    const { run, world } = await stage.start(['a'])
    const reply = replyOf('a', ['one'])
    const [, [frame, data], [result]] = reply as [Reply[0], Reply[0], Reply[0]]
    run.receive(frame, data.subarray(1), 'unproven')
    run.receive(result, nothing, 'unproven')
    expect(world.troubles).toEqual(['web-a: a frame of 2 bytes whose segments say 3'])
    run.receive(frame, data, 'unproven')
    expect(run.state.replies.get('a')?.output).toBe('complete')
  })

  it('keeps no more output of an agent than it allows, and takes its verdict all the same', async () => {
    const { run, world } = await stage.start(['a', 'b'], { outputLimitBytes: 6 })
    for (const [reply, data] of replyOf('a', ['one', 'two', 'three', 'four']))
      run.receive(reply, data, 'unproven')
    expect(world.troubles).toEqual(['web-a: more than 6 bytes of output: the rest is dropped'])
    expect(run.state.replies.get('a')).toMatchObject({ state: 'succeeded', output: 'incomplete' })
    expect(await textOf(run, 'a')).toBe('onetwo')
    answer(run, 'b', 'enough')
    expect((await run.ended).replies.get('b')).toMatchObject({ state: 'succeeded', output: 'complete' })
  })

  it('says whose output was cut, and that it is more than one agent may write', async () => {
    const { run } = await stage.start(['a', 'b'], { outputLimitBytes: 6 })
    for (const [reply, data] of replyOf('a', ['one', 'two', 'three', 'four']))
      run.receive(reply, data, 'unproven')
    answer(run, 'b', 'enough')
    await run.flush()
    const { state } = await stage.history.load(runId)
    expect(['a', 'b'].map((agentId) => state.replies.get(agentId)?.cut)).toEqual(['agent', undefined])
  })

  it('takes no frame that is larger than agents make them', async () => {
    const { run, world } = await stage.start(['a'])
    const length = maxFrameBytes + 1
    const frame = { type: 'output', ...from('a'), frame: 0, segments: [[1, length]] } as ReplyMessage
    run.receive(frame, Buffer.alloc(length), 'unproven')
    expect(world.troubles).toEqual([`web-a: a frame of ${length} bytes`])
    expect(run.outputBytes('a')).toBe(0)
  })
})
