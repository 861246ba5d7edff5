import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Master } from '../../../src/master/master.ts'
import { sealBody } from '../../../src/protocol/envelope.ts'
import { everyone, readFilter } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { exitCodeOf } from '../../../src/report/exitCode.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { createMasters, type Masters, startRun } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
/** An agent that matches `role=web` and publishes no facts. */
let silent: AgentProcess
let intruder: Commander
let masters: Masters
let master: Master
let directory: string

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('confirmed')
  masters = createMasters(sqs)
  intruder = startCommander(sqs.connect(), environment)
  directory = join(await masters.newDirectory(), 'executed')
  fleet = await startAgents(environment, 4)
  const home = await masters.newDirectory()
  await writeFile(join(home, 'facts.json'), '{"role":"web"}')
  const facts = { use_queue: false, facts_path: [join(home, 'facts.json')] }
  silent = await startAgent({ environment, directory: home, agentId: 'agent-silent', facts })
})
afterAll(async () => {
  await masters?.close()
  await intruder?.stop()
  await silent?.stop()
  await fleet?.stop()
  await sqs?.stop()
})
beforeEach(async () => {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory)
  const opened = await masters.open(environment)
  await opened.discover(4)
  master = opened.master
})

const request: RunRequest = {
  filter: readFilter('role=web'),
  action: { kind: 'shell', command: `touch "$DIRECTORY/$EC2_COLLECTIVE_AGENT_ID"` },
  timeoutMs: 60_000,
}
const confirmed = () => master.reach(request).named.map(({ agentId }) => agentId)

/** Runs it, waits until each agent has decided about it, and tells where it was executed. */
async function executed(changes: Partial<RunRequest> = {}) {
  const action = { ...request.action, environment: { DIRECTORY: directory } } as RunRequest['action']
  const run = await startRun(master, { ...request, action, ...changes })
  await run.ended
  const ping = { filter: everyone, action: { kind: 'ping' } as const, timeoutMs: 60_000 }
  const targets = [...fleet.agentIds, 'agent-silent']
  expect((await (await startRun(master, { ...ping, targets })).ended).counts.succeeded).toBe(5)
  return { run, on: (await readdir(directory)).toSorted() }
}

/** Whoever has the credential of an agent can do this. */
async function forgeFacts(agentId: string, role: string): Promise<void> {
  const facts = { type: 'facts', agentId, hostname: agentId, environment: environment.name, version: '0.1.0' }
  const times = { startedAt: Date.now(), sentAt: Date.now() + 3_600_000, intervalMs: 50_000, running: [] }
  const body = sealBody({ ...facts, ...times, facts: { role } } as Parameters<typeof sealBody>[0])
  await sqs.connect().send(environment.queues.facts, body)
  await master.refresh()
}

describe('A confirmed number of agents', () => {
  it('binds: an agent that publishes no facts does not execute, although it matches', async () => {
    const named = confirmed()
    expect((await executed()).on).toEqual(named)
  })

  it('binds: forged facts that hide an agent keep the command from it', async () => {
    await forgeFacts('agent-3', 'db')
    expect(confirmed()).toEqual(['agent-1'])
    const { run, on } = await executed()
    expect(on).toEqual(['agent-1'])
    expect(run.state.counts).toMatchObject({ succeeded: 1, unexpected: 0 })
  })

  it('binds: forged facts that show an agent have it refuse', async () => {
    await forgeFacts('agent-2', 'web')
    expect(confirmed()).toContain('agent-2')
    const { run, on } = await executed()
    expect(on).not.toContain('agent-2')
    expect(run.state.replies.get('agent-2')).toMatchObject({ state: 'refused', refusal: { code: 'filter' } })
  })

  it('does not bind if agents that are not known are included: then the attack works', async () => {
    await forgeFacts('agent-3', 'db')
    const { on } = await executed({ unseen: 'included' })
    expect(on).toEqual(['agent-1', 'agent-3', 'agent-silent'])
  })
})

describe('An agent that publishes no facts', () => {
  it('is reached by its name, and expected to reply', async () => {
    const { run, on } = await executed({ targets: ['agent-silent'] })
    expect([on, run.state.replies.get('agent-silent')?.expected]).toEqual([['agent-silent'], true])
  })

  it('is reached by the choice to include agents that are not known, also where nobody else matches', async () => {
    const { run, on } = await executed({
      filter: readFilter('role=web and hostname=agent-silent'),
      unseen: 'included',
    })
    expect([on, run.state.counts.succeeded, run.state.counts.unexpected]).toEqual([['agent-silent'], 1, 0])
  })
})

describe('What executed without being meant', () => {
  it('is told by its reply: unexpected, with an exit code of its own, beside those that were meant', async () => {
    const { master: hit } = await masters.open(environment, { masterId: 'hit-1' })
    await hit.refresh()
    const action = { kind: 'shell', command: 'sleep 1' } as const
    const run = await startRun(hit, { ...request, action, targets: ['agent-1'] })
    // Somebody who may send commands has another agent execute it, as part of this run.
    const replyTo = `${environment.name}_hit-1_agent`
    await intruder.send(action, { runId: run.runId, filter: 'hostname=agent-2', replyTo })
    const isTold = () => run.state.unexpected > 0
    await until(isTold, 'the first word of the agent that was not meant')
    await run.ended
    expect(run.state.counts).toMatchObject({ unexpected: 1, succeeded: 1 })
    expect(run.state.replies.get('agent-2')).toMatchObject({ state: 'unexpected', expected: false })
    expect([exitCodeOf(run.state, 'strict'), exitCodeOf(run.state, 'last-non-zero')]).toEqual([5, 5])
  })
})
