import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TextDocument } from 'vscode'
import { EnvironmentList } from '../../../../src/console/declarations/environmentList.ts'
import { WorkspaceFiles } from '../../../../src/console/declarations/workspaceFiles.ts'
import { Connections } from '../../../../src/console/environments/connections.ts'
import { SnippetLenses } from '../../../../src/console/snippets/snippetLenses.ts'
import type { Inventory } from '../../../../src/master/fleet/inventory.ts'
import { Master } from '../../../../src/master/master.ts'
import { History } from '../../../../src/master/store/history.ts'
import { declared, noProfiles } from '../../../support/declared.ts'
import { emptyQueue, playedQueues } from '../../../support/playedQueues.ts'

const testing = declared('testing', { origin: { kind: 'local-fleet' } })
const document = {
  getText: () => `snippets:
  web: { environment: testing, filter: role=web, command: uptime }
  all: { environment: testing, filter: '*', command: uptime }
`,
  positionAt: (offset: number) => offset,
} as unknown as TextDocument

let folder: string
let connections: Connections
let lenses: SnippetLenses
let fires: number

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'snippet-lenses-'))
  const history = await History.open(folder)
  connections = new Connections(
    async ({ environment }) => {
      const queues = playedQueues({ receive: async () => [], attributes: async () => emptyQueue })
      const issuer = { name: 'anna', host: 'atlas' }
      return { queues, master: new Master({ environment, queues, issuer, masterId: 'm1', history }) }
    },
    () => false,
  )
  const list = new EnvironmentList(new WorkspaceFiles(), noProfiles, async () => {})
  list.setLocal([testing.environment])
  lenses = new SnippetLenses(list, connections)
  fires = 0
  lenses.onDidChangeCodeLenses(() => {
    fires += 1
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  lenses.dispose()
  await connections.close()
  await rm(folder, { recursive: true, force: true })
})

const titles = async () => (await lenses.provideCodeLenses(document)).map(({ command }) => command?.title)

/** Has an agent say its facts, and waits until that was told. */
async function say(inventory: Inventory, agentId: string, role: string, sentAt: number): Promise<void> {
  const told = nextChange()
  const message = {
    ...{ type: 'facts' as const, environment: 'testing', agentId, hostname: agentId, version: '0.1.0' },
    ...{ sentAt, startedAt: 0, intervalMs: 30_000, running: [], facts: { role } },
  }
  inventory.recordFacts(message, sentAt, undefined)
  await told
}

function nextChange(): Promise<void> {
  return new Promise((resolve) => {
    const listening = connections.onDidChange(() => {
      listening.dispose()
      resolve()
    })
  })
}

describe('The lens of a snippet', () => {
  it('says which agents it would reach, once they are known, and until then how to connect', async () => {
    expect(await titles()).toEqual([
      '$(play) Run on testing · role=web',
      '$(plug) Connect to count agents',
      '$(play) Run on testing · *',
      '$(plug) Connect to count agents',
    ])
    const { master } = await connections.refresh(testing)
    await say(master.inventory, 'web1', 'web', Date.now())
    expect(await titles()).toEqual([
      '$(play) Run on testing · 1 agent',
      '$(play) Run on testing · EVERY agent, 1 known',
    ])
  })

  it('shows what cannot be seen in a filter, and draws nothing of it as an icon', async () => {
    const text =
      'snippets:\n  a:\n    command: uptime\n    environment: nowhere\u202e$(check)\n    filter: role=web\n'
    const lensesOf = await lenses.provideCodeLenses({ ...document, getText: () => text } as typeof document)
    expect(lensesOf[0]?.command?.title).toBe(
      '$(play) Cannot run: there is no environment nowhere<U+202E>\\$(check)',
    )
  })

  it('is updated when it would say something else, and only then', async () => {
    await titles()
    const { master } = await connections.refresh(testing)
    const now = Date.now()
    await say(master.inventory, 'web1', 'web', now)
    await titles()
    const before = fires
    // The same again.
    await say(master.inventory, 'web1', 'web', now + 1)
    expect(fires).toBe(before)
    // As many as before, and others whom the filter matches.
    await say(master.inventory, 'web1', 'db', now + 2)
    expect(fires).toBe(before + 1)
  })

  it('counts nobody while no file is looked at', async () => {
    const { master } = await connections.refresh(testing)
    const reach = vi.spyOn(master, 'reach')
    await say(master.inventory, 'web1', 'web', Date.now())
    expect(reach).not.toHaveBeenCalled()
    expect(fires).toBe(0)
  })

  it('connects to nothing, and stays up to date while its environment is open for another reason', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    await titles()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(connections.state(testing.key).kind).toBe('closed')
    await titles()
    const { master } = await connections.use(testing)
    const refresh = vi.spyOn(master, 'refresh')
    await vi.advanceTimersByTimeAsync(50_000)
    expect(refresh.mock.calls.length).toBeGreaterThan(1)
    // Nobody requests lenses any more.
    await vi.advanceTimersByTimeAsync(20_000)
    const before = refresh.mock.calls.length
    await vi.advanceTimersByTimeAsync(120_000)
    expect(refresh.mock.calls.length).toBe(before)
    vi.useRealTimers()
  })

  it('does not reopen what was closed while the file is visible', async () => {
    await titles()
    await connections.refresh(testing)
    await titles()
    await connections.reset(() => true)
    await titles()
    expect(connections.state(testing.key).kind).toBe('closed')
  })

  it('that comes after the end of the window asks for nobody', async () => {
    const asked = titles()
    lenses.dispose()
    await asked
    const watch = vi.spyOn(connections, 'watchOpen')
    await titles()
    expect(watch).not.toHaveBeenCalled()
  })
})
