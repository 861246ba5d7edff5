import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { createMasters, type Masters } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const program = fileURLToPath(new URL('../../../dist/ec2-cmaster.js', import.meta.url))
/** A minute of an agent's patience is half a second here. */
const hasty = `const now = performance.now.bind(performance)\nperformance.now = () => 120 * now()\n`

let sqs: SqsServer
let proxy: FaultProxy
let queues: Queues
let environment: Environment
let fleet: AgentFleet
let masters: Masters
let state: string
let ours: readonly string[]

beforeAll(async () => {
  sqs = await startSqs()
  queues = sqs.connect()
  proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 5 })
  environment = await sqs.environment('tidy')
  masters = createMasters(sqs)
  const preload = join(await masters.newDirectory(), 'hasty.cjs')
  await writeFile(preload, hasty)
  const command = [
    ...[process.execPath, '--require', preload],
    fileURLToPath(new URL('../../../dist/ec2-cagent.js', import.meta.url)),
  ]
  fleet = await startAgents(environment, 2, { command })
  await (await masters.open(environment)).discover(2)
  ours = await replyQueues()
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await proxy?.stop()
  await sqs?.stop()
})
const endings: (() => unknown)[] = []
beforeEach(async () => {
  state = await masters.newDirectory()
})
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
  for (const queue of await leftQueues()) await queues.deleteQueue(queue)
})

describe('The reply queue of ec2-cmaster', () => {
  it('is deleted when every agent has its verdict, where the state is new, as in most pipelines', async () => {
    expect(await finished(begin({}, '-q', '-c', 'echo one'))).toEqual({
      exitCode: 0,
      stdout: 'one\n',
      stderr,
    })
    expect(await leftQueues()).toEqual([])
  })

  it('is kept where the state was there before: the next master receives on it', async () => {
    for (const text of ['first', 'second', 'third']) {
      expect(await finished(begin({}, '-q', '-c', `echo ${text}`))).toMatchObject({ exitCode: 0, stderr })
    }
    expect(await leftQueues()).toEqual([expect.stringMatching(/^tidy_[0-9a-f]{8}-1_agent$/)])
  })

  it.each(['true', '1', 'woodpecker'])(
    'is deleted after each run where CI is %s, whatever was there',
    async (CI) => {
      for (const text of ['first', 'second'])
        expect(await finished(begin({ CI }, '-q', '-c', `echo ${text}`))).toMatchObject({
          exitCode: 0,
          stderr,
        })
      expect(await leftQueues()).toEqual([])
    },
  )

  it('stays when the run is left, and serves the one who resumes it, who then deletes it', async () => {
    const { queue, goOn } = await killedMaster('resumed')
    expect(await leftQueues()).toEqual([queue])
    await goOn()
    const resumed = await finished(begin({ CI: 'true' }, '-q', '--resume', 'last'))
    expect(resumed).toMatchObject({ exitCode: 0, stdout: 'resumed\n' })
    expect(await leftQueues()).toEqual([])
  })

  it('is left behind where deleting it is forbidden: that is said once, and the exit code stays', async () => {
    endings.push(
      proxy.inject({ fault: { kind: 'refuse', as: 'AccessDeniedException' }, actions: ['DeleteQueue'] }),
    )
    const run = await finished(begin({}, '-q', '-c', 'exit 7'))
    expect(run.exitCode).toBe(7)
    expect(run.stderr.match(/is left behind: .*sqs:DeleteQueue.*Your run is not affected/g)).toHaveLength(1)
  })

  it('is left behind when Ctrl-C comes while it is deleted, and the exit code stays', async () => {
    endings.push(proxy.inject({ fault: { kind: 'slow', ms: [60_000, 60_000] }, actions: ['DeleteQueue'] }))
    const before = proxy.struck.slow ?? 0
    const run = begin({}, '-q', '-c', 'exit 7')
    await until(() => (proxy.struck.slow ?? 0) > before, 'it to delete its queue')
    run.child.kill('SIGINT')
    const { exitCode, stderr: told } = await finished(run)
    expect([exitCode, told]).toEqual([7, expect.stringContaining('deleting it was interrupted')])
  })

  it('is the one of all masters where creating one is forbidden: that is said once, with what it costs', async () => {
    endings.push(
      proxy.inject({ fault: { kind: 'refuse', as: 'AccessDeniedException' }, actions: ['CreateQueue'] }),
    )
    const run = await finished(begin({}, '-q', '-c', 'echo shared'))
    expect(run).toMatchObject({ exitCode: 0, stdout: 'shared\n' })
    expect(run.stderr.match(/sqs:CreateQueue .* is not allowed/g)).toHaveLength(1)
    expect(run.stderr).toContain('Replies arrive on tidy_agent, which all masters share')
    const asked = await finished(begin({}, '-q', '--shared-replies', '-c', 'echo shared'))
    expect(asked.stderr).toBe(stderr)
  })
})

describe('An agent', () => {
  it('gives up the reply on a throw-away queue that is gone, says why, and answers the next command', async () => {
    const { queue, goOn } = await killedMaster('late')
    await queues.deleteQueue(queue)
    await goOn()
    await fleet.agent('agent-1').logged(new RegExp(`not sent: the master has ended, and deleted .*${queue}`))
    expect(await finished(begin({ CI: 'true' }, '-q', '-c', 'echo next'))).toMatchObject({ stdout: 'next\n' })
  })
})

/** With `-q`. */
const stderr = ''

/** The private queues that others than the masters of this test have made. */
async function leftQueues(): Promise<string[]> {
  return (await replyQueues()).filter((queue) => !ours.includes(queue))
}

async function replyQueues(): Promise<string[]> {
  return (await queues.listQueues('tidy_')).filter((queue) => /-\d+_agent$/.test(queue))
}

/** A pipeline whose master is killed while both agents execute its command, which then waits to print this text. */
async function killedMaster(text: string) {
  const file = (name: string) => `'${join(state, name)}'`
  const command = `touch ${file('began-')}$EC2_COLLECTIVE_AGENT_ID; until [ -e ${file('go on')} ]; do sleep 0.1; done; echo ${text}`
  const master = begin({ CI: 'true' }, '-q', '-c', command)
  const began = async () => (await readdir(state)).filter((name) => name.startsWith('began-')).length
  await until(async () => (await began()) === 2, 'both agents to begin')
  master.child.kill('SIGKILL')
  await finished(master)
  const [queue = ''] = await leftQueues()
  return { queue, goOn: () => writeFile(join(state, 'go on'), '') }
}

function begin(variables: NodeJS.ProcessEnv, ...argv: string[]) {
  const { name, region, credentials } = environment
  const target = argv.includes('--resume') ? [] : ['--everyone']
  const child = spawn(
    process.execPath,
    [program, '--env', name, '--endpoint', proxy.endpoint, ...target, ...argv],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        XDG_STATE_HOME: state,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
        ...variables,
      },
    },
  )
  endings.push(() => child.kill('SIGKILL'))
  return { child }
}

async function finished({ child }: ReturnType<typeof begin>) {
  let [out, err] = ['', '']
  child.stdout.on('data', (bytes) => {
    out += bytes
  })
  child.stderr.on('data', (bytes) => {
    err += bytes
  })
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  return { exitCode: child.exitCode, stdout: out, stderr: err }
}
