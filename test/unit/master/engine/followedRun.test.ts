import { afterEach, describe, expect, it } from 'vitest'
import { FollowedRun } from '../../../../src/master/engine/followedRun.ts'
import type { RunChange } from '../../../../src/master/engine/run.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'
import { until } from '../../../support/until.ts'

let simulated: SimulatedRun
const stops: (() => void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) stop()
  await simulated.close()
})

const textOf = (chunks: readonly { readonly bytes: Uint8Array }[]) =>
  Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()

/** A run, and another process that reads along. */
async function follow(
  hosts: readonly string[],
  options: { readonly now?: () => number; readonly leftAfterMs?: number } = {},
) {
  simulated = await simulateRun(hosts)
  await simulated.run.flush()
  const warnings: string[] = []
  let isHeld = true
  const followed = new FollowedRun({
    reader: await simulated.history.read(simulated.run.runId),
    isHeld: async () => isHeld,
    ...{ everyMs: 5, leftAfterMs: 15_000 },
    onWarning: ({ message }) => warnings.push(message),
    ...options,
  })
  const changes: RunChange[] = []
  stops.push(followed.onChange((change) => changes.push(change)))
  return {
    followed,
    changes,
    warnings,
    leave() {
      isHeld = false
    },
  }
}

describe('A run of another process', () => {
  it('is seen with its replies and their output, as they are recorded, until it is over', async () => {
    const { followed, changes, warnings } = await follow(['web-01', 'web-02'])
    const [web1 = ''] = followed.state.replies.keys()
    simulated.ack('web-01')
    simulated.write('web-01', 1, 'half')
    await until(async () => textOf(await followed.output(web1)) === 'half', 'the first output')
    for (const host of ['web-01', 'web-02']) simulated.finish(host, 0, [{ stream: 1, text: 'done' }])
    await until(() => followed.state.phase === 'over', 'the end of the run')
    await until(async () => textOf(await followed.output(web1)) === 'halfdone', 'the rest of the output')
    await until(() => changes.some(({ output }) => output.has(web1)), 'the change of the output')
    expect(followed.state.counts.succeeded).toBe(2)
    expect(warnings).toEqual([])
  })

  it('has the same state as in the process that has it, whenever it is read', async () => {
    const { followed } = await follow(['web-01', 'web-02', 'web-03'])
    simulated.finish('web-01', 3, [{ stream: 2, text: 'no space left' }])
    simulated.refuse('web-02', 'not allowed')
    simulated.finish('web-03', 0)
    await simulated.run.ended
    await simulated.run.flush()
    await followed.look()
    const { run } = simulated
    expect(followed.state.counts).toEqual(run.state.counts)
    expect([...followed.state.replies]).toEqual([...run.state.replies])
  })

  it('is not read while nobody listens', async () => {
    const { followed } = await follow(['web-01'])
    for (const stop of stops.splice(0)) stop()
    await followed.look()
    simulated.finish('web-01', 0)
    await simulated.run.flush()
    await new Promise(setImmediate)
    expect(followed.state.phase).toBe('running')
  })

  it('is left when no process has held it for 15 seconds, and not while a window reloads', async () => {
    let now = 0
    const { followed, leave } = await follow(['web-01'], { now: () => now })
    let isLeft = false
    void followed.left.then(() => {
      isLeft = true
    })
    const lookTenTimes = async () => {
      for (let looks = 0; looks < 10; looks += 1) await followed.look()
    }
    now = 60_000
    await lookTenTimes()
    leave()
    await lookTenTimes()
    now += 14_000
    await lookTenTimes()
    expect(isLeft).toBe(false)
    now += 2_000
    await lookTenTimes()
    expect(isLeft).toBe(true)
  })

  it('is left at once when it is only waited for that its process ends', async () => {
    const { followed, leave } = await follow(['web-01'], { leftAfterMs: 0 })
    let isLeft = false
    void followed.left.then(() => {
      isLeft = true
    })
    await followed.look()
    expect(isLeft).toBe(false)
    leave()
    await until(() => isLeft, 'the run to be left')
  })
})
