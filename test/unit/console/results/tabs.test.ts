import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import type { Results } from '../../../../src/console/results/results.ts'
import type { AttemptEnd, Shown, ShownAttempt } from '../../../../src/console/results/shownRun.ts'
import { type PlayedPanel, playResults } from '../../../support/playedPanel.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'
import { until } from '../../../support/until.ts'
import { settings } from '../../../support/vscodeStandIn.mjs'

const simulated: SimulatedRun[] = []
let results: Results
let panels: PlayedPanel[]
let failures: string[]
/** What the history has. */
let found: Shown | undefined

beforeEach(() => {
  found = undefined
  ;({ results, panels, failures } = playResults(async () => found))
})
afterEach(async () => {
  results.dispose()
  for (const panel of panels) panel.dispose()
  settings.user = {}
  Object.assign(vscode.window.tabGroups, { all: [] })
  await Promise.all(simulated.splice(0).map((run) => run.close()))
})

async function run(
  hosts: readonly string[],
  request?: Parameters<typeof simulateRun>[1],
): Promise<Shown & { simulated: SimulatedRun }> {
  const of = await simulateRun(hosts, request, { runId: `run-0000-${1000 + simulated.length}` })
  simulated.push(of)
  return { run: of.run, environment: { name: 'testing', protected: false }, simulated: of }
}

/** The tab of this panel as the editor tells of it. */
function tabOf(panel: PlayedPanel, isPinned: boolean) {
  const input = new vscode.TabInputWebview('mainThreadWebview-ec2-collective.results')
  return { label: panel.title, isPinned, input }
}

function pin(...pinned: PlayedPanel[]): void {
  const tabs = panels.map((panel) => tabOf(panel, pinned.includes(panel)))
  Object.assign(vscode.window.tabGroups, { all: [{ viewColumn: 1, tabs }] })
}

/** Runs that a panel was told of, one after the other. */
const shownIn = (panel: PlayedPanel | undefined) =>
  panel?.messages.flatMap((message) => (message.type === 'snapshot' ? [message.run.runId] : [])) ?? []

/** Shows a run, and lets the page in its tab ask for it. */
async function show(shown: Shown): Promise<PlayedPanel> {
  await results.show(shown)
  const panel = panels.at(-1)
  if (panel === undefined) throw new Error('there is no tab')
  panel.send({ type: 'ready' })
  return panel
}

/** A run on its way, whose end the test says. */
function attempt(request: Shown['run']['state']['request'], isConfirmed = true) {
  let stopped = 0
  let confirm = () => {}
  let end: (end: AttemptEnd) => void = () => {}
  const listeners = new Set<() => void>()
  const shown = {
    environment: { name: 'testing', protected: false },
    request,
    stage: 'looking' as ShownAttempt['stage'],
    confirmed: new Promise<void>((resolve) => {
      confirm = resolve
    }),
    end: new Promise<AttemptEnd>((resolve) => {
      end = resolve
    }),
    watch: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: () => {
      stopped += 1
    },
    again: async () => {},
  }
  if (isConfirmed) confirm()
  return {
    shown,
    confirm,
    end,
    get stopped() {
      return stopped
    },
    get isWatched() {
      return listeners.size > 0
    },
    enter(stage: ShownAttempt['stage']) {
      shown.stage = stage
      for (const listener of listeners) listener()
    },
  }
}

describe('The tab of a run', () => {
  it('is used for the next one, whose page starts fresh, and the first goes on', async () => {
    const [first, second] = [await run(['web-01']), await run(['db-01'])]
    const panel = await show(first)
    await show(second)
    expect(panels).toHaveLength(1)
    expect(panel.documents).toHaveLength(2)
    expect(shownIn(panel)).toEqual([first.run.state.runId, second.run.state.runId])
    expect(first.run.state.phase).toBe('running')
  })

  it('stays when it is pinned, or when the settings say so', async () => {
    const panel = await show(await run(['web-01']))
    pin(panel)
    const second = await show(await run(['db-01'], { action: { kind: 'ping' } }))
    pin(panel)
    const third = await run(['db-02'])
    await show(third)
    expect([panels.length, shownIn(second).at(-1)]).toEqual([2, third.run.state.runId])
    settings.user = { 'ec2Collective.results.reuseTab': false }
    await show(await run(['db-03']))
    expect(panels).toHaveLength(3)
  })

  it('is brought to the front when the run is shown again', async () => {
    const shown = await run(['web-01'])
    const panel = await show(shown)
    panel.isInFront = false
    await results.show(shown)
    expect([panel.isInFront, panel.documents.length, panels.length]).toEqual([true, 1, 1])
  })

  it('shows in its icon how the run stands, and in its title the snippet, or the command and the time', async () => {
    const shown = await run(['web-01'])
    const panel = await show(shown)
    expect(panel.title).toMatch(/^production: uptime · \d/)
    expect(panel.look).toBe('running')
    shown.simulated.finish('web-01', 1)
    await until(() => panel.look === 'bad', 'the icon of a failure')
    const named = await run(['web-01'], { snippetName: 'Disk space' })
    named.simulated.finish('web-01', 0)
    await until(() => named.run.state.phase === 'over', 'the end of the run')
    await show(named)
    expect([panel.title, panel.look]).toEqual(['production: Disk space', 'good'])
  })

  it('drops what the page of the run before has still sent', async () => {
    const steering = { cancelled: 0 }
    const first = await run(['web-01'])
    const panel = await show(first)
    const second = {
      ...(await run(['db-01'])),
      steering: {
        cancel: async () => {
          steering.cancelled += 1
        },
        pause: () => {},
        stopRollout: () => {},
      },
    }
    await results.show(second)
    panel.send({ type: 'cancel' })
    panel.send({ type: 'ready' })
    expect(steering.cancelled).toBe(0)
    panel.send({ type: 'cancel' })
    expect(steering.cancelled).toBe(1)
  })
})

describe('The tab of a run that is not sent yet', () => {
  it('says at once what is being done, before the page has a script, and goes on as the page of the run', async () => {
    const shown = await run(['web-01'])
    const { request } = shown.run.state
    const sending = attempt(request)
    const followed = results.showAttempt(sending.shown)
    await sending.shown.confirmed
    const [panel] = panels
    expect(panel?.documents[0]).toMatch(
      /<main class="first"><h1>uptime<\/h1><p>Looking for agents of testing…/,
    )
    expect([panel?.look, panel?.title]).toEqual(['running', 'testing: uptime'])
    panel?.send({ type: 'ready' })
    sending.enter('publishing')
    const states = panel?.messages.flatMap((news) => (news.type === 'attempt' ? [news.state] : []))
    expect(states).toMatchObject([
      { status: 'Looking for agents of testing…' },
      { status: 'Sending to testing…' },
    ])
    sending.end({ kind: 'run', shown })
    await followed
    expect([panel?.documents.length, shownIn(panel)]).toEqual([1, [shown.run.state.runId]])
    expect(sending.isWatched).toBe(false)
  })

  it('says so first on the page of the run before, whose Cancel stops it, too, until the new page is there', async () => {
    const before = await run(['web-01'])
    const panel = await show(before)
    const sending = attempt(before.run.state.request)
    const followed = results.showAttempt(sending.shown)
    await sending.shown.confirmed
    expect(panel.messages.at(-1)).toMatchObject({ type: 'attempt', state: { kind: 'under-way' } })
    panel.send({ type: 'run-again', on: { kind: 'all' } })
    panel.send({ type: 'cancel' })
    expect([sending.stopped, before.run.state.cancelRequestedAt]).toEqual([1, undefined])
    sending.end({ kind: 'nothing' })
    await followed
  })

  it('is there only when nothing is left to confirm, so that the user sees what they are asked about', async () => {
    const { request } = (await run(['web-01'])).run.state
    const sending = attempt(request, false)
    void results.showAttempt(sending.shown)
    await new Promise(setImmediate)
    expect(panels).toEqual([])
    sending.confirm()
    await until(() => panels.length === 1, 'the tab')
  })

  it('stops it by its button, says so, and is closed when nothing was sent', async () => {
    const { request } = (await run(['web-01'])).run.state
    const sending = attempt(request)
    const followed = results.showAttempt(sending.shown)
    await sending.shown.confirmed
    const [panel] = panels
    panel?.send({ type: 'ready' })
    panel?.send({ type: 'cancel' })
    expect(sending.stopped).toBe(1)
    expect(panel?.messages.at(-1)).toMatchObject({ state: { kind: 'under-way', stopping: true } })
    sending.end({ kind: 'nothing' })
    await followed
    expect(panel?.isClosed).toBe(true)
  })

  it('returns to the run that it showed before when nothing was sent', async () => {
    const before = await run(['web-01'])
    const panel = await show(before)
    const sending = attempt(before.run.state.request)
    const followed = results.showAttempt(sending.shown)
    await sending.shown.confirmed
    sending.end({ kind: 'nothing' })
    await followed
    panel.send({ type: 'ready' })
    const { runId } = before.run.state
    expect([panel.isClosed, shownIn(panel)]).toEqual([false, [runId, runId]])
  })

  it('says why nothing was sent, with what can be done about it, and is used for the next run', async () => {
    const { request } = (await run(['web-01'])).run.state
    const sending = attempt(request)
    let applied = 0
    const followed = results.showAttempt(sending.shown)
    await sending.shown.confirmed
    const [panel] = panels
    const apply = () => {
      applied += 1
    }
    sending.end({ kind: 'failed', reason: 'No agent matches.', actions: [{ label: 'Run Doctor', apply }] })
    await followed
    panel?.send({ type: 'ready' })
    expect(panel?.messages.at(-1)).toMatchObject({
      state: { kind: 'failed', reason: 'No agent matches.', actions: ['Run Doctor'] },
    })
    expect(panel?.look).toBe('bad')
    panel?.send({ type: 'attempt-action', index: 0 })
    panel?.send({ type: 'attempt-action', index: 7 })
    expect(applied).toBe(1)
    await show(await run(['web-02']))
    expect([panels.length, failures]).toEqual([1, []])
  })

  it('is not taken for another run, and when it is closed, the user no longer sees how it ends', async () => {
    const { request } = (await run(['web-01'])).run.state
    const [first, second] = [attempt(request), attempt(request)]
    const followed = [results.showAttempt(first.shown), results.showAttempt(second.shown)]
    await until(() => panels.length === 2, 'a tab for each')
    panels[0]?.dispose()
    expect([first.isWatched, second.isWatched]).toEqual([false, true])
    for (const { end } of [first, second]) end({ kind: 'nothing' })
    await Promise.all(followed)
    expect(panels.map(({ isClosed }) => isClosed)).toEqual([true, true])
  })
})

describe('A page that is seen again', () => {
  it('gets the next number, by which it notices that it has missed something', async () => {
    const panel = await show(await run(['web-01']))
    const before = panel.messages.length
    panel.see(false)
    expect(panel.messages.slice(before)).toEqual([])
    panel.see(true)
    expect(panel.messages.slice(before)).toMatchObject([{ type: 'delta', seq: 1 }])
  })
})

describe('The tab of a run that another window has in progress', () => {
  it('says so, and goes on with the run when no window has it, with what the page shows', async () => {
    const own = await run(['web-01'])
    let leave = () => {}
    const left = new Promise<void>((resolve) => {
      leave = resolve
    })
    const steering = { cancel: async () => {}, pause: () => {}, stopRollout: () => {} }
    const panel = await show({ ...own, steering, elsewhere: { left } })
    const headers = () =>
      panel.messages.flatMap((message) => (message.type === 'snapshot' ? [message.run.elsewhere] : []))
    expect(headers()).toEqual([true])
    found = { ...own, steering }
    leave()
    await until(() => headers().length === 2, 'the page of the run that is here now')
    expect([headers(), panel.documents.length]).toEqual([[true, undefined], 1])
  })

  it('is the tab of the run also when it is opened again here', async () => {
    const own = await run(['web-01'])
    const panel = await show({ ...own, elsewhere: { left: new Promise(() => {}) } })
    await results.show(own)
    expect([panels.length, panel.documents.length, shownIn(panel).length]).toEqual([1, 1, 2])
  })
})
