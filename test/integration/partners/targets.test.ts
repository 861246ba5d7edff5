import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Master } from '../../../src/master/master.ts'
import { everyone, readFilter } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { startRun } from '../../support/masters.ts'
import { stagePartners } from '../../support/partnerStage.ts'
import { until } from '../../support/until.ts'

const stage = stagePartners()

/** So many that their ids do not fit into a message of 64 KB as a list. */
const others = Array.from({ length: 9_000 }, () => `i-0${randomBytes(8).toString('hex')}`)

describe.each([
  { who: '5fa5438', old: true },
  { who: 'this version', old: false },
])('agents of $who, and a master of this version', ({ old }) => {
  let environment: Environment
  let fleet: AgentFleet
  let master: Master
  let directory: string

  beforeAll(async () => {
    environment = await stage.sqs.environment(old ? 'targetsold' : 'targetsnew')
    fleet = await startAgents(environment, 4, old ? { command: stage.partner.agent } : {})
    const timing = { republishAfterMs: 3_000, responseTimeoutMs: 6_000 }
    const opened = await stage.masters.open(environment, { timing })
    await opened.discover(4)
    master = opened.master
    directory = await stage.masters.newDirectory()
  })
  afterAll(async () => {
    await fleet?.stop()
  })

  const executed = async () => (await readdir(directory)).toSorted()
  const start = (name: string, request: Partial<RunRequest>) =>
    startRun(master, {
      filter: everyone,
      action: { kind: 'shell', command: `touch ${directory}/${name}-$EC2_COLLECTIVE_AGENT_ID` },
      timeoutMs: 60_000,
      ...request,
    })
  /** What was sent before this is decided on by all agents. */
  const settled = async () => {
    const run = await startRun(master, { filter: everyone, action: { kind: 'ping' }, timeoutMs: 60_000 })
    expect((await run.ended).counts.succeeded).toBe(4)
  }

  it('execute a command that names a few of them on these, and nowhere else', async () => {
    const run = await start('few', { filter: readFilter('role=web') })
    await run.ended
    await settled()
    expect(run.state.counts).toMatchObject({ succeeded: 2, unexpected: 0 })
    expect(await executed()).toEqual(['few-agent-1', 'few-agent-3'])
  })

  it(
    old
      ? 'refuse a command whose targets they cannot read, by the name of that part, and execute nothing'
      : 'execute a command whose targets are too many for a list on those that it names, and nowhere else',
    async () => {
      const named = ['agent-1', 'agent-2', 'agent-3']
      const run = await start('many', { targets: [...others, ...named] })
      const verdict = old ? 'refused' : 'succeeded'
      await until(() => run.state.counts[verdict] === 3, 'the answers of those that are named')
      await run.ended
      await settled()
      expect(run.state.counts).toMatchObject({ [verdict]: 3, 'no-reply': others.length, unexpected: 0 })
      // An agent that cannot read whom it names refuses it, too; it was not meant, and has no part in the run.
      expect(run.state.replies.has('agent-4')).toBe(false)
      const ran = (await executed()).filter((name) => name.startsWith('many'))
      expect(ran).toEqual(old ? [] : named.map((agentId) => `many-${agentId}`))
      if (!old) return
      expect(run.state.replies.get('agent-1')?.refusal).toEqual({
        code: 'unsupported',
        reason: 'This version of the agent does not know the action "requires targetSet".',
      })
    },
  )
})
