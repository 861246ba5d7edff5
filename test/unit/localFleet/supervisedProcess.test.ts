import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type SupervisedProcess, superviseProcess } from '../../../src/localFleet/supervisedProcess.ts'
import { gatherWarnings } from '../../support/gatherWarnings.ts'
import { everyInterleaving } from '../../support/interleavings.ts'
import { until } from '../../support/until.ts'

const kept: SupervisedProcess[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(kept.splice(0).map((each) => each.stop()))
})

function keep(start: () => ChildProcess, onChange = () => {}): SupervisedProcess {
  const each = superviseProcess(start, onChange)
  kept.push(each)
  return each
}

/** Ends when its standard input does. */
const cat = () => spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })

describe('A supervised process', () => {
  it('is started again when it ends, and when it could not be started at all', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    let starts = 0
    const each = keep(() => {
      starts += 1
      if (starts === 1) throw new Error('too many open files')
      if (starts === 2) return spawn('/not/there', { stdio: ['pipe', 'ignore', 'ignore'] })
      return starts === 3 ? spawn('true', { stdio: ['pipe', 'ignore', 'ignore'] }) : cat()
    })
    await until(() => starts === 4, 'the fourth start')
    expect([each.restarts, each.pid]).toEqual([3, expect.any(Number)])
  })

  it('is supervised on when whom it tells of changes throws', async () => {
    const warnings = gatherWarnings()
    let starts = 0
    keep(
      () => {
        starts += 1
        return starts === 1 ? spawn('true', { stdio: ['pipe', 'ignore', 'ignore'] }) : cat()
      },
      () => {
        throw new Error('a broken listener')
      },
    )
    await until(() => starts === 2, 'the second start')
    expect(await warnings.stop()).toContainEqual(expect.stringContaining('a broken listener'))
  })

  it('ends when it is stopped, once, however often that is asked for, and is not started again', async () => {
    let starts = 0
    const each = keep(() => {
      starts += 1
      return cat()
    })
    const pid = each.pid ?? 0
    await Promise.all([each.stop(), each.stop()])
    await each.stop()
    expect([starts, each.pid]).toEqual([1, undefined])
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  it('that is stopped while it waits to be started again stays ended', async () => {
    let [starts, changes] = [0, 0]
    const each = keep(
      () => {
        starts += 1
        return spawn('true', { stdio: ['pipe', 'ignore', 'ignore'] })
      },
      () => {
        changes += 1
      },
    )
    await until(() => changes === 2, 'its end')
    await each.stop()
    expect(starts).toBe(1)
  })

  it('is stopped once it has ended, in each order of its end and of stopping it twice, and not started again', async () => {
    await everyInterleaving(async (stage) => {
      let starts = 0
      const child = Object.assign(new EventEmitter(), { pid: 1, stdin: new PassThrough(), kill: () => true })
      const each = superviseProcess(
        () => {
          starts += 1
          return child as unknown as ChildProcess
        },
        () => {},
      )
      stage.act('it ends', () => child.emit('exit', 0))
      stage.act('stop', () => each.stop())
      stage.act('stop again', () => each.stop())
      const ends = await stage.play()
      expect(Object.values(ends).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
      expect([starts, each.pid]).toEqual([1, undefined])
    })
  })
})
