import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findRuns } from '../../../../src/console/history/runsOfHost.ts'
import type { RunSummary } from '../../../../src/master/store/history.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'

let runs: Map<string, SimulatedRun>
beforeEach(async () => {
  runs = new Map()
  for (const [runId, hosts, environment] of [
    ['run-0000-0001', ['web1', 'web2'], 'testing'],
    ['run-0000-0002', ['web2'], 'testing'],
    ['run-0000-0003', ['web1'], 'staging'],
    ['run-0000-0004', ['web1'], 'testing'],
  ] as const)
    runs.set(runId, await simulateRun(hosts, {}, { runId, environment }))
  runs.get('run-0000-0001')?.finish('web1', 3)
})
afterEach(() => Promise.all([...runs.values()].map((run) => run.close())))

/** A history that has all of them, and one whose record is damaged. */
const history = () => ({
  list: async () =>
    [
      ...[...runs.values()].map(({ run }) => run.state),
      { runId: 'damaged', environment: 'testing' },
    ] as RunSummary[],
  open: async () =>
    ({
      load: async (runId: string) => {
        const run = runs.get(runId)
        if (run === undefined) throw new Error('not a record')
        return { state: run.run.state }
      },
    }) as never,
})

describe('the runs of a host', () => {
  it('are those of its environment in which it took part, with its verdict', async () => {
    const found: string[] = []
    await findRuns(history(), 'testing', agentIdOf('web1'), new AbortController().signal, (item) =>
      found.push(`${item.runId} ${item.description?.split(' · ')[0]}`),
    )
    expect(found).toEqual(['run-0000-0001 failed', 'run-0000-0004 waiting'])
  })

  it('are no longer looked for when nobody looks at them', async () => {
    const found: string[] = []
    const closed = new AbortController()
    await findRuns(history(), 'testing', agentIdOf('web1'), closed.signal, ({ runId }) => {
      found.push(runId)
      closed.abort()
    })
    expect(found).toEqual(['run-0000-0001'])
  })
})
