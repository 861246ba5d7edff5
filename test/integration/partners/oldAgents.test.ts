import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Run } from '../../../src/master/engine/run.ts'
import type { Master } from '../../../src/master/master.ts'
import { everyone, readFilter } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters, outputOf, startRun } from '../../support/masters.ts'
import { type Partner, unpackPartner } from '../../support/partners.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let partner: Partner
let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters
let master: Master

beforeAll(async () => {
  partner = await unpackPartner()
  sqs = await startSqs()
  environment = await sqs.environment('oldagents')
  fleet = await startAgents(environment, 4, { command: partner.agent })
  masters = createMasters(sqs)
  const opened = await masters.open(environment)
  await opened.discover(4)
  master = opened.master
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
  await partner?.remove()
})

const shell = (command: string): RunRequest['action'] => ({ kind: 'shell', command })

describe('agents of 5fa5438', () => {
  it('publish facts that are read', () => {
    const agents = master.inventory
      .agents()
      .map(({ agentId, version, facts }) => [agentId, version, facts.role])
    expect(agents).toEqual([
      ['agent-1', '0.1.0', 'web'],
      ['agent-2', '0.1.0', 'db'],
      ['agent-3', '0.1.0', 'web'],
      ['agent-4', '0.1.0', 'db'],
    ])
  })

  it('answer a ping', async () => {
    expect((await ended({ action: { kind: 'ping' } })).state.counts.succeeded).toBe(4)
  })

  it('execute a command, and give its output and exit code', async () => {
    const run = await ended({ action: shell('echo "$EC2_COLLECTIVE_AGENT_ID"; echo trouble >&2; exit 7') })
    expect(run.state.counts.failed).toBe(4)
    for (const { agentId, outcome, output } of run.state.replies.values()) {
      expect([outcome, output]).toEqual([{ kind: 'exited', code: 7 }, 'complete'])
      expect((await outputOf(run, agentId)).split('\n').toSorted()).toEqual(['', agentId, 'trouble'])
    }
  })

  it('execute a script with its bytes, parameters, variables and directory', async () => {
    const content = Buffer.from('#!/bin/sh\nprintf "%s|%s|%s" "$1" "$WHO" "$(pwd)"\n').toString('base64')
    const action = { kind: 'script' as const, name: 'say.sh', content, args: ['a b'] }
    const run = await ended({ action: { ...action, environment: { WHO: "it's" }, directory: '/usr' } })
    expect(run.state.counts.succeeded).toBe(4)
    expect(await outputOf(run, 'agent-1')).toBe("a b|it's|/usr")
  })

  it('are selected by a filter, and by name', async () => {
    const byFilter = await ended({ action: shell('true'), filter: readFilter('role=web') })
    expect([...byFilter.state.replies.keys()].toSorted()).toEqual(['agent-1', 'agent-3'])
    const byName = await ended({ action: shell('true'), targets: ['agent-2'] })
    expect([...byName.state.replies.keys()]).toEqual(['agent-2'])
  })

  it('stop a command that is cancelled', async () => {
    const run = await startRun(master, {
      filter: everyone,
      action: shell('echo begun; sleep 300'),
      timeoutMs: 600_000,
    })
    await until(() => run.state.counts.running === 4, 'all agents to be at it')
    await run.cancel()
    expect((await run.ended).counts.cancelled).toBe(4)
  })

  it('stop a command after its timeout', async () => {
    expect((await ended({ action: shell('sleep 300'), timeoutMs: 300 })).state.counts['timed-out']).toBe(4)
  })

  it('read their facts again when they are asked to', async () => {
    expect((await ended({ action: { kind: 'facts' } })).state.counts.succeeded).toBe(4)
  })

  it('take part in a rollout, which ends when too many fail', async () => {
    const rollout = { canary: 1, batch: { count: 1 }, maxFailures: { count: 1 } }
    const run = await ended({ action: shell('exit 1'), rollout })
    expect(run.state.counts).toMatchObject({ failed: 2, 'not-started': 2 })
  })

  it('give more than a megabyte of output, bit for bit', async () => {
    const bytes = 3 * 1024 * 1024
    const command = `f=$(mktemp); head -c ${bytes} /dev/urandom >$f; sha256sum <$f >&2; cat $f; rm $f`
    const run = await ended({ action: shell(command), filter: readFilter('role=web') })
    expect(run.state.counts.succeeded).toBe(2)
    for (const agentId of ['agent-1', 'agent-3']) {
      const chunks = await run.output(agentId)
      const [stdout, stderr] = ([1, 2] as const).map((stream) =>
        Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.bytes)),
      )
      expect(stdout?.length).toBe(bytes)
      expect(stderr?.toString()).toContain(
        createHash('sha256')
          .update(stdout ?? '')
          .digest('hex'),
      )
    }
  })
})

async function ended(request: Partial<RunRequest> & Pick<RunRequest, 'action'>): Promise<Run> {
  const run = await startRun(master, { filter: everyone, timeoutMs: 60_000, ...request })
  await run.ended
  return run
}
