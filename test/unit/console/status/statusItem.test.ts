import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { Connections } from '../../../../src/console/environments/connections.ts'
import { Profiles } from '../../../../src/console/profile/profiles.ts'
import { Runs, type StartedRun } from '../../../../src/console/send/runs.ts'
import { StatusItem } from '../../../../src/console/status/statusItem.ts'
import type { DeclaredEnvironment } from '../../../../src/declarations/declaredEnvironment.ts'
import { QueueError } from '../../../../src/queues/queueError.ts'
import { verbatim } from '../../../../src/text/localizable.ts'
import { declared } from '../../../support/declared.ts'
import { memento } from '../../../support/memento.ts'
import { type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'
import { made } from '../../../support/vscodeStandIn.mjs'

let connections: Connections
let runs: Runs
let status: StatusItem
let refused: Error | undefined
const simulated: SimulatedRun[] = []

const item = () => {
  const last = made.statusBarItems.at(-1)
  if (last === undefined) throw new Error('there is no item')
  return last
}
const refusal = (kind: QueueError['kind'], message: string) =>
  new QueueError(
    { queue: '', action: 'sqs:ReceiveMessage', region: 'eu-west-1' },
    kind,
    'Test',
    verbatim(message),
  )

beforeEach(() => {
  refused = undefined
  connections = new Connections(
    async () => {
      throw refused ?? new Error('not in this test')
    },
    () => false,
  )
  runs = new Runs(connections, { keep: () => vscode.Uri.file('/text') })
  status = new StatusItem(connections, new Profiles(memento()), runs)
})

afterEach(async () => {
  status.dispose()
  await Promise.all(simulated.splice(0).map((run) => run.close()))
})

/** Uses an environment that cannot be opened, and waits until that was told. */
async function turnTo(environment: DeclaredEnvironment): Promise<void> {
  const told = new Promise<void>((resolve) => {
    const listening = connections.onDidChange(({ key }) => {
      if (key !== environment.key) return
      listening.dispose()
      resolve()
    })
  })
  await connections.use(environment).catch(() => {})
  await told
}

/** A run of two agents that an earlier window began. */
async function resumed(environment: DeclaredEnvironment): Promise<SimulatedRun & StartedRun> {
  const started = await simulateRun(['web-01', 'web-02'], { filter: '*', timeoutMs: 1000 })
  simulated.push(started)
  return { ...started, environment, origin: 'resumed' }
}

describe('The status bar item', () => {
  it('is not there before there is anything to say', () => {
    expect(item().isShown).toBe(false)
  })

  it('shows the environment of a run that was resumed, and how many have answered', async () => {
    const run = await resumed(declared('staging', { profile: 'anna' }))
    run.finish('web-01', 0)
    runs.adopt(run)
    expect(item().text).toBe('$(sync~spin) staging · anna · 1/2')
  })

  it('stops to spin when a run that was resumed is over', async () => {
    const run = await resumed(declared('staging'))
    runs.adopt(run)
    expect(item().text).toContain('sync~spin')
    run.finish('web-01', 0)
    run.finish('web-02', 0)
    await run.run.ended
    await Promise.resolve()
    expect(item().text).toBe('$(server-environment) staging')
  })

  it('counts a run once that two pages have resumed', async () => {
    const run = await resumed(declared('staging'))
    runs.adopt({ ...run })
    runs.adopt({ ...run })
    expect(runs.underWay.size).toBe(1)
  })

  it('shows the environment that somebody turns to first, and leaves with it', async () => {
    await turnTo(declared('staging'))
    await turnTo(declared('other'))
    expect(item()).toMatchObject({ text: '$(server-environment) staging', isShown: true })
    status.keepTo([declared('staging'), declared('other')])
    expect(item().isShown).toBe(true)
    status.keepTo([declared('other')])
    expect(item().isShown).toBe(false)
  })

  it('is red only when the identity is broken, and says why', async () => {
    const environment = declared('staging')
    refused = refusal('network', 'no way there')
    await turnTo(environment)
    expect(item().backgroundColor).toBeUndefined()
    refused = refusal('credentials', 'The token has expired.')
    await turnTo(environment)
    expect(item().backgroundColor).toEqual(new vscode.ThemeColor('statusBarItem.errorBackground'))
    expect(item().tooltip).toBe('The token has expired.')
  })
})
