import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Master } from '../../../src/master/master.ts'
import { readFilter } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { createMasters, type Masters, type OpenMaster, startRun } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let proxy: FaultProxy
let environment: Environment
let fleet: AgentFleet
let masters: Masters
let opened: OpenMaster
let master: Master
let queues: Queues
let directory: string
const ending: (() => Promise<void>)[] = []

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('hidden')
  queues = sqs.connect()
  masters = createMasters(sqs)
  directory = join(await masters.newDirectory(), 'executed')
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 17 })
  fleet = await startAgents({ ...environment, endpoint: proxy.endpoint }, 2)
  opened = await masters.open(environment)
  await opened.discover(2)
  master = opened.master
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await proxy?.stop()
  await sqs?.stop()
})
beforeEach(async () => {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory)
})
afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()))
})

const request = (command = `touch ${directory}/$EC2_COLLECTIVE_AGENT_ID`): RunRequest => ({
  filter: readFilter('*'),
  action: { kind: 'shell', command },
  timeoutMs: 60_000,
})

/**
 * Somebody with the credential of an agent, who receives each command before the agents do. Which of several receives gets a
 * message first is decided by nobody but the engine: so those of the agents bring nothing meanwhile.
 * @param take what they do with what they receive
 */
function intercept(
  visibilitySeconds: number,
  take: (taken: Awaited<ReturnType<Queues['receive']>>) => Promise<void> = async () => {},
): void {
  let isOver = false
  const intruder = sqs.connect()
  const { commands } = environment.queues
  const letAgentsReceive = proxy.inject({
    ...{ fault: { kind: 'sample' }, actions: ['ReceiveMessage'], queue: new RegExp(`^${commands}$`) },
  })
  const held: Awaited<ReturnType<Queues['receive']>> = []
  const receive = async () => {
    while (!isOver) {
      const messages = await intruder.receive(commands, { waitSeconds: 20, visibilitySeconds, max: 10 })
      held.push(...messages)
      if (messages.length > 0) await take(messages)
    }
  }
  const receiving = receive()
  ending.push(async () => {
    isOver = true
    // It ends by a message: a receive that is cut off may still take one, which it hides from the next test.
    await queues.send(commands, 'end of receiving')
    await receiving
    // What is still hidden must not be found by the next test.
    await intruder.delete(commands, held)
    letAgentsReceive()
  })
}

const executed = async () => (await readdir(directory)).toSorted()

describe('A command that another reader of the queue takes before the agents', () => {
  it('and hides for minutes is told as hidden, not only as silence of two living agents', async () => {
    intercept(300)
    const state = await (await startRun(master, request())).ended
    expect(state.hidden).toMatchObject([{ what: 'command', how: 'held', agents: 2 }])
    expect([state.counts['no-reply'], await executed()]).toEqual([2, []])
  })

  it('and deletes is told as gone', async () => {
    const intruder = sqs.connect()
    intercept(30, (messages) => intruder.delete(environment.queues.commands, messages))
    const state = await (await startRun(master, request())).ended
    expect(state.hidden).toMatchObject([{ what: 'command', how: 'gone', agents: 2 }])
    expect([state.counts['no-reply'], await executed()]).toEqual([2, []])
  })

  it('after one agent has it is told for the other', async () => {
    fleet.agent('agent-2').signal('SIGSTOP')
    ending.push(async () => fleet.agent('agent-2').signal('SIGCONT'))
    const run = await startRun(master, request())
    await until(async () => (await executed()).length === 1, 'the first agent to execute it')
    intercept(300)
    const state = await run.ended
    expect(state.hidden).toMatchObject([{ what: 'command', how: 'held', agents: 1 }])
    expect(state.counts).toMatchObject({ succeeded: 1, 'no-reply': 1 })
  })
})

describe('A cancel that another reader of the queue hides', () => {
  it('is told: the agents go on', async () => {
    const run = await startRun(master, request('sleep 60'))
    await until(() => run.state.counts.running === 2, 'both agents to execute it')
    intercept(300)
    await run.cancel()
    await until(() => run.state.hidden.length > 0, 'the master to find it hidden')
    expect(run.state.hidden).toMatchObject([{ what: 'cancel', agents: 2 }])
    expect(run.state.counts.running).toBe(2)
  })
})

describe('A command that agents could receive', () => {
  it('is not told as hidden when an agent is silent, while others receive and a second master withdraws its own', async () => {
    fleet.agent('agent-2').signal('SIGSTOP')
    ending.push(async () => fleet.agent('agent-2').signal('SIGCONT'))
    const second = await masters.open(environment)
    await second.discover(2)
    const run = await startRun(master, request())
    // Each of them hides all commands on the queue, for the moment that its withdrawal takes.
    const one = { ...request('true'), targets: ['agent-1'] }
    while (run.state.phase !== 'over') await (await startRun(second.master, one)).ended
    expect(run.state.counts).toMatchObject({ succeeded: 1, 'no-reply': 1 })
    expect(run.state.hidden).toEqual([])
  })
})
