import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBody } from '../../../src/protocol/envelope.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { type AgentProcess, type AgentSettings, startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const bundle = fileURLToPath(new URL('../../../dist/ec2-cagent.js', import.meta.url))

let sqs: SqsServer
let queues: Queues
let environment: Environment
let master: Commander
let directory: string
let settings: AgentSettings
const agents: AgentProcess[] = []
let environments = 0

beforeAll(async () => {
  sqs = await startSqs()
  queues = sqs.connect()
})

afterAll(() => sqs.stop())

beforeEach(async () => {
  environments += 1
  environment = await sqs.environment(`restart${environments}`)
  master = startCommander(queues, environment)
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
  settings = { environment, directory }
})

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop()
  await master.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function start(general: object = {}): Promise<AgentProcess> {
  const agent = await startAgent({ ...settings, general })
  agents.push(agent)
  return agent
}

const shell = (command: string) => ({ kind: 'shell', command }) as const

const goOn = () => join(directory, 'go-on')
const effects = () => (existsSync(join(directory, 'effects')) ? read(join(directory, 'effects')) : [])
const effect = (word: string) => shell(`echo ${word} >> ${join(directory, 'effects')}; echo ${word} done`)
const read = (path: string) => readFileSync(path, 'utf8').trim().split('\n')

/** A run that goes on until the test lets it end. Resolves when it has begun. */
async function beginRun(): Promise<string> {
  const runId = await master.send(shell(`echo begun; until test -e ${goOn()}; do sleep 0.05; done; echo end`))
  await master.wait(runId, 'output')
  return runId
}

/** Sends a command and waits until the agent holds it. */
async function sendHeld(agent: AgentProcess, word: string): Promise<string> {
  const runId = await master.send(effect(word))
  await agent.logged(new RegExp(`Run ${runId} waits for the restart`))
  expect(await master.wait(runId, 'ack')).toMatchObject({ state: 'queued' })
  return runId
}

interface Told {
  readonly code: number
  readonly said: string
}

function ask(agent: AgentProcess, ...more: string[]): Promise<Told> {
  return tell(['restart-when-idle', '--config', agent.configFile, ...more])
}

function tell(args: readonly string[]): Promise<Told> {
  const env = { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  return new Promise((resolve) => {
    execFile(process.execPath, [bundle, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
    )
  })
}

async function restartFact(): Promise<unknown> {
  let found: unknown
  for (;;) {
    const messages = await queues.receive(environment.queues.facts, {
      waitSeconds: 0,
      visibilitySeconds: 30,
    })
    if (messages.length === 0) return found
    for (const { body } of messages) {
      const { message } = openBody(body, 'facts')
      if (message.type === 'facts') found = (message.facts.agent as { restart?: unknown }).restart
    }
    await queues.delete(environment.queues.facts, messages)
  }
}

describe('A planned restart while a command runs', () => {
  it('lets it end, and leaves new commands to the new agent, which executes each once', async () => {
    const agent = await start()
    const long = await beginRun()
    const asked = await ask(agent)
    expect(asked.code).toBe(0)
    expect(asked.said).toMatch(
      new RegExp(`^The agent \\(process ${agent.pid}\\) restarts as soon as nothing runs\\.`),
    )
    await agent.logged(new RegExp(`Restarting when run ${long} has ended\\. .* for 60 s at most`))
    await until(async () => (await restartFact()) === 'pending', 'the fact agent.restart')
    const held = [await sendHeld(agent, 'one'), await sendHeld(agent, 'two')]
    // What executes nothing is answered meanwhile.
    expect((await master.result(await master.send({ kind: 'ping' }))).result.outcome.kind).toBe('exited')
    expect(effects()).toEqual([])
    writeFileSync(goOn(), '')
    expect(await agent.ended).toBe(0)
    expect((await master.result(long)).stdout).toBe('begun\nend\n')
    expect(effects()).toEqual([])
    const next = await start()
    expect((await master.result(held[0] as string)).stdout).toBe('one done\n')
    expect((await master.result(held[1] as string)).stdout).toBe('two done\n')
    await next.stop()
    await start()
    await master.result(await master.send(effect('three')))
    expect(effects()).toEqual(['one', 'two', 'three'])
    expect(readdirSync(join(agent.stateDirectory, 'held'))).toEqual([])
  })

  it('executes what waited also when its message is no longer on the queue', async () => {
    const agent = await start()
    await beginRun()
    agent.signal('SIGUSR2')
    await agent.logged(/Restarting when/)
    const runId = await sendHeld(agent, 'kept')
    await master.expire()
    writeFileSync(goOn(), '')
    expect(await agent.ended).toBe(0)
    await start()
    expect((await master.result(runId)).stdout).toBe('kept done\n')
    expect(effects()).toEqual(['kept'])
  })

  it('comes also where new commands overlap all the time', async () => {
    let agent = await start()
    const runs = [await master.send(shell('echo first; sleep 1'))]
    await master.wait(runs[0] as string, 'ack')
    agent.signal('SIGUSR2')
    await agent.logged(/Restarting when/)
    let isEnded = false
    void agent.ended.then(() => {
      isEnded = true
    })
    while (!isEnded && runs.length < 100) {
      const runId = await master.send(shell(`echo ${runs.length} >> ${directory}/effects; sleep 1`))
      runs.push(runId)
      await until(() => isEnded || master.heard(runId).length > 0, 'it to be taken or left')
    }
    expect(isEnded).toBe(true)
    agent = await start()
    for (const runId of runs) expect((await master.result(runId)).result.outcome.kind).toBe('exited')
    expect(effects().length).toBe(runs.length - 1)
    expect(new Set(effects()).size).toBe(runs.length - 1)
  })

  it('is postponed when one runs for longer than the limit: then what waited is executed, and it comes later', async () => {
    const agent = await start({ restart_limit: 1 })
    const long = await beginRun()
    agent.signal('SIGUSR2')
    await agent.logged(/Restarting when/)
    const waited = await master.send(effect('waited'))
    await agent.logged(new RegExp(`The restart is postponed until run ${long} has ended: waited 1 s`))
    expect((await master.result(waited)).stdout).toBe('waited done\n')
    expect((await master.result(await master.send(effect('at once')))).stdout).toBe('at once done\n')
    await until(async () => (await restartFact()) === 'pending', 'the fact agent.restart')
    writeFileSync(goOn(), '')
    expect(await agent.ended).toBe(0)
    expect((await master.result(long)).stdout).toBe('begun\nend\n')
    expect(effects()).toEqual(['waited', 'at once'])
  })

  it('is asked for once, however often', async () => {
    const agent = await start()
    await beginRun()
    agent.signal('SIGUSR2')
    await agent.logged(/Restarting when/)
    expect((await ask(agent)).code).toBe(0)
    await agent.logged(/A restart was asked for already/)
    expect(agent.log.match(/Restarting when/g)).toHaveLength(1)
    writeFileSync(goOn(), '')
    expect(await agent.ended).toBe(0)
  })

  it('gives way to TERM: the run is interrupted, and what waited is refused and stays so', async () => {
    const agent = await start()
    const long = await beginRun()
    agent.signal('SIGUSR2')
    await agent.logged(/Restarting when/)
    const waited = await sendHeld(agent, 'waited')
    agent.signal('SIGTERM')
    expect(await agent.ended).toBe(0)
    expect((await master.result(long)).result.outcome).toEqual({ kind: 'interrupted' })
    expect(await master.wait(waited, 'refusal')).toMatchObject({
      code: 'busy',
      reason: 'The agent is stopping.',
    })
    await start()
    await master.result(await master.send(effect('next')))
    expect(effects()).toEqual(['next'])
  })

  it('survives a crash: the run is interrupted, and what waited is executed once', async () => {
    const agent = await start()
    const long = await beginRun()
    agent.signal('SIGUSR2')
    await agent.logged(/Restarting when/)
    const waited = await sendHeld(agent, 'waited')
    await agent.kill()
    await start()
    const { result, stdout } = await master.result(long)
    expect(result.outcome).toEqual({ kind: 'interrupted' })
    expect(stdout).toBe('begun\n')
    expect((await master.result(waited)).stdout).toBe('waited done\n')
    await master.result(await master.send(effect('next')))
    expect(effects()).toEqual(['waited', 'next'])
  })

  it('leaves what was cancelled meanwhile unexecuted', async () => {
    const agent = await start()
    await beginRun()
    agent.signal('SIGUSR2')
    await agent.logged(/Restarting when/)
    const waited = await sendHeld(agent, 'waited')
    await master.send({ kind: 'cancel', runId: waited, issuedAt: Date.now() })
    expect((await master.result(waited)).result.outcome).toEqual({ kind: 'cancelled', started: false })
    writeFileSync(goOn(), '')
    expect(await agent.ended).toBe(0)
    await start()
    await master.result(await master.send(effect('next')))
    expect(effects()).toEqual(['next'])
  })
})

describe('ec2-cagent restart-when-idle', () => {
  it('says that no agent is running', async () => {
    const agent = await start()
    await agent.stop()
    expect(await ask(agent)).toEqual({
      code: 1,
      said: `ec2-cagent: No agent is running that uses the state directory ${agent.stateDirectory}.\n`,
    })
  })

  it('refuses to wait within a command of the agent, which would wait for itself', async () => {
    const agent = await start()
    const verb = `${process.execPath} ${bundle} restart-when-idle --config ${agent.configFile}`
    const { result, stderr } = await master.result(await master.send(shell(`${verb} --wait 5`)))
    expect(result.outcome).toEqual({ kind: 'exited', code: 1 })
    expect(stderr).toMatch(/A command of the agent cannot wait for its restart/)
    const { result: without } = await master.result(await master.send(shell(`${verb}; sleep 0.5`)))
    expect(without.outcome).toEqual({ kind: 'exited', code: 0 })
    expect(await agent.ended).toBe(0)
  })

  it('waits for the new agent, and fails when none has come in time', async () => {
    const agent = await start()
    await beginRun()
    const tooShort = await ask(agent, '--wait', '1')
    expect(tooShort.code).toBe(1)
    expect(tooShort.said).toMatch(/has not restarted within 1 s: commands are still running/)
    const waiting = ask(agent, '--wait', '60')
    await until(() => agent.log.match(/asked for already/g)?.length === 1, 'it to be asked again')
    writeFileSync(goOn(), '')
    await agent.ended
    const next = await start()
    expect(await waiting).toMatchObject({
      code: 0,
      said: expect.stringContaining(`The new agent is running (process ${next.pid}).`),
    })
  })

  it('has an agent in the background, which no supervisor starts, start the new one itself', async () => {
    const { configFile, ...foreground } = await start()
    await foreground.stop()
    const pidFile = join(directory, 'agent.pid')
    const files = ['--config', configFile, '--pidfile', pidFile, '--logfile', join(directory, 'agent.log')]
    expect((await tell(files)).code).toBe(0)
    const first = read(pidFile)[0]
    const asked = await tell(['restart-when-idle', '--config', configFile, '--wait', '30'])
    expect(asked.code).toBe(0)
    await until(() => existsSync(pidFile) && read(pidFile)[0] !== first, 'the new pid file')
    const second = Number(read(pidFile)[0])
    try {
      expect((await master.result(await master.send(effect('by the second')))).stdout).toMatch('done')
    } finally {
      process.kill(second, 'SIGTERM')
      await until(() => !existsSync(pidFile), 'it to end')
    }
  })
})
