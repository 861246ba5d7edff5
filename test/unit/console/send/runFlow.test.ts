import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import type { Connections } from '../../../../src/console/environments/connections.ts'
import { askInputs } from '../../../../src/console/send/askInputs.ts'
import { Drafts } from '../../../../src/console/send/drafts.ts'
import { askForPlan, type FlowContext } from '../../../../src/console/send/runFlow.ts'
import type { Draft } from '../../../../src/console/send/runPlan.ts'
import type { Snippet } from '../../../../src/declarations/snippet.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { type Audience, reachOf } from '../../../../src/master/fleet/reach.ts'
import { noSets } from '../../../../src/protocol/filter/filterSets.ts'
import { readFilter } from '../../../../src/protocol/filter/writtenFilter.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'
import { memento } from '../../../support/memento.ts'
import { type PlayedBoxes, playBoxes } from '../../../support/playedBoxes.ts'

const testing = declared('testing')
const agents = ['web-01', 'web-02', 'db-01'].map((name) =>
  knownAgent(name, { facts: { hostname: name, role: name.slice(0, -3) } }),
)

let fleet = { ...unknownFleet, agents }
let changed: vscode.EventEmitter<{ key: string }>
let boxes: PlayedBoxes
let kept: Map<string, unknown>

beforeEach(() => {
  fleet = { ...unknownFleet, agents }
  changed = new vscode.EventEmitter()
  kept = new Map()
  boxes = playBoxes()
})
afterEach(() => boxes.end())

const master = {
  inventory: { snapshot: () => fleet },
  costing: async () => () => ({
    kind: 'sendable',
    messages: 1,
    bytes: 1,
    isLarge: false,
    requests: { least: 1, most: 1 },
  }),
}
const connections = {
  state: () => ({ kind: 'open', master, heard: fleet.agents.length > 0 }),
  use: async () => ({ master }),
  watch: () => ({ dispose() {} }),
  reach: (_: string, request: Audience) => reachOf(fleet, request),
  get onDidChange() {
    return changed.event
  },
} as unknown as Connections

/** As after a reload of the window: only what the editor has stored is there. */
function ask(start: Draft = { environment: testing }, signal = new AbortController().signal) {
  const world: FlowContext = {
    ...{
      connections,
      documents: { keep: () => vscode.Uri.parse('x:/y') },
      drafts: new Drafts(memento(kept)),
    },
    ...{
      environments: [testing],
      recentFilters: [],
      recentCommands: [],
      snippets: [],
      defaultTimeoutMs: 60_000,
    },
    sets: noSets,
    stepOfSnippet: async () => ({ kind: 'given-up' as const }),
  }
  return askForPlan(world, start, 'Run Command', { review: true, signal })
}

describe('The boxes before a run', () => {
  it('go with Back to what was typed, and forth again with Enter', async () => {
    const plan = ask()
    boxes.type('role=web')
    boxes.accept()
    await boxes.titled('Run Command · testing · role=web')
    boxes.type('uptime')
    boxes.accept()
    await boxes.titled('Run on testing')
    boxes.back()
    await boxes.titled('Run Command · testing · role=web')
    expect(boxes.text).toBe('uptime')
    boxes.back()
    await boxes.titled('Run Command · testing')
    expect(boxes.text).toBe('role=web')
    boxes.accept()
    await boxes.titled('Run Command · testing · role=web')
    boxes.accept()
    await boxes.titled('Run on testing')
    boxes.accept()
    expect(await plan).toMatchObject({
      request: { filter: { text: 'role=web' }, action: { command: 'uptime' } },
    })
  })

  it('have after Escape and a reload what was typed in this environment', async () => {
    const first = ask()
    boxes.type('role=db')
    boxes.accept()
    await boxes.titled('Run Command · testing · role=db')
    boxes.type('systemctl rest')
    boxes.escape()
    expect(await first).toBeUndefined()
    const second = ask()
    expect(boxes.text).toBe('role=db')
    boxes.accept()
    await boxes.titled('Run Command · testing · role=db')
    expect(boxes.text).toBe('systemctl rest')
    boxes.escape()
    await second
    void ask({ environment: declared('production') })
    expect(boxes.text).toBe('')
    boxes.escape()
  })

  it('keep options only for what they were chosen for', async () => {
    const command = { kind: 'shell' as const, command: 'uptime' }
    const start: Draft = { environment: testing, filter: readFilter('role=web'), action: command }
    boxes.answers.push('5m')
    const first = ask(start)
    await boxes.titled('Run on testing')
    boxes.pick('Timeout')
    await boxes.shows('5 min')
    boxes.escape()
    await first
    const second = ask(start)
    await boxes.titled('Run on testing')
    boxes.accept()
    expect((await second)?.request.timeoutMs).toBe(300_000)
    const other = ask({ ...start, action: { ...command, command: 'reboot' } })
    await boxes.titled('Run on testing')
    boxes.accept()
    expect((await other)?.request.timeoutMs).toBe(60_000)
  })

  it('never have every agent filled in', async () => {
    const first = ask()
    boxes.type('*')
    boxes.accept()
    await boxes.titled('Run Command · testing · *')
    boxes.back()
    await boxes.titled('Run Command · testing')
    expect(boxes.text).toBe('')
    boxes.escape()
    await first
  })

  it('do not go on from a filter that matches nobody', async () => {
    const plan = ask()
    boxes.type('role=mail')
    boxes.accept()
    expect(boxes.title).toBe('Run Command · testing')
    boxes.type('role=web')
    boxes.accept()
    await boxes.titled('Run Command · testing · role=web')
    boxes.escape()
    await plan
  })

  it('go on from Enter as soon as agents are known, unless the text has changed', async () => {
    fleet = unknownFleet as typeof fleet
    const plan = ask()
    boxes.type('role=web')
    boxes.accept()
    expect(boxes.title).toBe('Run Command · testing')
    boxes.type('role=web and az=a')
    fleet = { ...unknownFleet, agents }
    changed.fire({ key: testing.key })
    expect(boxes.title).toBe('Run Command · testing')
    fleet = unknownFleet as typeof fleet
    changed.fire({ key: testing.key })
    boxes.type('role=db')
    boxes.accept()
    fleet = { ...unknownFleet, agents }
    changed.fire({ key: testing.key })
    await boxes.titled('Run Command · testing · role=db')
    boxes.escape()
    await plan
  })

  it('take a list of names as exactly these agents, and name to the end what was not found', async () => {
    const plan = ask()
    boxes.type('web-[01-02],web-99')
    boxes.accept()
    await boxes.titled('Run Command · testing · 2 chosen agents (web-[01-02])')
    boxes.type('uptime')
    boxes.accept()
    await boxes.titled('Run on testing')
    await boxes.shows('Names that choose no agent (1)')
    boxes.accept()
    expect(await plan).toMatchObject({
      request: { filter: { text: '*' }, targets: ['i-web-01', 'i-web-02'] },
      notFound: ['web-99'],
      seen: [{ hostname: 'web-01' }, { hostname: 'web-02' }],
    })
  })

  it('show for each agent why a filter leaves it out, and go on with the same text', async () => {
    const plan = ask()
    boxes.type('role=db')
    boxes.answers.push(undefined)
    boxes.pick('Why is an agent not matched?')
    await boxes.shows('1 of 3 agents match')
    expect(boxes.lists.at(-1)).toEqual([
      'web-01: It does not match: role is web, which does not match db.',
      'web-02: It does not match: role is web, which does not match db.',
    ])
    expect(boxes.text).toBe('role=db')
    boxes.escape()
    await plan
  })

  it('close when their operation is stopped', async () => {
    const stop = new AbortController()
    const plan = ask({ environment: testing }, stop.signal)
    stop.abort()
    expect(await plan).toBeUndefined()
  })
})

describe('The inputs of a snippet', () => {
  const snippet: Snippet = {
    name: 'Clean up',
    declaration: {
      command: 'true',
      inputs: { DAYS: { default: '7' }, WHERE: { choices: ['logs', 'cache'] }, TOKEN: { secret: true } },
    },
  }
  let left: Readonly<Record<string, string>>
  const ask = (typed: Readonly<Record<string, string>> = {}, canGoBack = false) => {
    left = typed
    const onTyped = (now: Readonly<Record<string, string>>) => {
      left = now
    }
    return askInputs(snippet, {}, { typed, onTyped }, canGoBack)
  }

  it('have with Back what was typed, also a secret while the boxes are there', async () => {
    const values = ask()
    expect(boxes.text).toBe('7')
    boxes.type('30')
    boxes.accept()
    await boxes.titled('Clean up (2 of 3)')
    boxes.pick('cache')
    await boxes.titled('Clean up (3 of 3)')
    expect(boxes.isHidden).toBe(true)
    boxes.type('hunter2')
    boxes.back()
    await boxes.titled('Clean up (2 of 3)')
    boxes.back()
    await boxes.titled('Clean up (1 of 3)')
    expect(boxes.text).toBe('30')
    boxes.accept()
    await boxes.titled('Clean up (2 of 3)')
    // What was chosen is first.
    boxes.accept()
    await boxes.titled('Clean up (3 of 3)')
    expect(boxes.text).toBe('hunter2')
    boxes.accept()
    expect(await values).toEqual({ kind: 'done', value: { DAYS: '30', WHERE: 'cache', TOKEN: 'hunter2' } })
  })

  it('are filled in with what was typed before Escape', async () => {
    const first = ask()
    boxes.type('30')
    boxes.escape()
    expect(await first).toEqual({ kind: 'given-up' })
    expect(left).toEqual({ DAYS: '30' })
    const second = ask(left)
    expect(boxes.text).toBe('30')
    boxes.escape()
    await second
  })

  it('are never kept where they are secret, also if they were not before', async () => {
    const values = ask({ TOKEN: 'as typed when it was none' })
    boxes.accept()
    await boxes.titled('Clean up (2 of 3)')
    boxes.accept()
    await boxes.titled('Clean up (3 of 3)')
    expect(boxes.text).toBe('')
    boxes.type('hunter2')
    boxes.accept()
    await values
    expect(JSON.stringify(left)).not.toContain('hunter2')
  })

  it('go back from the first to the command, in a flow that has one', async () => {
    const values = ask({}, true)
    boxes.back()
    expect(await values).toEqual({ kind: 'back' })
  })
})

describe('Drafts', () => {
  it('lose by a run only what its boxes had asked for', () => {
    const drafts = new Drafts(memento(kept))
    const typed = { targets: 'role=web', command: 'uptime' }
    const action = { kind: 'shell' as const, command: 'from a snippet' }
    drafts.note('testing', typed)
    drafts.sent('testing', { action, filter: readFilter('role=db') })
    expect(drafts.of('testing')).toEqual(typed)
    drafts.sent('testing', { action })
    expect(drafts.of('testing')).toEqual({ command: 'uptime' })
    drafts.sent('testing', {})
    expect(drafts.of('testing')).toEqual({})
  })

  it('are forgotten one by one, kept up to fifty, and never as whole files', () => {
    const drafts = new Drafts(memento(kept))
    for (let n = 0; n < 60; n += 1) drafts.note(`environment ${n}`, { targets: `role=${n}` })
    expect(drafts.of('environment 59').targets).toBe('role=59')
    expect(drafts.of('environment 9')).toEqual({})
    drafts.note('environment 59', { command: 'x'.repeat(200_000) })
    expect(drafts.of('environment 59')).toEqual({ targets: 'role=59' })
    drafts.forget('environment 59')
    expect(drafts.of('environment 59')).toEqual({})
    expect(drafts.of('environment 58').targets).toBe('role=58')
  })
})
