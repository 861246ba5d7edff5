import { describe, expect, it } from 'vitest'
import { LocalFleetControl } from '../../../../src/console/localFleet/localFleetControl.ts'
import type { LocalFleet } from '../../../../src/localFleet/client.ts'
import type { Environment } from '../../../../src/queues/environment.ts'
import { declared } from '../../../support/declared.ts'
import { deferred } from '../../../support/deferred.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'

const environments = [declared('testing').environment]

/** A machine on which local fleets are played. */
function playedMachine({
  isRunning = false,
  pause = async (_what: string): Promise<void> => {},
  failure = undefined as Error | undefined,
} = {}) {
  const machine = { isRunning, failure, opened: 0, held: 0, told: [] as number[], end: () => {} }
  const hold = (): LocalFleet => {
    const ended = deferred()
    machine.held += 1
    let isHeld = true
    const close = () => {
      if (isHeld) machine.held -= 1
      isHeld = false
      ended.resolve()
    }
    machine.end = close
    const fleet = { environments, endpoint: '', agents: [], onChange: () => () => {}, ended: ended.promise }
    return { ...fleet, close, stop: async () => close() }
  }
  const control = new LocalFleetControl(
    '/nowhere',
    (told: readonly Environment[]) => machine.told.push(told.length),
    async () => ({
      async joinLocalFleet() {
        await pause('joins')
        if (machine.failure !== undefined) throw machine.failure
        return machine.isRunning ? hold() : undefined
      },
      async openLocalFleet({ signal }) {
        machine.opened += 1
        await pause('opens')
        signal?.throwIfAborted()
        if (machine.failure !== undefined) throw machine.failure
        machine.isRunning = true
        return hold()
      },
    }),
  )
  return { machine, control }
}

const { signal } = new AbortController()

describe('The local fleet of a window', () => {
  it('is joined where it runs, and looked for once', async () => {
    const { machine, control } = playedMachine({ isRunning: true })
    await Promise.all([control.look(), control.look()])
    expect([control.isRunning, machine.held, machine.told]).toEqual([true, 1, [1]])
    machine.end()
    await control.look()
    expect([control.isRunning, machine.told]).toEqual([false, [1, 0]])
  })

  it('is started once by all who start it, in whatever order, also while it is looked for', async () => {
    await everyInterleaving(async (stage) => {
      const { machine, control } = playedMachine({ pause: (what) => stage.pause(what) })
      stage.act('look', () => control.look())
      stage.act('start', () => control.start(signal))
      stage.act('start again', () => control.start(signal))
      const { start, 'start again': again } = await stage.play()
      for (const end of [start, again])
        expect(end).toMatchObject({ status: 'fulfilled', value: { environments } })
      expect({ opened: machine.opened, held: machine.held }).toEqual({ opened: 1, held: 1 })
    })
  })

  it('is started by the second who wants it when the first one gives up', async () => {
    await everyInterleaving(async (stage) => {
      const { machine, control } = playedMachine({ pause: (what) => stage.pause(what) })
      const first = new AbortController()
      stage.act('start', () => control.start(first.signal))
      stage.act('give up', () => first.abort())
      stage.act('start again', () => control.start(signal))
      const { 'start again': again } = await stage.play()
      expect(again).toMatchObject({ status: 'fulfilled', value: { environments } })
      expect([machine.held, control.isRunning]).toEqual([1, true])
    })
  })

  it('is let go when the window closes, at whatever moment', async () => {
    await everyInterleaving(async (stage) => {
      const { machine, control } = playedMachine({ isRunning: true, pause: (what) => stage.pause(what) })
      stage.act('look', () => control.look())
      stage.act('start', () => control.start(signal))
      stage.act('close', () => control.dispose())
      await stage.play()
      expect(machine.held).toBe(0)
    })
  })

  it('that cannot be looked for hides no environment, and says why when it is started', async () => {
    const { control } = playedMachine({ failure: new Error('the directory is another’s') })
    await control.look()
    await expect(control.start(signal)).rejects.toThrow('the directory is another’s')
  })
})
