import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sealBody } from '../../src/protocol/envelope.ts'
import type { Environment } from '../../src/queues/environment.ts'
import { openWorkbench, type Workbench } from '../support/editor.ts'
import { fleetPatience, showsAgents, withoutAws } from '../support/fleetWorkbench.ts'
import { type SqsServer, startSqs } from '../support/sqs.ts'

const roles = ['web', 'web', 'web', 'web', 'web', 'db', 'db', 'db', 'cache', 'batch'] as const
const size = 10_000
/** Every so many an agent's clock is ten minutes ahead. */
const astrayEvery = 1_000

let sqs: SqsServer
let workbench: Workbench

beforeAll(async () => {
  sqs = await startSqs()
  const huge = await sqs.environment('huge')
  const { region } = huge
  const { endpoint } = sqs
  workbench = await openWorkbench({
    env: { ...withoutAws, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    settings: {
      'ec2Collective.environments': {
        huge: { region, endpoint },
        // Only so that the other is not opened before its agents are there.
        empty: { region, endpoint },
      },
    },
  })
  await publish(huge)
  await workbench.openContainer('EC2 Collective')
  await workbench.view('Environments').expand('huge')
  await showsAgents(workbench, 'huge', size)
})
beforeEach((context) => workbench.record(context))
afterAll(async () => {
  await workbench?.close()
  await sqs?.stop()
})

describe('A fleet of 10,000 agents', () => {
  it('is counted in its groups, with its agents that have problems', async () => {
    const rows = await workbench.view('Environments').rows()
    const groups = rows.filter(({ level }) => level === 2)
    expect(groups.map(({ label, description }) => [label, description])).toEqual([
      ['batch', '1000'],
      ['cache', '1000'],
      ['db', '3000'],
      ['web', '5000, 10 with problems'],
    ])
    await badge('10 agents with problems').waitFor()
  })

  it('opens a group of thousands, and keeps only what is seen on the page', async () => {
    const view = workbench.view('Environments')
    await view.expand('web')
    await view.row('web-00001')
    expect((await view.rows()).length).toBeLessThan(100)
    await view.collapse('web')
  })

  it('is listed without groups when no fact is chosen', async () => {
    const view = workbench.view('Environments')
    await workbench.changeSettings({ 'ec2Collective.groupBy': '' })
    await view.row('batch-00010')
    expect((await view.rows()).length).toBeLessThan(100)
    await workbench.changeSettings({ 'ec2Collective.groupBy': 'az' })
    await expect.poll(async () => (await view.row('eu-west-1a')).description, fleetPatience).toMatch(/^3334/)
    await workbench.changeSettings({ 'ec2Collective.groupBy': 'role' })
    await view.row('cache')
  })

  it('is searched by host name as every tree in the editor', async () => {
    const view = workbench.view('Environments')
    await view.expand('db')
    await view.row('db-00006')
    await view.focus('db')
    await workbench.page.keyboard.press('Control+f')
    await workbench.page.keyboard.type('db-09997')
    await view.row('db-09997')
    await workbench.page.keyboard.press('Escape')
    await view.collapse('db')
  })

  it('is filtered while one types, and the sentence before the run says how it would spread', async () => {
    const { quickInput } = workbench
    await workbench.runCommand('EC2 Collective: Run Command…')
    await quickInput.pick('huge')
    await quickInput.titled('huge')
    await quickInput.type('role=db and az=eu-west-1b')
    await expect
      .poll(async () => (await quickInput.items())[0]?.label, fleetPatience)
      .toBe('1000 of 10000 agents match')
    await quickInput.accept()
    await quickInput.titled('role=db')
    await quickInput.type('true')
    await quickInput.accept()
    await quickInput.titled('Run on huge')
    await quickInput.pick('Rollout')
    await quickInput.titled('Rollout')
    await quickInput.pick('1 first, then 10% at a time, stopping at the first failure')
    await quickInput.titled('Run on huge')
    expect((await quickInput.items())[0]?.detail).toBe(
      `on 1000 of 10000 agents of huge (role=db and az=eu-west-1b), through ${sqs.endpoint}: 1 first, then 10% at a time, stopping at the first failure, for at most 60 s each`,
    )
    await quickInput.cancel()
  })
})

function badge(label: string) {
  return workbench.page.locator('.activitybar').getByRole('tab', { name: label })
}

/** What 10,000 agents would say of themselves, straight into the queue. */
async function publish({ name, queues: { facts } }: Environment): Promise<void> {
  const queues = sqs.connect()
  const body = (index: number) => {
    const role = roles[index % roles.length] ?? 'web'
    const sentAt = Date.now()
    return sealBody({
      type: 'facts',
      agentId: `i-${String(index).padStart(17, '0')}`,
      hostname: `${role}-${String(index + 1).padStart(5, '0')}`,
      environment: name,
      version: '0.1.0',
      startedAt: sentAt - 3_600_000,
      sentAt: index % astrayEvery === 0 ? sentAt + 600_000 : sentAt,
      intervalMs: 3_600_000,
      running: [],
      facts: { role, az: `eu-west-1${'abc'[index % 3]}`, os: { family: 'Debian', release: '12' } },
    })
  }
  const left = Array.from({ length: size / 10 }, (_, index) => index * 10)
  const send = async () => {
    for (let start = left.pop(); start !== undefined; start = left.pop()) {
      const from = start
      // Said at the moment of sending: what waits here would look like clocks that are behind.
      await queues.sendBatch(
        facts,
        Array.from({ length: 10 }, (_, index) => body(from + index)),
      )
    }
  }
  await Promise.all(Array.from({ length: 8 }, send))
}
