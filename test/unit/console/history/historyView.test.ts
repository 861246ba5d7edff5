import { afterEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { HistoryView } from '../../../../src/console/history/historyView.ts'
import type { RunHistory } from '../../../../src/console/send/runHistory.ts'
import type { Runs } from '../../../../src/console/send/runs.ts'
import { summaryOf } from '../../../../src/run/runSummary.ts'
import { declared } from '../../../support/declared.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'

let simulated: SimulatedRun
let view: HistoryView
afterEach(async () => {
  view.dispose()
  await simulated.close()
})

describe('A row of the history', () => {
  it('says how far a run of this window is, although its summary on the disk is older', async () => {
    simulated = await simulateRun(['web-01', 'web-02'])
    const { run } = simulated
    const atFirst = summaryOf(run.state)
    const underWay = new Set([{ run, environment: declared('production'), origin: 'flow' }])
    view = new HistoryView(
      { list: async () => [atFirst] } as unknown as RunHistory,
      { underWay, onDidChange: new vscode.EventEmitter<void>().event } as unknown as Runs,
    )
    const [day] = await view.getChildren()
    const [row] = await view.getChildren(day)
    const description = () => (row === undefined ? undefined : view.getTreeItem(row).description)
    expect(description()).toMatch(/^0 of 2 done · production/)
    simulated.finish('web-01', 0)
    expect(description()).toMatch(/^1 of 2 done · production/)
  })
})
