import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Run } from '../../../../src/master/engine/run.ts'
import type { ReplyMessage } from '../../../../src/protocol/messages.ts'
import { defaultTiming } from '../../../../src/run/timing.ts'
import { say } from '../../../../src/text/localizable.ts'
import {
  answer,
  nothing,
  type Reply,
  replyOf,
  resultOf,
  runId,
  said,
  stageRuns,
  textOf,
} from '../../../support/playedRun.ts'
import { until } from '../../../support/until.ts'

const { responseTimeoutMs, graceMs, resendAfterMs } = defaultTiming
const stage = stageRuns()

describe('a resumed run', () => {
  it('has every byte once, wherever its master died and whatever comes a second time', async () => {
    const frames = ['first ', 'second ', 'third ', 'fourth']
    const reply = replyOf('a', frames)
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...reply.keys()], { minLength: reply.length }),
        fc.nat(reply.length),
        async (order, diedAfter) => {
          await rm(join(stage.directory, runId), { recursive: true, force: true })
          const first = await stage.start(['a'])
          const receive = (run: Run, indexes: readonly number[]) => {
            for (const index of indexes) {
              const [message, data] = reply[index] as Reply[0]
              run.receive(message, data, 'unproven')
            }
          }
          receive(first.run, order.slice(0, diedAfter))
          await first.run.close()
          const { run } = await stage.restore()
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
    const first = await stage.start(['a'])
    for (const [message, data] of [reply[0], reply[1], reply[4]] as Reply)
      first.run.receive(message, data, 'unproven')
    await first.run.close()
    const { run, world } = await stage.restore()
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
    const first = await stage.start(['a'])
    first.run.receive(result, Buffer.from('three'), 'unproven')
    await first.run.close()
    const { run, world } = await stage.restore()
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
    const { run, begin } = await stage.create(['a', 'b'])
    if (agents > 0) {
      await begin()
      await run.close()
      // The first step was not on disk yet, so it was not on the queue.
      const path = join(stage.directory, runId, 'run.ndjson')
      const lines = (await readFile(path, 'utf8')).split('\n')
      await writeFile(path, `${lines.slice(0, 2).join('\n')}\n`)
    } else await run.close()
    const { run: next, world } = await stage.restore()
    const { counts, stopReason } = await next.ended
    expect(counts).toMatchObject({ 'not-started': agents, expected: 0 })
    expect(stopReason).toBe('the master ended before the command was sent')
    await world.pass(next, responseTimeoutMs)
    expect(world.said.filter((said) => said.startsWith('publish'))).toEqual([])
  })

  it('goes on with its rollout', async () => {
    const first = await stage.start(['a', 'b'], { rollout: { batch: { count: 1 } } })
    await first.run.close()
    const { run, world } = await stage.restore()
    answer(run, 'a', '')
    await said(world, ['publish to b'])
  })

  it('starts no further step while it is paused for a reason, also when its step is over, until it is told to', async () => {
    const first = await stage.start(['a', 'b'], { rollout: { batch: { count: 1 } } })
    await first.run.close()
    const { run, world } = await stage.restore(say('nobody has looked for long'))
    answer(run, 'a', '')
    await world.pass(run, 60_000)
    expect(world.said.filter((what) => what !== 'withdraw')).toEqual([])
    expect(run.state).toMatchObject({ phase: 'paused', pauseReason: 'nobody has looked for long' })
    await run.flush()
    expect((await stage.history.list())[0]).toMatchObject({ phase: 'paused' })
    run.resume()
    expect(run.state).toMatchObject({ phase: 'running', pauseReason: undefined })
    await until(() => world.said.includes('publish to b'), 'the next step')
  })

  it('takes the verdict of an agent of whose output the disk has lost a part', async () => {
    const { run } = await stage.start(['a'])
    for (const [reply, data] of replyOf('a', ['one', 'two']).slice(0, 3)) run.receive(reply, data, 'unproven')
    await run.close()
    await truncate(join(stage.directory, runId, 'output.log'), 3)
    const { run: next } = await stage.restore()
    expect(next.state.replies.get('a')).toMatchObject({ state: 'running', output: 'incomplete' })
    next.receive(resultOf('a', ['one', 'two']), nothing, 'unproven')
    expect((await next.ended).replies.get('a')).toMatchObject({ state: 'succeeded', output: 'incomplete' })
  })

  it('takes a late reply after its end', async () => {
    const first = await stage.start(['a'])
    await first.world.pass(first.run, responseTimeoutMs)
    await first.world.pass(first.run, graceMs)
    await first.run.close()
    const { run } = await stage.restore()
    expect(run.state.counts['no-reply']).toBe(1)
    answer(run, 'a', 'sorry')
    expect(run.state.replies.get('a')).toMatchObject({ state: 'succeeded', late: true, output: 'complete' })
    await run.close()
    expect((await stage.history.list())[0]).toMatchObject({ counts: { succeeded: 1, 'no-reply': 0 } })
  })
})
