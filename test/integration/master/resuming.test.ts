import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { History } from '../../../src/master/store/history.ts'
import { claimMasterId } from '../../../src/master/store/masterId.ts'
import { sealBody } from '../../../src/protocol/envelope.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { CommandMessage } from '../../../src/protocol/messages.ts'
import { privateReplyQueue } from '../../../src/protocol/names.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters, outputOf, startRun } from '../../support/masters.ts'
import { repliesOf, type ScriptedAgent, startScriptedAgent } from '../../support/scriptedAgent.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const program = fileURLToPath(new URL('../../../dist/ec2-cmaster.js', import.meta.url))

let sqs: SqsServer
let masters: Masters

beforeAll(async () => {
  sqs = await startSqs()
  masters = createMasters(sqs)
})
afterAll(async () => {
  await masters?.close()
  await sqs?.stop()
})

describe('a run whose master was killed', () => {
  let environment: Environment
  let fleet: AgentFleet

  beforeAll(async () => {
    environment = await sqs.environment('killed')
    fleet = await startAgents(environment, 3)
  })
  afterAll(() => fleet?.stop())

  it('is resumed by the next one, and loses nothing of what came before, meanwhile and after', async () => {
    await (await masters.open(environment)).discover(3)
    const state = await masters.newDirectory()
    const places = {
      ids: join(state, 'ec2-collective', 'masters'),
      runs: join(state, 'ec2-collective', 'history'),
    }
    const gate = join(state, 'gate')
    const command = `echo before; while [ ! -e '${gate}' ]; do sleep 0.1; done; echo after`
    const { name, endpoint = '' } = environment
    const killed = spawn(
      process.execPath,
      [program, '--env', name, '--endpoint', endpoint, '--everyone', '-c', command],
      { stdio: 'ignore', env: { ...environmentVariables(environment), XDG_STATE_HOME: state } },
    )
    const history = await History.open(places.runs)
    const runId = await knownRun(history)
    const bytesSoFar = async () => {
      const { replies } = (await history.load(runId)).state
      return [...replies.values()].map(({ stdoutBytes }) => stdoutBytes)
    }
    await until(
      async () => (await bytesSoFar()).join() === '7,7,7',
      'the first line of each agent to be on disk',
    )
    killed.kill('SIGKILL')
    await once(killed, 'exit')

    const masterId = await claimMasterId(places.ids)
    // The server still answers the long poll of the dead process: with something that nobody misses.
    await sqs.connect().send(privateReplyQueue(environment.name, masterId.id), 'for the dead')
    const { master } = await masters.open(environment, { masterId: masterId.id, history })
    const [run, ...others] = await master.resume()
    expect([run?.runId, others]).toEqual([runId, []])
    if (run === undefined) throw new Error('no run')
    expect(run.state.counts.running).toBe(3)
    const opening = spawn('touch', [gate])
    await once(opening, 'exit')
    const { counts, replies } = await run.ended
    expect(counts.succeeded).toBe(3)
    for (const { agentId, output } of replies.values()) {
      expect(output).toBe('complete')
      expect(await outputOf(run, agentId)).toBe('before\nafter\n')
    }
    await masterId.release()
  })
})

describe('a rollout whose window was closed', () => {
  let environment: Environment
  let fleet: AgentFleet

  beforeAll(async () => {
    environment = await sqs.environment('rollouts')
    fleet = await startAgents(environment, 2)
  })
  afterAll(() => fleet?.stop())

  /** The canary runs until the gate is open; the master is closed in the middle of that. */
  async function leave(where: Environment, masterId: string) {
    const directory = await masters.newDirectory()
    const [gate, effects] = [join(directory, 'gate'), join(directory, 'effects')]
    const runs = join(directory, 'runs')
    const history = await History.open(runs)
    const first = await masters.open(where, { masterId, history })
    await first.discover(2)
    const run = await startRun(first.master, {
      filter: everyone,
      action: {
        kind: 'shell',
        command: `echo $EC2_COLLECTIVE_AGENT_ID >>'${effects}'; while [ ! -e '${gate}' ]; do sleep 0.1; done`,
      },
      timeoutMs: 60_000,
      rollout: { canary: 1 },
    })
    await until(() => run.state.counts.running === 1, 'the canary to be at it')
    await first.master.close()
    return {
      ...{ runId: run.runId, record: join(runs, run.runId, 'run.ndjson') },
      openGate: () => writeFile(gate, ''),
      executedBy: async () => (await readFile(effects, 'utf8')).trim().split('\n').toSorted(),
      next: () => masters.open(where, { masterId, history }),
    }
  }

  it('is not continued by a forged reply, however soon, nor by the end of its step; a person continues it', async () => {
    const { runId, openGate, executedBy, next } = await leave(environment, 'closed-1')
    const { master } = await next()
    const { message, data } = repliesOf('ghost', runId).result([])
    const forgery = sealBody(message, data)
    await sqs.connect().send(privateReplyQueue(environment.name, 'closed-1'), forgery)
    // The user only pings.
    await master.refresh()
    await (await startRun(master, ping)).ended
    await until(() => master.run(runId)?.state.replies.has('ghost') === true, 'the forged reply to be read')
    const run = master.run(runId)
    await openGate()
    await until(() => run?.state.counts.succeeded === 1, 'the canary to end')
    await run?.tick()
    expect([run?.state.phase, await executedBy()]).toEqual(['paused', ['agent-1']])
    run?.resume()
    await run?.ended
    expect(await executedBy()).toEqual(['agent-1', 'agent-2'])
  })

  it('continues by itself when it is resumed at once, as when a window is reloaded', async () => {
    const { openGate, executedBy, next } = await leave(environment, 'closed-2')
    const [run] = await (await next()).master.resume()
    await openGate()
    await run?.ended
    expect(await executedBy()).toEqual(['agent-1', 'agent-2'])
  })

  it('is paused when nobody had it for more than ten seconds', async () => {
    const { record, openGate, next } = await leave(environment, 'closed-3')
    const text = await readFile(record, 'utf8')
    await writeFile(
      record,
      text.replaceAll(/"at":(\d+)/g, (_, at) => `"at":${Number(at) - 11_000}`),
    )
    const [run] = await (await next()).master.resume()
    expect(run?.state).toMatchObject({ phase: 'paused', pauseReason: expect.stringContaining('10 seconds') })
    run?.stopRollout()
    await openGate()
    expect((await run?.ended)?.counts).toMatchObject({ succeeded: 1, 'not-started': 1 })
  })

  it('is paused at once where the environment is protected', async () => {
    const { openGate, executedBy, next } = await leave({ ...environment, protected: true }, 'closed-4')
    const [run] = await (await next()).master.resume()
    await openGate()
    await until(() => run?.state.counts.succeeded === 1, 'the canary to end')
    expect([run?.state.phase, await executedBy()]).toEqual(['paused', ['agent-1']])
    run?.stopRollout()
    await run?.ended
  })
})

describe('a run that another master has in hand', () => {
  it('is left to it', async () => {
    const environment = await sqs.environment('inhand')
    const agent = await scripted(environment, 'quiet', () => {})
    const first = await masters.open(environment)
    await first.discover(1)
    const run = await startRun(first.master, ping)
    const second = await masters.open(environment, { history: first.history })
    expect(await second.master.resume()).toEqual([])
    expect(second.troubles).toEqual([])
    await until(() => agent.commands.length > 0, 'the command')
    await agent.send(replyTo(agent), repliesOf('quiet', run.runId).result([]))
    expect((await run.ended).counts.succeeded).toBe(1)
    await agent.stop()
  })
})

describe('a master whose disk is full', () => {
  it('leaves to SQS what it cannot keep, for the next one', async () => {
    const environment = await sqs.environment('full')
    const agent = await scripted(environment, 'heard', () => {})
    const directory = await masters.newDirectory()
    const history = await History.open(directory)
    const first = await masters.open(environment, { masterId: 'full-1', history })
    await first.discover(1)
    const run = await startRun(first.master, ping)
    await until(() => agent.commands.length > 0, 'the command')
    const events = join(directory, run.runId, 'run.ndjson')
    await until(() => !openFiles().includes(events), 'the record to be closed')
    renameSync(events, `${events}.kept`)
    symlinkSync('/dev/full', events)
    await agent.send(replyTo(agent), repliesOf('heard', run.runId).result([]))
    expect((await run.ended).counts.succeeded).toBe(1)
    await until(() => first.troubles.some(({ kind }) => kind === 'run'), 'the master to tell of its disk')
    await first.master.close().catch(() => {})
    renameSync(`${events}.kept`, events)

    expect((await history.list())[0]).toMatchObject({ phase: 'running', counts: { succeeded: 0 } })
    const second = await masters.open(environment, { masterId: 'full-1', history })
    const [resumed] = await second.master.resume()
    // What the first one had received stays hidden for a while.
    await until(() => resumed?.state.counts.succeeded === 1, 'the answer to come again')
    await resumed?.flush()
    expect((await history.list())[0]).toMatchObject({ phase: 'over', counts: { succeeded: 1 } })
    await agent.stop()
  })
})

describe('a run whose answers were lost with the shared reply queue', () => {
  it('asks for them again when it is resumed, and learns of agents that it did not know', async () => {
    const environment = await sqs.environment('gone')
    const answering = (agentId: string) =>
      scripted(environment, agentId, async ({ action, replyTo: queue }, self) => {
        if (action.kind === 'resend') await self.send(queue, repliesOf(agentId, action.runId).result([]))
      })
    const known = await answering('known')
    const timing = { graceMs: 60_000, responseTimeoutMs: 60_000, republishAfterMs: 60_000 }
    const shared = { timing, replyQueue: 'shared', masterId: 'gone-1' } as const
    const first = await masters.open(environment, shared)
    await first.discover(1)
    await startRun(first.master, ping)
    await until(() => known.commands.length > 0, 'the command')
    await first.master.close()
    const unknown = await answering('unknown')

    const { history } = first
    const [resumed] = await (await masters.open(environment, { ...shared, history })).master.resume()
    await until(() => resumed?.state.counts.succeeded === 1 && resumed.state.unexpected === 1, 'both answers')
    expect(resumed?.state.replies.get('unknown')).toMatchObject({ state: 'unexpected', expected: false })
    await Promise.all([known.stop(), unknown.stop()])
  })
})

describe('a late reply', () => {
  const timing = { republishAfterMs: 50, responseTimeoutMs: 100, graceMs: 100 }

  it('corrects the run that is over, and its summary in the history', async () => {
    const environment = await sqs.environment('late')
    const agent = await scripted(environment, 'slow', () => {})
    const { master, history, discover } = await masters.open(environment, { timing })
    await discover(1)
    const run = await startRun(master, ping)
    expect((await run.ended).counts['no-reply']).toBe(1)
    await until(() => agent.commands.length > 0, 'the command')
    const { ack, frame, result } = repliesOf('slow', run.runId)
    await agent.send(
      replyTo(agent),
      ack(),
      result(['late, ', 'but here']),
      frame(1, 'but here'),
      frame(0, 'late, '),
    )
    await until(() => run.state.unsettled === 0 && run.state.counts.succeeded === 1, 'the late reply')
    expect(run.state.replies.get('slow')).toMatchObject({ late: true, output: 'complete' })
    expect(await outputOf(run, 'slow')).toBe('late, but here')
    await run.flush()
    expect((await history.list())[0]?.counts).toMatchObject({ succeeded: 1, 'no-reply': 0 })
    await agent.stop()
  })

  it('that comes when its master is gone waits for the next one, and lands in its run', async () => {
    const environment = await sqs.environment('later')
    const agent = await scripted(environment, 'slow', () => {})
    const first = await masters.open(environment, { timing, masterId: 'later-1' })
    await first.discover(1)
    const run = await startRun(first.master, ping)
    await run.ended
    await until(() => agent.commands.length > 0, 'the command')
    await first.master.close()
    const { ack, frame, result } = repliesOf('slow', run.runId)
    await agent.send(replyTo(agent), ack(), frame(0, 'at last'), result(['at last']))

    const { history } = first
    const second = await masters.open(environment, { timing, masterId: 'later-1', history })
    expect(await second.master.resume()).toEqual([])
    await until(
      async () => (await history.list())[0]?.counts.succeeded === 1,
      'the reply to be in the history',
    )
    await second.master.close()
    const { state, record } = await history.load(run.runId)
    expect(state.replies.get('slow')).toMatchObject({ state: 'succeeded', late: true, output: 'complete' })
    expect(Buffer.concat((await record.output.read('slow')).map(({ bytes }) => bytes)).toString()).toBe(
      'at last',
    )
    await agent.stop()
  })

  it('whose missing frame comes only when it is asked for completes the run all the same', async () => {
    const environment = await sqs.environment('latest')
    const agent = await scripted(environment, 'slow', async ({ action, replyTo: queue }, self) => {
      if (action.kind === 'resend')
        await self.send(
          queue,
          ...action.missing.map((n) => repliesOf('slow', action.runId).frame(n, `frame ${n}`)),
        )
    })
    const { master, discover } = await masters.open(environment, {
      timing: { ...timing, resendAfterMs: 100 },
    })
    await discover(1)
    const run = await startRun(master, ping)
    await run.ended
    await until(() => agent.commands.length > 0, 'the command')
    await agent.send(replyTo(agent), repliesOf('slow', run.runId).result(['frame 0', 'frame 1']))
    await until(() => run.state.replies.get('slow')?.output === 'complete', 'the frames that were asked for')
    expect(await outputOf(run, 'slow')).toBe('frame 0frame 1')
    await agent.stop()
  })
})

/** Paths of the files that this process has open. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      return [readlinkSync(`/proc/self/fd/${name}`)]
    } catch {
      return []
    }
  })
}

const ping: RunRequest = { filter: everyone, action: { kind: 'ping' }, timeoutMs: 60_000 }

function scripted(
  environment: Environment,
  agentId: string,
  obey: (command: CommandMessage, agent: ScriptedAgent) => void | Promise<void>,
): Promise<ScriptedAgent> {
  return startScriptedAgent(sqs.connect(), environment, agentId, async (command, agent) =>
    obey(command, agent),
  )
}

/** Where the first command wants its replies. */
function replyTo(agent: ScriptedAgent): string {
  return agent.commands[0]?.replyTo ?? ''
}

function environmentVariables({ region, credentials }: Environment) {
  return {
    PATH: process.env.PATH,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
  }
}

async function knownRun(history: History): Promise<string> {
  await until(async () => (await history.list()).length > 0, 'the run to be in the history')
  return (await history.list())[0]?.runId ?? ''
}
