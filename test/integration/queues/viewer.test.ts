import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Master } from '../../../src/master/master.ts'
import { describeWarning } from '../../../src/master/masterWarning.ts'
import { factAt } from '../../../src/protocol/facts.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { statements } from '../../../src/queues/iamPolicy.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { createMasters, type Masters, startRun } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let proxy: FaultProxy
let environment: Environment
let fleet: AgentFleet
let commander: Commander
let masters: Masters
const clients: Queues[] = []
let allow: () => void = () => {}

beforeAll(async () => {
  sqs = await startSqs()
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 1 })
  environment = await sqs.environment('viewed')
  masters = createMasters(sqs)
  commander = startCommander(sqs.connect(), environment)
  fleet = await startAgents(environment, 3)
})
afterEach(() => allow())
afterAll(async () => {
  await masters?.close()
  await commander?.stop()
  for (const client of clients) client.close()
  await fleet?.stop()
  await proxy?.stop()
  await sqs?.stop()
})

/** SQS's operations that one permission of IAM covers. */
const operationsOf = (action: string) => {
  const operation = action.replace('sqs:', '')
  return [operation, `${operation}Batch`]
}

/** A master that may do nothing but this on the queues of the environment. */
async function openWith(permissions: ReadonlyMap<string, readonly string[]>) {
  const all = [
    'SendMessage',
    'ReceiveMessage',
    'DeleteMessage',
    'ChangeMessageVisibility',
    'GetQueueAttributes',
  ]
  const others = ['CreateQueue', 'DeleteQueue', 'SetQueueAttributes', 'GetQueueUrl']
  const rules = [environment.queues.facts, environment.queues.commands, environment.queues.replies].flatMap(
    (queue) => {
      const allowed = permissions.get(queue) ?? []
      const actions = [...all, ...others].filter((name) => !allowed.includes(`sqs:${name}`))
      const refused = actions.flatMap((name) => operationsOf(`sqs:${name}`))
      return {
        fault: { kind: 'refuse', as: 'AccessDeniedException' } as const,
        actions: refused,
        queue: new RegExp(`^${queue}$`),
      }
    },
  )
  allow = proxy.inject(...rules)
  const queues = createQueues({ ...environment, endpoint: proxy.endpoint })
  clients.push(queues)
  return masters.open(environment, { queues })
}

const policy = () => statements(environment, 'viewer')
const permissions = (without?: string) =>
  new Map(
    policy().flatMap(({ actions, queues }) =>
      queues.map((queue) => [queue, actions.filter((action) => action !== without)] as const),
    ),
  )

const sentences = (troubles: readonly Parameters<typeof describeWarning>[0][]) =>
  troubles.map((trouble) => describeWarning(trouble))

/** Has every agent publish its facts again, so that those before are superseded. */
async function supersede() {
  const runId = await commander.send({ kind: 'facts' })
  const isDone = () => commander.heard(runId).filter(({ message }) => message.type === 'result').length >= 3
  await until(isDone, 'every agent to have published its facts')
}

const listed = ({ master }: { readonly master: Master }) =>
  master.inventory
    .agents()
    .map(({ agentId, state, facts }) => `${agentId} ${state} ${factAt(facts, ['role'])}`)
const everybody = ['agent-1 live web', 'agent-2 live db', 'agent-3 live web']

describe('Somebody with the policy for viewers', () => {
  it('sees all agents with their facts, sweep after sweep, and reads once that facts are not deleted', async () => {
    const viewer = await openWith(permissions())
    for (let sweep = 0; sweep < 3; sweep += 1) {
      await supersede()
      await viewer.discover(3)
      expect(listed(viewer)).toEqual(everybody)
    }
    expect(sentences(viewer.troubles)).toEqual([
      'Facts that newer ones have replaced stay on viewed_facts, because your credentials do not allow sqs:DeleteMessage there; the policy for viewers does not contain it. All agents are seen all the same.',
    ])
  })

  it('hides nothing from others: a second reader sees all agents at once', async () => {
    const viewer = await openWith(permissions())
    await supersede()
    await viewer.master.refresh()
    const { notVisible } = await sqs.connect().attributes(environment.queues.facts)
    expect(notVisible).toBe(0)
  })

  it('without ChangeMessageVisibility still sees all agents, and reads once what is missing', async () => {
    const viewer = await openWith(permissions('sqs:ChangeMessageVisibility'))
    for (let sweep = 0; sweep < 2; sweep += 1) {
      await supersede()
      await viewer.discover(3)
      expect(listed(viewer)).toEqual(everybody)
    }
    expect(sentences(viewer.troubles).toSorted()).toEqual([
      expect.stringMatching(
        /^Facts cannot be put back on viewed_facts .* do not allow sqs:ChangeMessageVisibility there/,
      ),
      expect.stringMatching(/^Facts that newer ones have replaced stay/),
    ])
  })

  it.each(['sqs:ReceiveMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'])(
    'without %s is told by name what is missing, and shown no empty fleet',
    async (action) => {
      const viewer = await openWith(permissions(action))
      await expect(viewer.master.refresh()).rejects.toMatchObject({
        ...{ kind: 'forbidden', action, queue: 'viewed_facts' },
        message: expect.stringMatching(`do not allow ${action} on .*viewed_facts.* Ask your administrator`),
      })
      expect(viewer.master.inventory.snapshot().look.kind).not.toBe('complete')
    },
  )

  it('cannot send a command, and reads why', async () => {
    const viewer = await openWith(permissions())
    await viewer.discover(3)
    const ping = { filter: everyone, action: { kind: 'ping' } as const, timeoutMs: 10_000 }
    await expect(startRun(viewer.master, ping)).rejects.toMatchObject({
      ...{ kind: 'forbidden', queue: 'viewed_master' },
      message: expect.stringContaining('Ask your administrator'),
    })
  })
})
