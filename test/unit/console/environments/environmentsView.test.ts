import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Memento, TreeItemCollapsibleState } from 'vscode'
import { EnvironmentList } from '../../../../src/console/declarations/environmentList.ts'
import { WorkspaceFiles } from '../../../../src/console/declarations/workspaceFiles.ts'
import { Connections } from '../../../../src/console/environments/connections.ts'
import { EnvironmentsView } from '../../../../src/console/environments/environmentsView.ts'
import type { DeclaredEnvironment } from '../../../../src/declarations/declaredEnvironment.ts'
import { Master } from '../../../../src/master/master.ts'
import { History } from '../../../../src/master/store/history.ts'
import { createQueues } from '../../../../src/queues/queues.ts'
import { declared, noProfiles } from '../../../support/declared.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'
import { type ScriptedEndpoint, startScriptedEndpoint, success } from '../../../support/scriptedEndpoint.ts'
import { until } from '../../../support/until.ts'
import { made } from '../../../support/vscodeStandIn.mjs'

const { Expanded } = TreeItemCollapsibleState

const memento = {
  get: (_key: string, fallback?: unknown) => fallback,
  update: async () => {},
  keys: () => [],
} as Memento

let endpoint: ScriptedEndpoint
let folder: string
let connections: Connections
let view: EnvironmentsView

beforeEach(async () => {
  endpoint = await startScriptedEndpoint((request) =>
    request.operation === 'GetQueueAttributes'
      ? {
          body: {
            Attributes: { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' },
          },
        }
      : success(request),
  )
  folder = await mkdtemp(path.join(tmpdir(), 'environments-view-'))
  connections = new Connections(
    async ({ environment }) => {
      const queues = createQueues({
        ...environment,
        endpoint: endpoint.endpoint,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      })
      const history = await History.open(folder)
      const issuer = { name: 'anna', host: 'atlas' }
      return { queues, master: new Master({ environment, queues, issuer, masterId: 'm1', history }) }
    },
    () => false,
  )
  const list = new EnvironmentList(new WorkspaceFiles(), noProfiles, async () => {})
  list.setLocal([declared('testing').environment])
  view = new EnvironmentsView(list, connections, () => 'role', memento)
})
afterEach(async () => {
  vi.useRealTimers()
  view.dispose()
  await connections.close()
  await endpoint.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Requests in so long, with nothing under way at the end. */
async function requestsIn(ms: number): Promise<number> {
  const before = endpoint.requests.length
  await vi.advanceTimersByTimeAsync(ms)
  for (let turns = 0; turns < 50; turns += 1) await setImmediate()
  return endpoint.requests.length - before
}

describe('The Environments view', () => {
  it('looks for agents while it is on the screen, and only then', async () => {
    const tree = made.treeViews.at(-1)
    if (tree === undefined) throw new Error('there is no tree view')
    const [root] = await view.getChildren()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await view.getChildren(root)
    await until(() => endpoint.requests.length > 0, 'a request')
    expect(await requestsIn(60_000)).toBeGreaterThan(0)

    tree.view.visible = false
    tree.visibility.fire({ visible: false })
    await requestsIn(60_000)
    expect(await requestsIn(600_000)).toBe(0)

    tree.view.visible = true
    tree.visibility.fire({ visible: true })
    expect(await requestsIn(60_000)).toBeGreaterThan(0)

    tree.collapsed.fire({ element: root })
    await requestsIn(60_000)
    expect(await requestsIn(600_000)).toBe(0)
  })

  it('opens again, and watches, each row that was open before a reload, and those of a fleet that comes back', async () => {
    const stored = new Map<string, unknown>()
    const remembering = {
      get: (key: string, fallback?: unknown) => stored.get(key) ?? fallback,
      update: async (key: string, value: unknown) => void stored.set(key, value),
      keys: () => [...stored.keys()],
    } as Memento
    const all = ['one', 'two', 'three', 'four'].map((name) => declared(name))
    let environments = all
    const list = {
      onDidChange: () => ({ dispose: () => {} }),
      read: async () => ({ environments, troubles: [] }),
    } as unknown as EnvironmentList
    const watched = new Set<string>()
    const connections = {
      onDidChange: () => ({ dispose: () => {} }),
      state: () => ({ kind: 'closed' }),
      watch: ({ environment: { name } }: DeclaredEnvironment) => {
        watched.add(name)
        return { dispose: () => watched.delete(name) }
      },
    } as unknown as Connections
    /** As VS Code does: it describes all rows, then asks for the children of those that are expanded. */
    const load = async (each: EnvironmentsView) => {
      const rows = await each.getChildren()
      const isOpen = (row: (typeof rows)[number]) => each.getTreeItem(row).collapsibleState === Expanded
      for (const row of rows.filter(isOpen)) await each.getChildren(row)
      return rows
    }
    const open = () => new EnvironmentsView(list, connections, () => '', remembering)

    const first = open()
    const tree = made.treeViews.at(-1)
    const rows = await load(first)
    for (const row of rows) tree?.expanded.fire({ element: row })
    tree?.collapsed.fire({ element: rows[3] })
    expect([...watched]).toEqual(['one', 'two', 'three'])
    first.dispose()

    for (let reload = 1; reload <= 2; reload += 1) {
      const next = open()
      environments = []
      expect(await load(next)).toEqual([])
      environments = all
      await load(next)
      expect([...watched]).toEqual(['one', 'two', 'three'])
      next.dispose()
    }
  })

  it('shows and watches what is declared last, and nothing once it is gone, whatever comes between', async () => {
    const [before, after] = [declared('before'), declared('after')]
    for (const end of ['stays', 'goes'] as const) {
      await everyInterleaving(async (stage) => {
        const watched = new Map<string, number>()
        const count = (key: string, change: number) => watched.set(key, (watched.get(key) ?? 0) + change)
        let environments = [before]
        let readings = 0
        const list = {
          onDidChange: () => ({ dispose: () => {} }),
          read: async () => {
            const now = environments
            readings += 1
            await stage.pause(`reads ${readings}`)
            return { environments: now, troubles: [] }
          },
        } as unknown as EnvironmentList
        const connections = {
          onDidChange: () => ({ dispose: () => {} }),
          state: () => ({ kind: 'closed' }),
          watch: ({ key }: DeclaredEnvironment) => {
            count(key, 1)
            return { dispose: () => count(key, -1) }
          },
        } as unknown as Connections
        const each = new EnvironmentsView(list, connections, () => '', memento)
        const show = async () => {
          const rows = await each.getChildren()
          for (const row of rows) await each.getChildren(row)
        }
        stage.act('show', show)
        stage.act('declare', () => {
          environments = [after]
          return show()
        })
        if (end === 'goes') stage.act('go', () => each.dispose())
        await stage.play()
        expect([watched.get(before.key) ?? 0, watched.get(after.key) ?? 0]).toEqual([
          0,
          end === 'goes' ? 0 : 1,
        ])
        each.dispose()
        expect([...watched.values()].every((watches) => watches === 0)).toBe(true)
      })
    }
  })
})
