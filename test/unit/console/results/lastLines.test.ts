import { describe, expect, it } from 'vitest'
import { LastLines } from '../../../../src/console/results/lastLines.ts'
import { deferred } from '../../../support/deferred.ts'
import { agentIdOf, withSimulatedRun } from '../../../support/simulatedRun.ts'

const web1 = agentIdOf('web1')

describe('the last lines of outputs', () => {
  it('are told once, and again only when they change', () =>
    withSimulatedRun(['web1', 'web2'], {}, async (simulated) => {
      const lines = new LastLines(simulated.run)
      simulated.write('web1', 1, 'one\ntwo\n')
      expect(await lines.news([web1, agentIdOf('web2'), 'i-nobody'])).toEqual([[web1, 'two']])
      expect(await lines.news([web1])).toEqual([])
      simulated.write('web1', 2, 'three\n\n')
      expect(await lines.news([web1])).toEqual([[web1, 'three']])
      simulated.write('web1', 2, 'three\n')
      expect(await lines.news([web1])).toEqual([])
    }))

  it('are told again to a page that starts again, without reading the output again', () =>
    withSimulatedRun(['web1'], {}, async (simulated) => {
      let reads = 0
      const output = (...asked: Parameters<typeof simulated.run.output>) => {
        reads += 1
        return simulated.run.output(...asked)
      }
      const lines = new LastLines({ state: simulated.run.state, output })
      simulated.write('web1', 1, 'one\n')
      await lines.news([web1])
      lines.forget()
      expect(await lines.news([web1])).toEqual([[web1, 'one']])
      expect(reads).toBe(1)
    }))

  it('are those of the reading that began later, whichever ends first', () =>
    withSimulatedRun(['web1'], {}, async (simulated) => {
      const slow = deferred()
      let isFirst = true
      const lines = new LastLines({
        state: simulated.run.state,
        output: async (...asked) => {
          const waits = isFirst ? slow.promise : undefined
          isFirst = false
          const chunks = await simulated.run.output(...asked)
          await waits
          return chunks
        },
      })
      simulated.write('web1', 1, 'earlier\n')
      const first = lines.news([web1])
      simulated.write('web1', 1, 'later\n')
      expect(await lines.news([web1])).toEqual([[web1, 'later']])
      slow.resolve()
      expect(await first).toEqual([])
    }))
})
