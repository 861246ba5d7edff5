import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { EndNotices } from '../../../../src/console/history/endNotices.ts'
import type { StartedRun } from '../../../../src/console/send/runs.ts'
import { declared } from '../../../support/declared.ts'
import { ManualClock } from '../../../support/manualClock.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'
import { settings } from '../../../support/vscodeStandIn.mjs'

interface Notice {
  readonly kind: string
  readonly text: string
  readonly button: string
}

const simulated: SimulatedRun[] = []
let clock: ManualClock
let underWay: Set<StartedRun>
let changed: vscode.EventEmitter<void>
let seen: Set<string>
let notices: Notice[]
let opened: string[]
let ends: EndNotices

beforeEach(() => {
  ;[clock, underWay, changed] = [new ManualClock(), new Set(), new vscode.EventEmitter()]
  ;[seen, notices, opened] = [new Set(), [], []]
  const told = (kind: string) => async (text: string, button: string) => {
    notices.push({ kind, text, button })
    return button
  }
  Object.assign(vscode.window, {
    state: { focused: true },
    showInformationMessage: told('information'),
    showWarningMessage: told('warning'),
  })
  ends = new EndNotices({
    runs: { underWay, onDidChange: changed.event },
    clock,
    isSeen: (runId) => seen.has(runId),
    open: (runId) => opened.push(runId),
  })
})
afterEach(async () => {
  ends.dispose()
  settings.user = {}
  for (const name of ['state', 'showInformationMessage', 'showWarningMessage'])
    Reflect.deleteProperty(vscode.window, name)
  await Promise.all(simulated.splice(0).map((run) => run.close()))
})

/** A run that is under way for so long. */
async function runFor(ms: number, origin: StartedRun['origin'] = 'flow'): Promise<SimulatedRun> {
  const run = await simulateRun(['web-01', 'web-02'], {}, { runId: `run-0000-${1000 + simulated.length}` })
  simulated.push(run)
  underWay.add({ run: run.run, environment: declared('production'), origin })
  changed.fire()
  run.pass(ms)
  return run
}

async function end(run: SimulatedRun, code = 0): Promise<void> {
  for (const host of ['web-01', 'web-02']) run.finish(host, code)
  await run.run.ended
  await new Promise(setImmediate)
}

describe('The notification of a run', () => {
  it('is shown when it took more than 10 seconds and ended out of sight, and opens it', async () => {
    const run = await runFor(11_000)
    await end(run)
    clock.advance(1_000)
    expect(notices).toEqual([
      { kind: 'information', text: 'production: uptime: 2 succeeded.', button: 'Open' },
    ])
    await new Promise(setImmediate)
    expect(opened).toEqual([run.run.runId])
  })

  it('is not shown of a short run, of one that the person sees, or where the settings say so', async () => {
    await end(await runFor(9_000))
    const watched = await runFor(60_000)
    seen.add(watched.run.runId)
    await end(watched)
    settings.user = { 'ec2Collective.results.tellWhenOver': false }
    await end(await runFor(60_000))
    clock.advance(1_000)
    expect(notices).toEqual([])
  })

  it('is not shown when the person turns to it in the last moment', async () => {
    const run = await runFor(60_000)
    await end(run)
    seen.add(run.run.runId)
    clock.advance(1_000)
    expect(notices).toEqual([])
  })

  it('is one for several that end together, and names the first of them', async () => {
    const runs = [await runFor(11_000), await runFor(12_000), await runFor(13_000), await runFor(14_000)]
    for (const [index, run] of runs.entries()) await end(run, index === 1 ? 1 : 0)
    clock.advance(1_000)
    expect(notices).toHaveLength(1)
    expect(notices[0]).toMatchObject({ kind: 'warning', button: 'Show History' })
    expect(notices[0]?.text).toMatch(
      /^4 runs have ended\. .*uptime: 2 failed\. .*1 more are in the history\.$/,
    )
    expect(opened).toEqual([])
  })

  it('of a task, which has a terminal, is shown only where the window is in the background', async () => {
    await end(await runFor(11_000, 'task'))
    clock.advance(1_000)
    expect(notices).toEqual([])
    Object.assign(vscode.window, { state: { focused: false } })
    await end(await runFor(11_000, 'task'))
    clock.advance(1_000)
    expect(notices).toHaveLength(1)
  })

  it('does not come after the end of the window', async () => {
    const run = await runFor(11_000)
    ends.dispose()
    await end(run)
    clock.advance(1_000)
    expect(notices).toEqual([])
  })
})
