import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type * as vscode from 'vscode'
import { EnvironmentList } from '../../src/console/declarations/environmentList.ts'
import { WorkspaceFiles } from '../../src/console/declarations/workspaceFiles.ts'
import { Connections } from '../../src/console/environments/connections.ts'
import { EnvironmentsView } from '../../src/console/environments/environmentsView.ts'
import { reviewPlan } from '../../src/console/send/review.ts'
import { SnippetLenses } from '../../src/console/snippets/snippetLenses.ts'
import { Master } from '../../src/master/master.ts'
import { History } from '../../src/master/store/history.ts'
import { sealBody } from '../../src/protocol/envelope.ts'
import { readFilter } from '../../src/protocol/filter/writtenFilter.ts'
import type { Queues, ReceivedMessage } from '../../src/queues/queues.ts'
import { declared, noProfiles } from '../support/declared.ts'
import { emptyQueue, playedQueues } from '../support/playedQueues.ts'
import { processorMsSince } from '../support/processorTime.ts'
import { median } from './rounds.ts'

/** What of the console is open while the facts are read. */
export type Watching = 'nothing' | 'lenses and review box' | 'lenses, review box and tree'

/** Who asks SQS and gets ten messages waits so long, milliseconds. */
const requestMs = 20

/**
 * Processor time that the editor's process takes for one reading of the facts of so many agents, from nothing, with its
 * last change shown; milliseconds, the median of a few. The queue is a part of the process, and answers as fast as SQS.
 */
export async function measureWatchedSweep(
  agents: number,
  watching: Watching,
  rounds: number,
): Promise<number> {
  const bodies = Array.from({ length: agents }, (_, index) => factsBody(index))
  const measured: number[] = []
  // The first one is the compiler's.
  for (let round = 0; round <= rounds; round += 1) measured.push(await sweepOnce(bodies, watching))
  return median(measured.slice(1))
}

async function sweepOnce(bodies: readonly string[], watching: Watching): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'watched-sweep-'))
  const history = await History.open(folder)
  const connections = new Connections(
    async ({ environment }) => {
      const queues = queueOf(bodies)
      const issuer = { name: 'bench', host: 'bench' }
      return { queues, master: new Master({ environment, queues, issuer, masterId: 'bench', history }) }
    },
    () => false,
  )
  await connections.use(environment)
  const list = new EnvironmentList(new WorkspaceFiles(), noProfiles, async () => {})
  list.setLocal([environment.environment])
  const shown = watching === 'nothing' ? [] : [await openLenses(list, connections)]
  if (watching === 'lenses, review box and tree') shown.push(await openTree(list, connections))
  const before = process.cpuUsage()
  const isShown = new Promise<void>((resolve) => {
    const listening = connections.onDidChange(() => {
      const state = connections.state(environment.key)
      if (state.kind !== 'open' || !state.heard) return
      listening.dispose()
      resolve()
    })
  })
  const nowhere = {
    keep: () => {
      throw new Error('nobody asks for a document')
    },
  }
  if (watching !== 'nothing')
    void reviewPlan(connections, nowhere, plan, {
      title: 'Run Command',
      step: 1,
      totalSteps: 1,
    })
  const { master } = await connections.refresh(environment)
  await isShown
  // What the editor asks for when it was told is asked for in a later turn.
  await delay(100)
  const processorMs = processorMsSince(before)
  if (master.inventory.agents().length !== bodies.length) throw new Error('not every agent was found')
  for (const each of shown) each.dispose()
  await connections.close()
  await rm(folder, { recursive: true })
  return processorMs
}

const environment = declared('testing', { origin: { kind: 'local-fleet' } })
const plan = {
  environment,
  request: {
    filter: readFilter('role=web'),
    action: { kind: 'shell' as const, command: 'uptime' },
    timeoutMs: 60_000,
  },
}

/** A file with ten snippets is on the screen: the editor asks for its lenses at first, and when it is told that there are others. */
async function openLenses(list: EnvironmentList, connections: Connections): Promise<vscode.Disposable> {
  const lenses = new SnippetLenses(list, connections)
  const snippets = Array.from(
    { length: 10 },
    (_, index) => `  s${index}: { environment: testing, filter: role=web and az=${index}, command: uptime }`,
  )
  const text = `snippets:\n${snippets.join('\n')}\n`
  const document = { getText: () => text, positionAt: (offset: number) => offset } as never
  const count = (await lenses.provideCodeLenses(document)).length
  if (count !== snippets.length) throw new Error(`${count} lenses`)
  lenses.onDidChangeCodeLenses(() => lenses.provideCodeLenses(document))
  return lenses
}

/** The environment is open in the tree, without groups: the editor asks for every row when it is told that there are others. */
async function openTree(list: EnvironmentList, connections: Connections): Promise<vscode.Disposable> {
  const memento = {
    get: (_: string, otherwise?: unknown) => otherwise,
    update: async () => {},
    keys: () => [],
  }
  const view = new EnvironmentsView(list, connections, () => '', memento as vscode.Memento)
  const [root] = await view.getChildren()
  if (root === undefined) throw new Error('there is no environment')
  const showRows = async () => {
    for (const row of await view.getChildren(root)) view.getTreeItem(row)
  }
  await showRows()
  view.onDidChangeTreeData(showRows)
  return view
}

function factsBody(index: number): string {
  const hostname = `ip-10-${index % 7}-${(index * 7919) % 10_007}.eu-west-1.compute.internal`
  return sealBody({
    ...{
      type: 'facts',
      environment: 'testing',
      agentId: `i-${index.toString(16).padStart(17, '0')}`,
      hostname,
    },
    ...{
      version: '0.1.0',
      sentAt: Date.now(),
      startedAt: Date.now() - 1000,
      intervalMs: 30_000,
      running: [],
    },
    facts: {
      role: index % 3 === 0 ? 'db' : 'web',
      az: String(index % 10),
      os: { family: 'Debian', major: 12 },
    },
  })
}

/** A facts queue that holds one message of each agent. */
function queueOf(bodies: readonly string[]): Queues {
  const waiting = bodies.map(
    (body, index): ReceivedMessage => ({
      ...{ messageId: String(index), receiptHandle: String(index), body },
      ...{ sentAt: Date.now(), senderId: undefined, receiveCount: 1 },
    }),
  )
  let hidden = 0
  return playedQueues({
    receive: async () => {
      await delay(requestMs)
      const taken = waiting.splice(0, 10)
      hidden += taken.length
      return taken
    },
    release: async (_queue, messages) => {
      hidden -= messages.length
      waiting.push(...messages)
    },
    attributes: async () => ({ ...emptyQueue, visible: waiting.length, notVisible: hidden }),
  })
}
