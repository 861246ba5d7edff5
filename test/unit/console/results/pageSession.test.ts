import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { PageSession } from '../../../../src/console/results/pageSession.ts'
import type { FromPage } from '../../../../src/page/fromPage.ts'
import type { SearchProgress } from '../../../../src/page/searchMessages.ts'
import type { Delta, OutputWindow, Snapshot, ToPage } from '../../../../src/page/toPage.ts'
import type { Chunk } from '../../../../src/protocol/frames.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { RunModel } from '../../../../webview/runModel.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'
import { ManualClock } from '../../../support/manualClock.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'

interface Scene {
  readonly simulated: SimulatedRun
  readonly session: PageSession
  readonly sent: ToPage[]
  readonly clock: ManualClock
  /** What the session could not do; a test that wants it takes it out. */
  readonly troubles: string[]
  /** Lets the run tell, and the session send, what there is; until `done` says so, where it is given. */
  settle(done?: () => boolean): Promise<void>
}

let open: Scene | undefined

async function scene(
  hosts: readonly string[],
  request: Parameters<typeof simulateRun>[1] = {},
): Promise<Scene> {
  const simulated = await simulateRun(hosts, request)
  const sent: ToPage[] = []
  const clock = new ManualClock()
  const troubles: string[] = []
  const session = new PageSession({
    run: simulated.run,
    environment: { name: 'production', protected: true },
    live: true,
    clock,
    t: inEnglish,
    post: (message) => sent.push(structuredClone(message)),
    onWarning: (error) => troubles.push(error.message),
  })
  open = {
    ...{ simulated, session, sent, clock, troubles },
    async settle(done) {
      await simulated.run.flush()
      for (let round = 0; done === undefined ? round < 8 : !done(); round += 1) {
        await turn()
        clock.advance(300)
        // Reads of the disk answer in turns of their own, which a clock of ours cannot hurry.
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
  }
  return open
}

afterEach(async () => {
  expect(open?.troubles).toEqual([])
  open?.session.dispose()
  await open?.simulated.close()
})

const of = <Type extends ToPage['type']>(sent: readonly ToPage[], type: Type) =>
  sent.filter((message): message is Extract<ToPage, { type: Type }> => message.type === type)

/** What a page would know now. */
function modelOf(sent: readonly ToPage[]): RunModel {
  const model = new RunModel()
  for (const message of sent) {
    if (message.type === 'snapshot' || message.type === 'delta') expect(model.take(message)).toBe(true)
  }
  return model
}

describe('PageSession', () => {
  it('says nothing before the page is ready, then a snapshot, then deltas without a gap', async () => {
    const { simulated, session, sent, settle } = await scene(['web2', 'web10', 'web1'])
    simulated.ack('web1')
    await settle()
    expect(sent).toEqual([])
    session.receive({ type: 'ready' })
    const [snapshot] = of(sent, 'snapshot')
    expect(snapshot).toMatchObject({
      seq: 0,
      total: 3,
      run: { environment: { name: 'production', protected: true } },
    })
    expect(snapshot?.rows.map(({ host }) => host)).toEqual(['web1', 'web2', 'web10'])
    simulated.finish('web1', 0, [{ stream: 1, text: 'up\n' }])
    await settle()
    simulated.finish('web2', 0, [{ stream: 1, text: 'up\n' }])
    simulated.finish('web10', 4, [{ stream: 2, text: 'down\n' }])
    await settle(
      () =>
        modelOf(sent).groups.rows.every(({ preview }) => preview.length > 0) &&
        modelOf(sent).run?.phase === 'over',
    )
    const model = modelOf(sent)
    expect(model.run?.phase).toBe('over')
    expect(model.counts).toMatchObject({ succeeded: 2, failed: 1 })
    expect(model.groups.rows).toMatchObject([
      { state: 'failed', exitCode: 4, hosts: 'web10', count: 1, majority: false, preview: ['down'] },
      { state: 'succeeded', hosts: 'web[1-2]', count: 2, majority: true, preview: ['up'] },
    ])
    expect(model.row(agentIdOf('web2'))?.group).toBe(model.groups.rows[1]?.id)
  })

  it('gathers many changes into few messages', async () => {
    const hosts = Array.from({ length: 500 }, (_, index) => `web${index}`)
    const { simulated, session, sent, settle } = await scene(hosts)
    session.receive({ type: 'ready' })
    for (const host of hosts) simulated.finish(host, 0)
    await settle()
    expect(of(sent, 'delta').filter(({ rows }) => rows.length > 0).length).toBeLessThanOrEqual(3)
    expect(modelOf(sent).counts.succeeded).toBe(500)
  })

  it('sends the rows of a large run in slices, the first at once', async () => {
    const hosts = Array.from({ length: 2500 }, (_, index) => `web${index}`)
    const { session, sent, settle } = await scene(hosts)
    session.receive({ type: 'ready' })
    expect(of(sent, 'snapshot')[0]?.rows).toHaveLength(250)
    await settle(() => modelOf(sent).shown().length === 2500)
    expect(of(sent, 'delta').every(({ rows }) => rows.length <= 250)).toBe(true)
  })

  it('sends nothing while the page is hidden, and starts again when it is shown', async () => {
    const { simulated, session, sent, settle } = await scene(['web1', 'web2'])
    session.receive({ type: 'ready' })
    session.pause()
    sent.length = 0
    simulated.finish('web1', 0)
    await settle()
    expect(sent).toEqual([])
    session.receive({ type: 'ready' })
    expect(of(sent, 'snapshot')[0]?.counts).toMatchObject({ succeeded: 1, expected: 1 })
  })

  it('tells no values of environment variables', async () => {
    const { session, sent } = await scene(['web1'], {
      action: { kind: 'shell', command: 'deploy', environment: { TOKEN: 'hush', RELEASE: '7' } },
    })
    session.receive({ type: 'ready' })
    expect(JSON.stringify(sent)).not.toContain('hush')
    expect(of(sent, 'snapshot')[0]?.run.action.details).toEqual(['with TOKEN, RELEASE'])
  })

  it('sends an open output as it grows', async () => {
    const { simulated, session, sent, settle } = await scene(['web1'])
    const agent = agentIdOf('web1')
    session.receive({ type: 'ready' })
    session.receive({ type: 'output', view: 1, of: { agent }, from: 0, to: 100, follow: true })
    await settle()
    expect(of(sent, 'output').at(-1)).toMatchObject({ view: 1, total: 0 })
    simulated.write('web1', 1, 'one\ntw')
    await settle(() => of(sent, 'output').at(-1)?.total === 2)
    expect(of(sent, 'output').at(-1)).toMatchObject({ total: 2, open: true })
    simulated.finish('web1', 0, [{ stream: 1, text: 'o\n' }])
    await settle(() => of(sent, 'output').at(-1)?.open === false)
    const last = of(sent, 'output').at(-1) as OutputWindow
    expect(last.open).toBe(false)
    expect(last.lines.map(({ text }) => text)).toEqual(['one', 'two'])
  })

  it('says nothing of an output before it has looked, and then its first lines', async () => {
    const { simulated, session, sent, settle } = await scene(['web1', 'web2'])
    simulated.finish('web1', 0, [{ stream: 1, text: 'first line\n'.repeat(50_000) }])
    session.receive({ type: 'ready' })
    const agent = agentIdOf('web1')
    session.receive({ type: 'output', view: 1, of: { agent }, from: 0, to: 10, follow: false })
    expect(of(sent, 'output')).toEqual([])
    await settle(() => of(sent, 'output').at(-1)?.total === 50_000)
    const first = of(sent, 'output')[0] as OutputWindow
    expect(first.lines).toHaveLength(10)
    expect(first.total).toBeLessThan(50_000)
    expect(first.open).toBe(true)
  })

  it('says why an output cannot be read', async () => {
    const { session, sent, settle, simulated, troubles } = await scene(['web1'])
    simulated.run.output = () => Promise.reject(new Error('The disk is gone.'))
    session.receive({ type: 'ready' })
    const agent = agentIdOf('web1')
    session.receive({ type: 'output', view: 1, of: { agent }, from: 0, to: 10, follow: false })
    await settle(() => of(sent, 'output').length > 0 && troubles.length > 0)
    expect(of(sent, 'output')[0]?.notice).toBe('Cannot read this output: The disk is gone.')
    expect(troubles.splice(0)).toEqual(['The disk is gone.'])
  })

  it('groups by the words of the replies where nearly all differ in values, and says how these spread', async () => {
    const hosts = Array.from({ length: 12 }, (_, index) => `web${index}`)
    const { simulated, session, sent, settle } = await scene(hosts)
    session.receive({ type: 'ready' })
    for (const [index, host] of hosts.entries())
      simulated.finish(host, 0, [{ stream: 1, text: `${host} up ${index + 3} days, load 0.${index}\n` }])
    const card = () => modelOf(sent).groups.rows[0]
    await settle(() => modelOf(sent).groups.total === 1 && (card()?.preview.length ?? 0) > 0)
    expect(modelOf(sent).groups).toMatchObject({ by: 'pattern', isChosen: false })
    expect(card()).toMatchObject({ count: 12, originals: 12, majority: true, hosts: 'web[0-11]' })
    expect(card()?.preview).toEqual([
      ['{hostname} up ', { spread: '3 days–14 days' }, ', load ', { spread: '0.0–0.9' }],
    ])
    session.receive({ type: 'group-by', by: 'identical' })
    await settle(() => modelOf(sent).groups.total === 12)
    expect(modelOf(sent).groups).toMatchObject({ by: 'identical', isChosen: true })
    session.receive({ type: 'group-by' })
    await settle(() => modelOf(sent).groups.total === 1)
  })

  it('shows on the card of a failure how it ended: the last lines of stderr', async () => {
    const { simulated, session, sent, settle } = await scene(['web1'])
    session.receive({ type: 'ready' })
    simulated.finish('web1', 1, [
      { stream: 1, text: 'Reloading nginx\nchecking configuration\nconfiguration ok\n' },
      { stream: 2, text: 'nginx: [emerg] bind() to 0.0.0.0:80 failed\n' },
      { stream: 1, text: 'end\n' },
    ])
    await settle(() => (modelOf(sent).groups.rows[0]?.preview.length ?? 0) > 0)
    expect(modelOf(sent).groups.rows[0]).toMatchObject({
      preview: ['nginx: [emerg] bind() to 0.0.0.0:80 failed'],
      more: true,
    })
  })

  it('shows on a card the lines in which a group differs from the majority, and those that it lacks', async () => {
    const { simulated, session, sent, settle } = await scene([
      'web1',
      'web2',
      'web3',
      'web4',
      'web5',
      'web6',
      'web7',
    ])
    session.receive({ type: 'ready' })
    const common = ['Reloading nginx', 'checking configuration', 'configuration ok', 'done']
    const write = (host: string, code: number, lines: readonly string[]) =>
      simulated.finish(host, code, [{ stream: 1, text: `${lines.join('\n')}\n` }])
    for (const host of ['web1', 'web2', 'web3', 'web4']) write(host, 0, common)
    write('web5', 1, [
      ...common.slice(0, 3),
      'nginx: [emerg] bind() to 0.0.0.0:80 failed',
      ...common.slice(3),
    ])
    write('web6', 0, [...common, 'a warning'])
    write('web7', 0, common.slice(0, 3))
    const previews = () => modelOf(sent).groups.rows.map(({ hosts, preview }) => [hosts, preview])
    session.receive({ type: 'group-by', by: 'identical' })
    await settle(() => JSON.stringify(previews()).includes('missing'))
    expect(previews()).toEqual([
      ['web5', ['nginx: [emerg] bind() to 0.0.0.0:80 failed']],
      ['web6', ['a warning']],
      ['web7', [{ missing: 'done' }]],
      ['web[1-4]', common],
    ])
  })

  it('has one card for replies that a cancel has cut at different places', async () => {
    const { simulated, session, sent, settle } = await scene(['web1', 'web2', 'web3', 'web4'])
    session.receive({ type: 'ready' })
    for (const [index, host] of ['web1', 'web2', 'web3'].entries()) {
      const text = Array.from({ length: index + 1 }, (_, at) => `step ${at + 1}\n`).join('')
      simulated.finish(host, { kind: 'cancelled', started: true }, [{ stream: 1, text }])
    }
    simulated.finish('web4', { kind: 'cancelled', started: false })
    await settle(() => modelOf(sent).groups.rows.some(({ preview }) => preview.length > 0))
    expect(modelOf(sent).groups.rows.map(({ hosts, originals }) => [hosts, originals])).toEqual([
      ['web4', 1],
      ['web[1-3]', 3],
    ])
  })

  it('shows a group by the output that all its members share', async () => {
    const { simulated, session, sent, settle } = await scene(['web1', 'web2'])
    for (const host of ['web1', 'web2']) simulated.finish(host, 0, [{ stream: 1, text: 'same\n' }])
    session.receive({ type: 'ready' })
    await settle()
    const group = modelOf(sent).groups.rows[0]?.id ?? -1
    session.receive({ type: 'output', view: 5, of: { group }, from: 0, to: 10, follow: false })
    await settle(() => of(sent, 'output').at(-1)?.total === 1)
    expect(of(sent, 'output').at(-1)).toMatchObject({ view: 5, lines: [{ n: 1, text: 'same' }] })
    expect(session.majority()?.agentIds).toHaveLength(2)
  })

  it('finds a line in one of 500 outputs', async () => {
    const hosts = Array.from({ length: 500 }, (_, index) => `web${index}`)
    const { simulated, session, sent, settle } = await scene(hosts)
    for (const host of hosts) {
      simulated.finish(host, 0, [
        { stream: 1, text: `up ${Number(host.slice(3)) % 7}\n${host === 'web321' ? 'needle\n' : ''}` },
      ])
    }
    session.receive({ type: 'ready' })
    session.receive({ type: 'search', search: 1, query: { text: 'NEEDLE', matchCase: false, regex: false } })
    await settle(() => of(sent, 'search').at(-1)?.state === 'done')
    const told = of(sent, 'search') as SearchProgress[]
    expect(told.at(-1)).toMatchObject({ state: 'done', searched: 500, of: 500 })
    const hits = new Map(
      told.flatMap(({ hits: some }) => some.map(([id, matches]) => [id, matches] as const)),
    )
    expect([...hits].filter(([, matches]) => matches > 0)).toEqual([[agentIdOf('web321'), 1]])
    // An output that is searched while it may still grow is told of again.
    const line = told.flatMap(({ hits: some }) => some).findLast(([id]) => id === agentIdOf('web321'))?.[2]
    expect(line).toEqual({ text: 'needle', mark: [0, 6] })
    const agent = agentIdOf('web321')
    session.receive({ type: 'output', view: 1, of: { agent }, from: 0, to: 10, follow: false })
    session.receive({ type: 'find', view: 1, from: 0, direction: 1 })
    await settle(() => of(sent, 'found').length > 0)
    expect(of(sent, 'found')).toEqual([{ type: 'found', view: 1, line: 1, ordinal: 1 }])
  })

  it('goes on searching in what comes later', async () => {
    const { simulated, session, sent, settle } = await scene(['web1', 'web2'])
    session.receive({ type: 'ready' })
    session.receive({ type: 'search', search: 1, query: { text: 'late', matchCase: true, regex: false } })
    await settle()
    simulated.write('web2', 2, 'too late\n')
    await settle(() => of(sent, 'search').some(({ hits }) => hits.length > 0))
    const hits = new Map(
      of(sent, 'search').flatMap(({ hits: some }) => some.map(([id, matches]) => [id, matches] as const)),
    )
    expect(hits.get(agentIdOf('web2'))).toBe(1)
  })

  it('says why a search cannot be', async () => {
    const { session, sent } = await scene(['web1'])
    session.receive({ type: 'ready' })
    session.receive({ type: 'search', search: 9, query: { text: '(', matchCase: true, regex: true } })
    expect(of(sent, 'search')).toMatchObject([{ search: 9, state: 'invalid' }])
  })

  it('reads last lines for the agents in sight only', async () => {
    const { simulated, session, sent, settle } = await scene(['web1', 'web2'])
    session.receive({ type: 'ready' })
    for (const host of ['web1', 'web2']) simulated.write(host, 1, `first\nlast of ${host}\n\n`)
    session.receive({ type: 'in-sight', agents: [agentIdOf('web2')] })
    await settle(() => modelOf(sent).preview(agentIdOf('web2')) !== '')
    const model = modelOf(sent)
    expect([model.preview(agentIdOf('web1')), model.preview(agentIdOf('web2'))]).toEqual(['', 'last of web2'])
  })

  it('takes agents and groups that do not exist for nothing', async () => {
    const { session, sent, settle } = await scene(['web1'])
    session.receive({ type: 'ready' })
    sent.length = 0
    session.receive({ type: 'output', view: 1, of: { agent: 'i-nobody' }, from: 0, to: 10, follow: false })
    session.receive({ type: 'output', view: 2, of: { group: 99 }, from: 0, to: 10, follow: false })
    session.receive({ type: 'find', view: 2, from: 0, direction: 1 })
    await settle()
    expect(of(sent, 'output')).toEqual([])
  })
})

describe('the snapshot', () => {
  it('is of plain data, as the way to a webview demands', async () => {
    const { simulated, session, sent, settle } = await scene(['web1', 'web2'])
    simulated.finish('web1', { kind: 'signalled', signal: 'SIGKILL' })
    simulated.refuse('web2', 'not allowed')
    session.receive({ type: 'ready' })
    await settle()
    for (const message of sent as (Snapshot | Delta)[])
      expect(JSON.parse(JSON.stringify(message))).toEqual(message)
    const model = modelOf(sent)
    expect(model.row(agentIdOf('web1'))).toMatchObject({ state: 'failed', signal: 'SIGKILL' })
    expect(model.row(agentIdOf('web2'))).toMatchObject({ state: 'refused', note: 'not allowed' })
  })
})

describe('A page that comes and goes while outputs are read', () => {
  const looks: FromPage = { type: 'in-sight', agents: [agentIdOf('web1')] }
  const opens: FromPage = {
    type: 'output',
    view: 1,
    of: { agent: agentIdOf('web1') },
    from: 0,
    to: 10,
    follow: false,
  }

  it.each([
    ['looks at the agents', looks, 'hides'],
    ['looks at the agents', looks, 'goes'],
    ['opens an output', opens, 'hides'],
    ['opens an output', opens, 'goes'],
  ] as const)('is told nothing out of sight, and nothing with a gap: it %s', async (_, asks, then) => {
    const simulated = await simulateRun(['web1'])
    simulated.finish('web1', 0, [{ stream: 1, text: 'up\n' }])
    await simulated.run.flush()
    const orders = await everyInterleaving(async (stage) => {
      const clock = new ManualClock()
      const log: (ToPage | 'hidden' | 'gone')[] = []
      const session = new PageSession({
        run: {
          state: simulated.run.state,
          onChange: (listener) => simulated.run.onChange(listener),
          output: async (...range) => {
            await stage.pause('reads')
            return [{ stream: 1, bytes: Buffer.from('up\n') }].slice(range[1] === 3 ? 1 : 0) as Chunk[]
          },
        },
        ...{ environment: { name: 'production', protected: true }, live: true, clock, t: inEnglish },
        post: (message) => log.push(structuredClone(message)),
        onWarning: (error) => {
          throw error
        },
      })
      session.receive({ type: 'ready' })
      stage.act('asks', () => session.receive(asks))
      const leaves = {
        async hides() {
          session.pause()
          log.push('hidden')
          await stage.pause('is shown')
          session.receive({ type: 'ready' })
        },
        goes() {
          session.dispose()
          log.push('gone')
        },
      }
      stage.act(then, leaves[then])
      await stage.play()
      clock.advance(1_000)
      expectInOrder(log)
      session.dispose()
    })
    expect(orders.length).toBeGreaterThan(3)
    await simulated.close()
  })
})

/** A page hears of nothing while it is hidden, and of deltas one after the other. */
function expectInOrder(log: readonly (ToPage | 'hidden' | 'gone')[]): void {
  let seq: number | undefined
  for (const entry of log) {
    if (typeof entry === 'string') seq = undefined
    else if (entry.type === 'snapshot') seq = entry.seq
    else {
      expect({ entry: entry.type, isInSight: seq !== undefined }).toEqual({
        entry: entry.type,
        isInSight: true,
      })
      if (entry.type !== 'delta') continue
      seq = (seq ?? 0) + 1
      expect(entry.seq).toBe(seq)
    }
  }
}
