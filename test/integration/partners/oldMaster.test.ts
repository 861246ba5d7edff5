import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { History } from '../../../src/master/store/history.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { ReplyMessage } from '../../../src/protocol/messages.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters } from '../../support/masters.ts'
import { endOf, type Partner, placesIn, startMasterProgram, unpackPartner } from '../../support/partners.ts'
import { repliesOf, startScriptedAgent } from '../../support/scriptedAgent.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let partner: Partner
let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters
let state: string

beforeAll(async () => {
  partner = await unpackPartner()
  sqs = await startSqs()
  environment = await sqs.environment('oldmaster')
  fleet = await startAgents(environment, 4)
  masters = createMasters(sqs)
  state = await masters.newDirectory()
  await (await masters.open(environment)).discover(4)
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
  await partner?.remove()
})

describe('the master of 5fa5438', () => {
  it('counts the agents that a filter matches', async () => {
    expect(await cmaster('-m', 'count', '--filter', 'role=web')).toMatchObject({
      stdout: '2 agents match role=web\nagent-[1,3]\n',
      exitCode: 0,
    })
  })

  it('gets an answer to a ping', async () => {
    const { counts, exitCode } = await run('-m', 'ping', '--everyone')
    expect([counts.succeeded, exitCode]).toEqual([4, 0])
  })

  it('has a command executed, and gets its output and exit code', async () => {
    const { agents, counts, exitCode } = await run(
      '--everyone',
      '-c',
      'echo "$EC2_COLLECTIVE_AGENT_ID"; exit 7',
    )
    expect([counts.failed, exitCode]).toEqual([4, 7])
    for (const { agentId, stdout, output } of agents)
      expect([stdout, output]).toEqual([`${agentId}\n`, 'complete'])
  })

  it('has a script executed with its parameters and its directory', async () => {
    const script = join(state, 'say.sh')
    await writeFile(script, '#!/bin/sh\nprintf "%s|%s" "$1" "$(pwd)"\n')
    const { agents } = await run('--everyone', '-c', `file://${script}`, '-p', 'a b', '--directory', '/usr')
    expect(agents.map(({ stdout }) => stdout)).toEqual(Array(4).fill('a b|/usr'))
  })

  it('reaches those whom its filter selects, and no other', async () => {
    const { agents } = await run('--filter', 'role=web and not hostname=agent-3', '-c', 'true')
    expect(agents.map(({ agentId, verdict }) => [agentId, verdict])).toEqual([['agent-1', 'succeeded']])
  })

  it('has a command stopped: at an interrupt, and after its timeout', async () => {
    const child = start('--everyone', '--json', '-c', 'echo begun; sleep 300')
    const history = await History.open(placesIn(state).runs)
    const isRunning = async () => {
      const [latest] = await history.list()
      if (latest?.phase !== 'running') return false
      return (await history.load(latest.runId)).state.counts.running === 4
    }
    const ending = endOf(child)
    await until(isRunning, 'all agents to be at it')
    child.kill('SIGINT')
    const { stdout, exitCode } = await ending
    expect([JSON.parse(stdout).counts.cancelled, exitCode]).toEqual([4, 130])
    expect((await run('--everyone', '-t', '0.3', '-c', 'sleep 300')).counts['timed-out']).toBe(4)
  })

  it('has the facts read again', async () => {
    expect((await run('-m', 'facts', '--everyone')).counts.succeeded).toBe(4)
  })

  it('leads a rollout, and ends it when too many fail', async () => {
    const steps = ['--canary', '1', '--batch', '1', '--max-failures', '1']
    const { counts } = await run('--everyone', ...steps, '-c', 'exit 1')
    expect(counts).toMatchObject({ failed: 2, 'not-started': 2 })
  })

  it('gets more than a megabyte of output, bit for bit, on its own reply queue and on the shared one', async () => {
    const bytes = 3 * 1024 * 1024
    const command = `f=$(mktemp); head -c ${bytes} /dev/urandom >$f; sha256sum <$f >&2; cat $f; rm $f`
    for (const where of [[], ['--shared-replies']]) {
      const { agents } = await run('--filter', 'role=web', ...where, '-c', command)
      expect(agents.map(({ verdict }) => verdict)).toEqual(['succeeded', 'succeeded'])
      for (const { stdout, stderr } of agents) {
        const sent = Buffer.from(typeof stdout === 'string' ? '' : stdout.base64, 'base64')
        expect(sent.length).toBe(bytes)
        expect(stderr).toContain(createHash('sha256').update(sent).digest('hex'))
      }
    }
  })

  it('passes over the farewell of an agent that stops, which today’s master understands', async () => {
    const left = await sqs.environment('left')
    const leaving = await startAgents(left, 1)
    const { master, discover } = await masters.open(left)
    await discover(1)
    await leaving.stop()
    await until(async () => {
      await master.refresh()
      return master.inventory.agents()[0]?.hasLeft === true
    }, 'the farewell')
    expect(master.reach({ filter: everyone })).toMatchObject({ agents: [], missing: [], known: 0 })
    expect(await cmaster('--env', 'left', '-m', 'count', '--everyone')).toMatchObject({
      stdout: '1 agent matches *\nagent-1\n',
      exitCode: 0,
    })
  })

  it('passes over a field of a reply that it does not know', async () => {
    const another = await sqs.environment('later')
    const agent = await startScriptedAgent(sqs.connect(), another, 'later-1', async (command, itself) => {
      const { message, data } = repliesOf('later-1', command.runId).result([])
      const later: ReplyMessage = Object.assign({}, message, { moon: 'full' })
      await itself.send(command.replyTo, { message: later, data })
    })
    const { counts } = await run('--env', 'later', '--everyone', '-m', 'ping')
    expect(counts.succeeded).toBe(1)
    await agent.stop()
  })
})

/** What the master of that version prints with `--json`, as far as it is looked at here. */
interface Report {
  readonly exitCode: number
  readonly counts: Readonly<Record<string, number>>
  readonly agents: readonly {
    readonly agentId: string
    readonly verdict: string
    readonly output: string
    readonly stdout: string | { readonly base64: string }
    readonly stderr: string
  }[]
}

async function run(...argv: readonly string[]): Promise<Report> {
  const { stdout, stderr } = await cmaster('--json', ...argv)
  if (stdout === '') throw new Error(`no report: ${stderr}`)
  return JSON.parse(stdout)
}

function cmaster(...argv: readonly string[]) {
  return endOf(start(...argv))
}

function start(...argv: readonly string[]) {
  return startMasterProgram({ program: partner.master, environment, state, argv })
}
