import { afterEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { CancelRequests } from '../../../../src/console/history/cancelRequests.ts'
import type { StartedRun } from '../../../../src/console/send/runs.ts'
import { declared } from '../../../support/declared.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'

let simulated: SimulatedRun
let requests: CancelRequests
afterEach(async () => {
  requests.dispose()
  await simulated.close()
})

async function scene() {
  simulated = await simulateRun(['web-01'])
  const { run, history } = simulated
  const warnings: unknown[] = []
  requests = new CancelRequests({
    runs: {
      underWay: new Set<StartedRun>([{ run, environment: declared('production'), origin: 'flow' }]),
      onDidChange: new vscode.EventEmitter<void>().event,
    },
    history: async () => history,
    onWarning: (warning) => warnings.push(warning),
  })
  return { run, history, warnings }
}

describe('A cancel that another window asks for', () => {
  it('is carried out by the window that has the run, once for however many requests', async () => {
    const { run, history, warnings } = await scene()
    await requests.look()
    expect(run.state.cancelRequestedAt).toBeUndefined()
    await Promise.all([history.requestCancel(run.runId), history.requestCancel(run.runId)])
    await requests.look()
    expect(run.state.cancelRequestedAt).toBeDefined()
    expect(await history.takeCancelRequest(run.runId)).toBe(false)
    expect(warnings).toEqual([])
  })

  it('does not concern other runs', async () => {
    const { run, history } = await scene()
    await expect(history.requestCancel('run-0000-9999')).rejects.toThrow('ENOENT')
    await requests.look()
    expect(run.state.cancelRequestedAt).toBeUndefined()
  })
})
