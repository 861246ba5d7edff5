import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { History } from '../../../src/master/store/history.ts'
import { openBody } from '../../../src/protocol/envelope.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { ReceivedMessage } from '../../../src/queues/queues.ts'
import { startAgent } from '../../support/agentProcess.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters, startRun } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const program = fileURLToPath(new URL('../../../dist/ec2-cmaster.js', import.meta.url))

let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters
let discover: (agents: number) => Promise<void>
let state: string
/** Where commands write that they were executed. */
let effects: string
/** Where ec2-cmaster is started. */
let directory: string

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('guarded')
  fleet = await startAgents(environment, 3)
  masters = createMasters(sqs)
  ;({ discover } = await masters.open(environment))
  await discover(3)
})
beforeEach(async () => {
  state = await masters.newDirectory()
  directory = await masters.newDirectory()
  effects = join(directory, 'effects')
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
})

describe('ec2-cmaster without a terminal', () => {
  it('shows the hosts on standard error, and sends', async () => {
    const { stdout, stderr, exitCode } = await cmaster('--everyone', '-c', 'echo hit')
    expect(stderr).toBe('Targets (3 of 3 agents): agent-[1-3]\n')
    expect([stdout.includes('agent-[1-3] (3) · succeeded\nhit'), exitCode]).toEqual([true, 0])
  })

  it('sends nothing when the number of agents is another than --expect says', async () => {
    const { stdout, stderr, exitCode } = await cmaster('--everyone', '--expect', '2', '-c', touch())
    expect([stdout, exitCode]).toEqual(['', 6])
    expect(stderr).toBe('ec2-cmaster: 3 agents match, and --expect says 2. Nothing was sent.\nagent-[1-3]\n')
    expect(existsSync(effects)).toBe(false)
    expect(await cmaster('--everyone', '--expect', '3', '-q', '-c', 'echo hit')).toMatchObject({
      ...{ stdout: 'hit\n', stderr: '', exitCode: 0 },
    })
  })

  it('names the agents that its last run knew and that are not seen now, before it sends', async () => {
    const goner = await startAgent({
      environment,
      directory: await masters.newDirectory(),
      agentId: 'goner',
    })
    await discover(4)
    expect(await cmaster('--everyone', '-q', '-c', 'true')).toMatchObject({ stderr: '', exitCode: 0 })
    await goner.kill()
    await expireFactsOf('goner')
    const { stderr, exitCode } = await cmaster('--everyone', '-q', '-c', 'echo hit')
    expect(stderr).toBe(
      'Targets (3 of 3 agents): agent-[1-3]\nNot seen now, so not among the targets (1): goner\n',
    )
    expect(exitCode).toBe(0)
  })

  it('needs the name of an environment that a workspace file above it protects', async () => {
    await mkdir(join(directory, '.vscode'))
    const file = 'environments:\n  guarded:\n    region: eu-west-1\n    protected: true\n'
    await writeFile(join(directory, '.vscode', 'ec2-collective.yaml'), file)
    await mkdir(join(directory, 'scripts'))
    const inScripts = { cwd: join(directory, 'scripts') }
    const refused = await end(start(inScripts, '--everyone', '--yes', '-c', touch()))
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toContain('guarded is protected: add --confirm guarded. Nothing was sent.')
    expect(existsSync(effects)).toBe(false)
    const confirmed = await end(
      start(inScripts, '--everyone', '--confirm', 'guarded', '-q', '-c', 'echo hit'),
    )
    expect(confirmed).toMatchObject({ stdout: 'hit\n', exitCode: 0 })
  })

  it('includes agents that are not seen yet by a choice of its own, and never where that is protected', async () => {
    const included = await cmaster('--everyone', '--include-unseen', '-q', '-c', 'echo hit')
    expect(included).toMatchObject({ stdout: 'hit\n', exitCode: 0 })
    const guarded = { env: { EC2_COLLECTIVE_PROTECTED: 'guarded' } }
    const refused = await end(
      start(guarded, '--everyone', '--include-unseen', '--confirm', 'guarded', '-c', touch()),
    )
    expect([refused.exitCode, existsSync(effects)]).toEqual([2, false])
  })
})

describe('ec2-cmaster at a terminal', () => {
  it('shows all of it, and sends nothing on a no', async () => {
    const terminal = atTerminal({}, '--everyone', '-c', touch())
    await terminal.says('Send it to 3 agents of guarded? [Y/n]')
    expect(terminal.text()).toContain(`Command: ${touch()}`)
    expect(terminal.text()).toContain('Targets (3 of 3 agents): agent-[1-3]')
    terminal.type('n')
    expect(await terminal.exitCode).toBe(2)
    expect(terminal.text()).toContain('Nothing was sent.')
    expect(existsSync(effects)).toBe(false)
  })

  it('asks again for the name of a protected environment when an agent has joined while it asked', async () => {
    const terminal = atTerminal(
      { env: { EC2_COLLECTIVE_PROTECTED: 'guarded' } },
      ...['--everyone', '-c', touch()],
    )
    await terminal.says('Type its name to continue:')
    const more = await startAgent({
      environment,
      directory: await masters.newDirectory(),
      agentId: 'newcomer',
    })
    try {
      await discover(4)
      terminal.type('guarded')
      await terminal.says('The fleet has changed since then. 1 new: newcomer.')
      await terminal.says('Targets (4 of 4 agents)')
      terminal.type('no')
      expect(await terminal.exitCode).toBe(2)
      expect(existsSync(effects)).toBe(false)
    } finally {
      await more.stop()
    }
  })
})

describe('ec2-cmaster --resume', () => {
  /** A rollout to two agents that is paused after the first one. */
  async function pausedRollout(): Promise<string> {
    const history = await History.open(join(state, 'ec2-collective', 'history'))
    const { master } = await masters.open(environment, { history })
    await master.refresh()
    const run = await startRun(master, {
      filter: everyone,
      targets: ['agent-1', 'agent-2'],
      action: { kind: 'shell', command: `echo $EC2_COLLECTIVE_AGENT_ID >>'${effects}'` },
      timeoutMs: 60_000,
      rollout: { canary: 1 },
    })
    run.pause()
    await until(() => run.state.counts.succeeded === 1, 'the canary to end')
    await master.close()
    return run.runId
  }
  const executedBy = async () => (await readFile(effects, 'utf8')).trim().split('\n').toSorted()

  it('shows what is left of a paused rollout, and continues it only by --yes or at a terminal', async () => {
    const runId = await pausedRollout()
    const refused = await cmaster('--resume', runId)
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toContain('So far: 1 succeeded')
    expect(refused.stderr).toContain('Step 2 of 2 (1): agent-2')
    expect(refused.stderr).toContain('The rollout is paused: add --yes to continue it. Nothing was sent.')
    expect(await executedBy()).toEqual(['agent-1'])
    const resumed = await cmaster('--resume', 'last', '--yes')
    expect([resumed.stdout.includes('2 succeeded'), resumed.exitCode]).toEqual([true, 0])
    expect(await executedBy()).toEqual(['agent-1', 'agent-2'])
  })

  it('needs the name where the environment is protected, and names the runs that can be resumed', async () => {
    const runId = await pausedRollout()
    const guarded = { env: { EC2_COLLECTIVE_PROTECTED: 'guarded' } }
    expect(await end(start(guarded, '--resume', runId, '--yes'))).toMatchObject({ exitCode: 2 })
    const unknown = await cmaster('--resume', 'no-such-run')
    expect(unknown.stderr).toContain(runId)
    expect(unknown.exitCode).toBe(2)
    expect(await executedBy()).toEqual(['agent-1'])
    expect(await end(start(guarded, '--resume', runId, '--confirm', 'guarded'))).toMatchObject({
      exitCode: 0,
    })
    expect(await executedBy()).toEqual(['agent-1', 'agent-2'])
  })
})

/** What happens to them a minute after the agent has died. */
async function expireFactsOf(agentId: string): Promise<void> {
  const queues = sqs.connect()
  const { facts } = environment.queues
  const others: ReceivedMessage[] = []
  for (let isMore = true; isMore; ) {
    const received = await queues.receive(facts, { waitSeconds: 0, visibilitySeconds: 30 })
    const isIts = ({ body }: ReceivedMessage) => openBody(body, 'facts').message.agentId === agentId
    await queues.delete(facts, received.filter(isIts))
    others.push(...received.filter((message) => !isIts(message)))
    isMore = received.length > 0
  }
  await queues.release(facts, others)
}

function touch(): string {
  return `touch '${effects}'`
}

interface StartOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

function cmaster(...argv: string[]) {
  return end(start({}, ...argv))
}

function start({ cwd = directory, env }: StartOptions, ...argv: string[]): ChildProcess {
  return spawn(process.execPath, [program, ...where(), ...argv], {
    ...{ cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...variables(), ...env } },
  })
}

async function end(child: ChildProcess) {
  const text = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (bytes) => {
      text[stream] += bytes
    })
  }
  const [exitCode] = await once(child, 'close')
  return { ...text, exitCode: exitCode as number }
}

/** Started by `script`, which gives it a terminal of its own. */
function atTerminal({ cwd = directory, env }: StartOptions, ...argv: string[]) {
  const command = [process.execPath, program, ...where(), ...argv]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    ...{ cwd, stdio: ['pipe', 'pipe', 'inherit'], env: { ...variables(), ...env, SHELL: '/bin/sh' } },
  })
  let text = ''
  child.stdout?.on('data', (bytes) => {
    text += bytes
  })
  const exitCode = once(child, 'close').then(([code]) => code as number)
  const shown = () => text.replaceAll('\r\n', '\n')
  return {
    ...{ text: shown, exitCode },
    says: (words: string) =>
      until(
        () => shown().includes(words),
        words,
        () => `; it said ${shown()}`,
      ),
    type: (line: string) => child.stdin?.write(`${line}\n`),
  }
}

function where(): string[] {
  return ['--env', environment.name, '--endpoint', environment.endpoint ?? '']
}

function variables(): NodeJS.ProcessEnv {
  const { region, credentials } = environment
  return {
    PATH: process.env.PATH,
    XDG_STATE_HOME: state,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
  }
}
