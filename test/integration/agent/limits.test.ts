import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBody } from '../../../src/protocol/envelope.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import {
  cgroupRoot,
  cgroupsIn,
  killableRoot,
  makeCgroup,
  type RealCgroup,
  readCgroup,
} from '../../support/realCgroup.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

/** A fork bomb that goes on where it cannot fork. Its pauses leave the processor to the other tests. */
const bomb = `perl -e 'while (1) { fork; select undef, undef, undef, 0.01 }'`
const processes = 40
const bundle = fileURLToPath(new URL('../../../dist/ec2-cagent.js', import.meta.url))

let sqs: SqsServer
let environment: Environment
let commander: Commander
let directory: string
let agent: AgentProcess
let cgroup: RealCgroup | undefined

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('limited')
  commander = startCommander(sqs.connect(), environment)
})
afterAll(async () => {
  await commander?.stop()
  await sqs?.stop()
})
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'limits-'))
})
afterEach(async () => {
  await agent?.stop()
  await cgroup?.remove()
  cgroup = undefined
  await commander.expire()
  await rm(directory, { recursive: true, force: true })
})

async function start(limits: object, place = environment) {
  agent = await startAgent({ environment: place, directory, limits })
}

async function execute(command: string, more: { timeoutMs?: number; user?: string } = {}) {
  const { timeoutMs = 30_000, user } = more
  const runId = await commander.send({ kind: 'shell', command, ...(user && { user }) }, { timeoutMs })
  return { runId, result: () => commander.result(runId) }
}

const outcomeOf = async (execution: Awaited<ReturnType<typeof execute>>) =>
  (await execution.result()).result.outcome

const inCgroup = it.runIf(cgroupRoot !== undefined)
const hasPrlimit = existsSync('/usr/bin/prlimit')
const asRoot = it.runIf(process.getuid?.() === 0 && hasPrlimit)
const inKillable = it.runIf(killableRoot !== undefined)

describe('A fork bomb in a cgroup of its own', () => {
  beforeEach(async () => {
    if (cgroupRoot === undefined) return
    cgroup = makeCgroup(cgroupRoot, 'limits')
    await start({ processes, cgroup: cgroup.directory })
  })

  inCgroup('takes neither the agent nor other runs along, and ends with its run', async () => {
    const bombing = await execute(bomb, { timeoutMs: 4_000 })
    const run = await theRun()
    await until(() => Number(readCgroup(run, 'pids.events').split(' ')[1]) > 0, 'the bomb to meet its limit')
    const beside = await execute('echo alive | cat')
    expect((await beside.result()).stdout).toBe('alive\n')
    expect(Number(readCgroup(run, 'pids.current'))).toBeLessThanOrEqual(processes)
    expect(await outcomeOf(bombing)).toEqual({ kind: 'timed-out' })
    await until(() => !existsSync(run), 'its cgroup to be removed')
    expect(await outcomeOf(await execute('true'))).toEqual({ kind: 'exited', code: 0 })
  })

  inCgroup('keeps its limit when it outlives the run’s main process, and the log says so', async () => {
    // It ends when the limit is met, without starting anything for it: it could not.
    const events = join(cgroup?.directory ?? '', '*/pids.events')
    const met = `set -- ${events}; until read _ count <"$1" && [ "$count" -gt 0 ]; do :; done`
    const bombing = await execute(`${bomb} >/dev/null 2>&1 & ${met}`)
    const run = await theRun()
    expect(await outcomeOf(bombing)).toEqual({ kind: 'exited', code: 0 })
    await agent.logged(/What run .* left behind keeps its limits/)
    expect(readCgroup(run, 'pids.max')).toBe(String(processes))
    expect(await outcomeOf(await execute('true'))).toEqual({ kind: 'exited', code: 0 })
  })

  inCgroup('is not what a daemon is: that has no limit after its run', async () => {
    const seen = join(directory, 'seen')
    const starting = await execute(`sleep 60 >/dev/null 2>&1 & until test -e ${seen}; do sleep 0.05; done`)
    const run = await theRun()
    await until(() => readCgroup(run, 'pids.max') === String(processes), 'its limit')
    await writeFile(seen, '')
    expect(await outcomeOf(starting)).toEqual({ kind: 'exited', code: 0 })
    await until(() => readCgroup(run, 'pids.max') === 'max', 'its limit to end')
    expect(readCgroup(run, 'cgroup.procs').split('\n')).toHaveLength(1)
  })

  async function theRun(): Promise<string> {
    let found: string[] = []
    await until(async () => {
      found = (await cgroupsIn(cgroup?.directory ?? '')).filter((path) => !path.includes('probe'))
      return found.length === 1
    }, 'the cgroup of the run')
    return found[0] ?? ''
  }
})

describe('A run in a cgroup of its own, without limits (where this user may make cgroups)', () => {
  /** Has shed what the agent finds processes by: environment, group and session. */
  const shed = (command: string) => `env -i setsid ${command}`
  const stubborn = `/bin/sh -c 'trap "" TERM; while :; do sleep 0.2; done'`
  let directories: string[]

  beforeEach(async () => {
    if (killableRoot === undefined) return
    cgroup = makeCgroup(killableRoot, 'runs')
    await start({ cgroup: cgroup.directory })
    expect(agent.log).toMatch(/Each run has a cgroup of its own below/)
  })

  const processesIn = (run: string) =>
    existsSync(run) ? readCgroup(run, 'cgroup.procs').split('\n').filter(Boolean).length : 0

  async function theRun(count: number): Promise<string> {
    await until(async () => {
      directories = (await cgroupsIn(cgroup?.directory ?? '')).filter((path) => !path.includes('probe'))
      return directories.length === 1 && processesIn(directories[0] as string) >= count
    }, `${count} processes in the cgroup of the run`)
    return directories[0] as string
  }

  inKillable(
    'is stopped whole at its timeout, also what has shed its environment and its group',
    async () => {
      const run = await execute(`${shed('sleep 501')} & ${shed(stubborn)} & sleep 502`, { timeoutMs: 3_000 })
      const place = await theRun(4)
      expect(await outcomeOf(run)).toEqual({ kind: 'timed-out' })
      await until(() => !existsSync(place), 'its cgroup to be removed, as nothing is left in it')
    },
  )

  inKillable('is stopped whole when it is cancelled', async () => {
    const run = await execute(`${shed('sleep 501')} & sleep 502`)
    const place = await theRun(3)
    await commander.send({ kind: 'cancel', runId: run.runId, issuedAt: Date.now() })
    expect(await outcomeOf(run)).toEqual({ kind: 'cancelled', started: true })
    await until(() => !existsSync(place), 'its cgroup to be removed, as nothing is left in it')
  })

  inKillable('is stopped whole by the next agent, when its own was killed', async () => {
    const run = await execute(`echo begun; ${shed('sleep 501')} & sleep 502`)
    const place = await theRun(3)
    await agent.kill()
    await start({ cgroup: cgroup?.directory })
    expect(await outcomeOf(run)).toEqual({ kind: 'interrupted' })
    await until(() => processesIn(place) === 0, 'nothing of it to be left')
  })

  inKillable(
    'leaves daemons alone when it ends by itself, over restarts and crashes of the agent',
    async () => {
      const run = await execute('setsid sleep 60 >/dev/null 2>&1 & echo started')
      expect((await run.result()).stdout).toBe('started\n')
      const place = await theRun(1)
      for (const signal of ['SIGUSR2', 'SIGTERM', 'SIGKILL'] as const) {
        agent.signal(signal)
        await agent.ended
        await start({ cgroup: cgroup?.directory })
        expect(await outcomeOf(await execute('true'))).toEqual({ kind: 'exited', code: 0 })
        expect(processesIn(place)).toBe(1)
      }
    },
  )

  inKillable(
    'is executed as without one: the same environment, and the reason why it cannot be',
    async () => {
      const variables = 'tr "\\0" "\\n" </proc/self/environ | cut -d= -f1 | sort'
      const within = (await (await execute(variables)).result()).stdout
      await commander.expire()
      await agent.stop()
      await start({})
      expect(within).toBe((await (await execute(variables)).result()).stdout)
      await agent.stop()
      await start({ cgroup: cgroup?.directory })
      const content = Buffer.from('#!/no/such/program\n').toString('base64')
      const runId = await commander.send({ kind: 'script', name: 'x', content, args: [] })
      expect((await commander.result(runId)).result.outcome).toMatchObject({
        kind: 'not-executed',
        reason: '/no/such/program does not exist',
      })
    },
  )
})

describe('A fork bomb of another user, where runs have no cgroup', () => {
  asRoot('takes neither the agent nor other runs along', async () => {
    await start({ processes })
    const bombing = await execute(bomb, { timeoutMs: 3_000, user: 'nobody' })
    const beside = await execute('echo alive | cat')
    expect((await beside.result()).stdout).toBe('alive\n')
    expect(await outcomeOf(bombing)).toEqual({ kind: 'timed-out' })
    expect(await outcomeOf(await execute('true', { user: 'nobody' }))).toEqual({ kind: 'exited', code: 0 })
  })
})

describe('An agent with limits', () => {
  it('says in its log and by its facts what they count', async () => {
    const own = await sqs.environment('limits')
    await start({ processes, memory: '512M' }, own)
    expect(agent.log).toMatch(/Limits of a run: 40 processes \(.*\), 536870912 bytes of memory \(.*\)/)
    expect(await factsOf(own, 'agent.limits')).toEqual({
      processes: expect.stringMatching(/^(run|user|none)$/),
      memory: expect.stringMatching(/^(run|process|none)$/),
    })
  })

  it.each([
    [{ processes: 0 }, /limits\.processes is 0: expected at least 1/],
    [{ processes: '64' }, /limits\.processes is "64": expected a whole number/],
    [{ memory: '64 MB' }, /limits\.memory is "64 MB": expected bytes, at least 1 MiB/],
    [{ memory: 1000 }, /limits\.memory is .*: expected bytes, at least 1 MiB/],
    [{ cgroup: 'runs' }, /limits\.cgroup is "runs": expected an absolute path/],
  ])('does not start with %j, and says why', async (limits, why) => {
    await expect(start(limits)).rejects.toThrow(why)
  })
})

describe('The soft limit of open files of a command', () => {
  const soft = async (command: readonly string[]) => {
    agent = await startAgent({ environment, directory, command: [...command, process.execPath, bundle] })
    return (await (await execute('ulimit -Sn; ulimit -Hn')).result()).stdout.split('\n')
  }

  it.runIf(hasPrlimit).each([
    ['that its agent was started with', 'ulimit -Sn 700; ulimit -Hn 4096; "$@"; exit', '700', '4096'],
    ['that is usual where nobody tells', 'ulimit -Sn 700; ulimit -Hn 4096; exec "$@"', '1024', '4096'],
    ['that is the hard one, where that is lower', 'ulimit -n 300; exec "$@"', '300', '300'],
  ])('is the one %s', async (_, script, softLimit, hardLimit) => {
    expect((await soft(['sh', '-c', script, 'sh'])).slice(0, 2)).toEqual([softLimit, hardLimit])
  })
})

async function factsOf(place: Environment, path: string): Promise<unknown> {
  const queues = sqs.connect()
  let found: unknown
  await until(async () => {
    const messages = await queues.receive(place.queues.facts, { waitSeconds: 1, visibilitySeconds: 0 })
    for (const { body } of messages) {
      const { message } = openBody(body, 'facts')
      if (message.type !== 'facts') continue
      found = path
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], message.facts)
    }
    return found !== undefined
  }, `the fact ${path}`)
  return found
}
