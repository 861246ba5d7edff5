import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sealBody } from '../../src/protocol/envelope.ts'
import { defaultQueues, type Environment } from '../../src/queues/environment.ts'
import { openWorkbench, type Workbench } from '../support/editor.ts'
import { fleetPatience, withoutAws } from '../support/fleetWorkbench.ts'
import {
  refusal,
  type ScriptedEndpoint,
  startScriptedEndpoint,
  success,
} from '../support/scriptedEndpoint.ts'
import { type SqsServer, startSqs } from '../support/sqs.ts'

let sqs: SqsServer
let expired: ScriptedEndpoint
let forbidding: ScriptedEndpoint
let workbench: Workbench

/** A queue with the right settings, as SQS describes it. */
const goodAttributes = (queue: string) => ({
  QueueArn: `arn:aws:sqs:eu-west-1:000000000000:${queue}`,
  VisibilityTimeout: '0',
  MessageRetentionPeriod: '60',
  MaximumMessageSize: '65536',
  ReceiveMessageWaitTimeSeconds: queue.endsWith('_master') ? '20' : '0',
  DelaySeconds: '0',
})

beforeAll(async () => {
  sqs = await startSqs()
  await plantInQueues(await sqs.environment('ill'))
  await plantAgents(await sqs.environment('motley'))
  await sqs.environment('well')
  expired = await startScriptedEndpoint(() => refusal('ExpiredToken', 'The security token is expired'))
  forbidding = await startScriptedEndpoint((request) => {
    const queue = String(request.input.QueueUrl ?? '').replace(/^.*\//, '')
    if (request.operation === 'GetQueueAttributes') return { body: { Attributes: goodAttributes(queue) } }
    return request.operation.startsWith('SendMessage')
      ? refusal('AccessDeniedException', 'no', 403)
      : success(request)
  })
  const region = 'eu-west-1'
  const { endpoint } = sqs
  workbench = await openWorkbench({
    env: { ...withoutAws, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    settings: {
      'ec2Collective.environments': {
        ill: { region, endpoint },
        motley: { region, endpoint },
        well: { region, endpoint },
        astray: { region: 'eu-west-3', endpoint },
        expired: { region, endpoint: expired.endpoint },
        forbidden: { region, endpoint: forbidding.endpoint },
      },
      // The whole report is then on the screen.
      'editor.fontSize': 7,
    },
  })
  await workbench.openContainer('EC2 Collective')
})
beforeEach((context) => workbench.record(context))
afterAll(async () => {
  await workbench?.close()
  await Promise.all([expired?.stop(), forbidding?.stop(), sqs?.stop()])
})

describe('The doctor', () => {
  it('has nothing to say about an environment that is well, and tells who we are', async () => {
    const report = await examine('well')
    expect(report).toContain('No problems found.')
    expect(report).toContain('arn:aws:iam::000000000000:user/')
  })

  it('finds a missing queue, wrong attributes, a redrive policy and hidden commands', async () => {
    const report = await examine('ill')
    expect(report).toContain('Queue ill_agent does not exist')
    expect(report).toContain('The receive wait time of ill_master is 0 s; it has to be 20 s.')
    expect(report).toContain('The visibility timeout of ill_master is 45 s; it has to be 0 s.')
    expect(report).toContain('The message retention of ill_facts is 345600 s; it has to be 60 s.')
    expect(report).toContain('The maximum message size of ill_facts is 1 KB; it has to be 64 KB.')
    expect(report).toContain('ill_facts has a redrive policy')
    expect(report).toContain('Another consumer is holding 1 command on ill_master in flight')
  })

  it('offers the repair, says what it will do, and does it', async () => {
    await workbench.page.locator('.codelens-decoration a', { hasText: 'Repair the queues' }).first().click()
    const plan = await workbench.dialog.text()
    expect(plan).toContain('Create queue ill_agent for replies')
    expect(plan).toContain('Change queue ill_facts')
    expect(plan).toContain('redrive policy removed')
    await workbench.dialog.press('Create Queues')
    await workbench.notifications.shows('The queues of ill are ready')
    const repaired = await sqs.connect().attributes('ill_facts')
    expect(repaired).toMatchObject({ retentionSeconds: 60, maximumMessageSize: 65_536 })
    expect(repaired.redrivePolicy).toBeUndefined()
  })

  it('finds agents of another version, wrong clocks and unreadable messages', async () => {
    const report = await examine('motley')
    expect(report).toContain('1 agent runs 0.0.1; this extension is 0.1.0.')
    expect(report).toContain('The clock is wrong on 1 agent; the worst is astray-clock (10 min ahead).')
    expect(report).toMatch(/Cannot read 1 message on motley_facts: not JSON/)
  })

  it('finds that the queues are in another region', async () => {
    expect(await examine('astray')).toContain('None of the three queues of astray exists')
  })

  it('finds expired credentials, and says what to do', async () => {
    const report = await examine('expired')
    expect(report).toContain('The AWS credentials have expired')
    expect(report).toContain('They are read again without a reload')
  })

  it('finds a forbidden action, and gives the policy that would allow it', async () => {
    const report = await examine('forbidden')
    expect(report).toContain('credentials in use do not allow sqs:SendMessage on queue forbidden_master')
    const lens = workbench.page
      .locator('.codelens-decoration a', { hasText: 'Copy the missing policy' })
      .first()
    const copied = 'Copied a policy that allows sqs:SendMessage on forbidden_master to the clipboard'
    // It is said for five seconds.
    await Promise.all([workbench.statusBar.shows(copied), lens.click()])
  })
})

/** The report's text, as it stands in the editor. */
async function examine(name: string): Promise<string> {
  await workbench.runCommand('EC2 Collective: Doctor: Examine Environment…')
  await workbench.quickInput.titled('Doctor')
  await workbench.quickInput.pick(name)
  await workbench.showTab(`Doctor ${name}.md`)
  const lines = workbench.page.locator('.editor-instance .view-lines')
  let text = ''
  await expect
    .poll(async () => {
      // The lines are in the order in which they were made, not of the text.
      text = (await lines.first().innerText()).replaceAll('\u00a0', ' ')
      return text
    }, fleetPatience)
    .toContain('Requests and cost')
  return text
}

async function plantInQueues({ queues: { commands, replies, facts } }: Environment): Promise<void> {
  const queues = sqs.connect()
  await queues.send(commands, 'hidden by somebody')
  await queues.receive(commands, { waitSeconds: 0, visibilitySeconds: 3600 })
  await queues.setAttributes(commands, { visibilitySeconds: 45, waitSeconds: 0 })
  await queues.setAttributes(facts, {
    retentionSeconds: 345_600,
    maximumMessageSize: 1024,
    redrivePolicy: '{"maxReceiveCount":5}',
  })
  await queues.deleteQueue(replies)
}

async function plantAgents({ name }: Environment): Promise<void> {
  const queues = sqs.connect()
  const { facts } = defaultQueues(name)
  const message = (hostname: string, version: string, skewMs: number) =>
    sealBody({
      type: 'facts',
      agentId: `i-${hostname}`,
      hostname,
      environment: name,
      version,
      startedAt: Date.now(),
      sentAt: Date.now() + skewMs,
      intervalMs: 3_600_000,
      running: [],
      facts: { role: 'web' },
    })
  await queues.send(facts, message('old', '0.0.1', 0))
  await queues.send(facts, message('astray-clock', '0.1.0', 600_000))
  await queues.send(facts, 'garbage')
}
