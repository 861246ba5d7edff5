import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { createMasters, type Masters } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const program = fileURLToPath(new URL('../../../dist/ec2-cmaster.js', import.meta.url))
const agents = 3

let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters
/** Where commands write which process they are. */
let pids: string

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('signals')
  fleet = await startAgents(environment, agents)
  masters = createMasters(sqs)
  await (await masters.open(environment)).discover(agents)
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
})
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

describe('A signal that asks ec2-cmaster to end', () => {
  it.each([
    ['SIGINT', 'by Node'],
    ['SIGTERM', 'by Node'],
    ['SIGHUP', 'by Node'],
    ['SIGHUP', 'by itself'],
  ] as const)(
    'has the agents stop what was sent, and their replies are printed: %s, started %s',
    async (signal, how) => {
      const run = await begin(await sleeping(), how === 'by itself' ? [program] : [process.execPath, program])
      await until(allRunning, 'all agents to be at it')
      const processes = await running()
      run.child.kill(signal)
      expect(await run.exitCode).toBe(130)
      expect(run.stderr()).toContain(`${signal}: Asking the agents to stop.`)
      expect(run.stdout()).toContain(`agent-[1-${agents}] (${agents}) · cancelled`)
      expect(processes.filter(isAlive)).toEqual([])
    },
  )

  it('ends it at once when it comes a second time, and says that the command may still run', async () => {
    // It does not listen, so its agents take some seconds to stop it.
    const run = await begin(await sleeping("trap '' TERM; "))
    await until(allRunning, 'all agents to be at it')
    run.child.kill('SIGTERM')
    await until(() => run.stderr().includes('Asking the agents'), 'the first signal to be taken')
    run.child.kill('SIGTERM')
    expect(await run.exitCode).toBe(128 + 15)
    expect(run.stderr()).toContain('The command may still run on the servers.')
    expect(run.stdout()).toBe('')
    for (const pid of await running()) await until(() => !isAlive(pid), 'the agents to stop it all the same')
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('keeps it from sending what is not sent yet: %s', async (signal, exitCode) => {
    const waiting = async () => (await sqs.connect().attributes(environment.queues.commands)).visible
    // What the commands before left there may expire meanwhile; nothing may come.
    const before = await waiting()
    const proxy = await behindProxy()
    proxy.inject({ fault: { kind: 'slow', ms: [60_000, 60_000] }, queue: /_facts$/ })
    const run = await begin(['-c', 'true'], undefined, proxy.endpoint)
    await until(() => proxy.struck.slow !== undefined, 'it to look for agents')
    run.child.kill(signal)
    expect(await run.exitCode).toBe(exitCode)
    expect(run.stderr()).toBe(`ec2-cmaster: ${signal}: Nothing was sent.\n`)
    expect(await waiting()).toBeLessThanOrEqual(before ?? 0)
  })

  it('while it sends counts as after: agents are asked to stop, and answer that they have', async () => {
    const proxy = await behindProxy()
    const lift = proxy.inject({
      ...{ fault: { kind: 'slow', ms: [60_000, 60_000] }, actions: ['SendMessage'], queue: /_master$/ },
    })
    const run = await begin(['--json', '-c', 'echo executed'], undefined, proxy.endpoint)
    await until(() => proxy.struck.slow !== undefined, 'it to send')
    lift()
    run.child.kill('SIGTERM')
    expect(await run.exitCode).toBe(130)
    expect(run.stderr()).toContain('SIGTERM while the command was being sent: agents may have it.')
    expect(JSON.parse(run.stdout()).counts).toMatchObject({ cancelled: agents, succeeded: 0 })
  })

  it('is ignored where it was started to ignore it, as by nohup', async () => {
    const file = join(await masters.newDirectory(), 'go on')
    const waiting = `until [ -e '${file}' ]; do sleep 0.1; done`
    const run = await begin(await sleeping('', waiting), ['nohup', program])
    await until(allRunning, 'all agents to be at it')
    run.child.kill('SIGHUP')
    await writeFile(file, '')
    expect(await run.exitCode).toBe(0)
    expect(run.stdout()).toContain(`${agents} succeeded`)
  })
})

/** A command of which each agent's process is known. */
async function sleeping(before = '', wait = 'sleep 300'): Promise<string[]> {
  pids = await masters.newDirectory()
  return ['-c', `${before}echo $$ >'${pids}'/$EC2_COLLECTIVE_AGENT_ID; ${wait}`]
}

async function running(): Promise<number[]> {
  const files = await readdir(pids)
  const texts = await Promise.all(files.map((file) => readFile(join(pids, file), 'utf8')))
  return texts.map(Number).filter((pid) => pid > 0)
}

async function allRunning(): Promise<boolean> {
  return (await running()).length === agents
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function behindProxy(): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 7 })
  endings.push(() => proxy.stop())
  return proxy
}

interface Begun {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly exitCode: Promise<number | null>
  stdout(): string
  stderr(): string
}

async function begin(
  argv: readonly string[],
  [command = '', ...before]: readonly string[] = [process.execPath, program],
  endpoint = environment.endpoint ?? '',
): Promise<Begun> {
  const { name, region, credentials } = environment
  const options = ['--env', name, '--endpoint', endpoint, '--everyone']
  const child = spawn(command, [...before, ...options, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      XDG_STATE_HOME: await masters.newDirectory(),
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    },
  })
  endings.push(() => child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (bytes) => {
    stdout += bytes
  })
  child.stderr.on('data', (bytes) => {
    stderr += bytes
  })
  const exitCode = once(child, 'close').then(([code]) => code as number | null)
  return { child, exitCode, stdout: () => stdout, stderr: () => stderr }
}
