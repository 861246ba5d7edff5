import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  joinLocalFleet,
  type LocalFleet,
  type LocalFleetOptions,
  openLocalFleet,
} from '../../../src/localFleet/client.ts'
import { openBody } from '../../../src/protocol/envelope.ts'
import type { FactsMessage } from '../../../src/protocol/messages.ts'
import { diagnoseProbe } from '../../../src/queues/diagnosis.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { probeEnvironment } from '../../../src/queues/probe.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'

const programs = path.resolve('dist')
/** Long enough for the next step of a test, short enough to wait for. */
const lingerMs = 1_500

let directory: string
const fleets: LocalFleet[] = []

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'fleet-'))
})
afterEach(async () => {
  for (const fleet of fleets.splice(0)) fleet.close()
  await vi.waitFor(() => expect(processesOf(directory)).toEqual([]), { timeout: 20_000, interval: 100 })
  await rm(directory, { recursive: true })
})

describe('local fleet', () => {
  it('plays nine servers with their facts, in queues that are as they should be', async () => {
    const fleet = await open()
    expect(fleet.agents.map(({ hostname }) => hostname)).toHaveLength(9)
    expect(await agentsHeard(fleet.environments[0] as Environment, 6)).toMatchObject({
      'web-01': { role: 'web', os: { name: 'Ubuntu', family: 'Debian' }, classes: ['base', 'nginx', 'shop'] },
      'web-03': { role: 'web', os: { name: 'Amazon', family: 'RedHat' } },
      'db-01': { role: 'db' },
      'cache-01': { role: 'cache', ec2: { instance_type: 'm7i.large' } },
    })
    expect(Object.keys(await agentsHeard(fleet.environments[1] as Environment, 3)).sort()).toEqual([
      'db-11',
      'web-11',
      'web-12',
    ])
    for (const environment of fleet.environments) {
      const found = await using(environment, (queues) => probeEnvironment(queues, environment, 'master'))
      expect(diagnoseProbe(found)).toEqual([])
    }
    await fleet.stop()
    expect(processesOf(directory)).toEqual([])
  })

  it('stops with no process left and no port busy, and starts again', async () => {
    const first = await open()
    await first.stop()
    expect(processesOf(directory)).toEqual([])
    expect(await isBusy(first.endpoint)).toBe(false)
    const second = await open()
    expect(second.agents).toHaveLength(9)
    await second.stop()
    expect(processesOf(directory)).toEqual([])
  })

  it('is one for all who open it, lives while anybody has it open, and ends when nobody does', async () => {
    const [first, second] = await Promise.all([open(), open()])
    expect(second.endpoint).toBe(first.endpoint)
    await allRunOnce()
    first.close()
    await first.ended
    expect(await agentsHeard(second.environments[1] as Environment, 3)).toHaveProperty('web-11')
    second.close()
    await vi.waitFor(() => expect(processesOf(directory)).toEqual([]), { timeout: 20_000, interval: 100 })
  })

  it('survives that its only client comes back within the time of a window reload', async () => {
    const before = await open()
    const supervisor = supervisorOf(directory)
    before.close()
    const after = await open()
    expect(after.endpoint).toBe(before.endpoint)
    expect(supervisorOf(directory)).toBe(supervisor)
    await after.stop()
  })

  it('is joined where it runs, and not started by those who only join', async () => {
    expect(await joinLocalFleet(directory)).toBeUndefined()
    expect(processesOf(directory)).toEqual([])
    const fleet = await open()
    const joined = await joinLocalFleet(directory)
    expect(joined?.environments).toEqual(fleet.environments)
    await joined?.stop()
    await fleet.ended
  })

  it('tells every client when one of them stops it', async () => {
    const [first, second] = await Promise.all([open(), open()])
    await first.stop()
    await second.ended
    expect(processesOf(directory)).toEqual([])
  })

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'leaves nothing behind after %s, and can be opened again',
    async (signal) => {
      const killed = await open()
      process.kill(supervisorOf(directory), signal)
      await killed.ended
      const fleet = await open()
      expect(fleet.endpoint).not.toBe(killed.endpoint)
      await allRunOnce()
      expect(await isBusy(killed.endpoint)).toBe(false)
      await fleet.stop()
    },
  )

  it('starts an agent again that died, and says so', async () => {
    const fleet = await open()
    const { pid = 0, agentId } = fleet.agents[0] ?? {}
    const agent = () => fleet.agents.find((candidate) => candidate.agentId === agentId)
    const restarted = new Promise<void>((resolve) => {
      fleet.onChange(() => {
        if (agent()?.restarts === 1 && agent()?.pid !== undefined) resolve()
      })
    })
    process.kill(pid, 'SIGKILL')
    await restarted
    expect(agent()?.pid).not.toBe(pid)
    await fleet.stop()
  })

  it('starts the SQS server again where the agents look for it, and they come back by themselves', async () => {
    const fleet = await open()
    const [testing] = fleet.environments
    await agentsHeard(testing as Environment, 6)
    const server = () =>
      spawnSync('pgrep', ['-P', String(supervisorOf(directory)), '-f', 'sqsServer.js'], {
        encoding: 'utf8',
      }).stdout.trim()
    const before = server()
    process.kill(Number(before), 'SIGKILL')
    await vi.waitFor(() => expect(['', before]).not.toContain(server()), { timeout: 20_000 })
    await vi.waitFor(() => expect(isBusy(fleet.endpoint)).resolves.toBe(true), { timeout: 20_000 })
    expect(Object.keys(await agentsHeard(testing as Environment, 6))).toHaveLength(6)
    await fleet.stop()
  }, 60_000)

  it('is closed to everybody who does not have its key', async () => {
    const fleet = await open()
    const credentials = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 's' }
    const stranger = createQueues({ region: 'local-fleet-1', endpoint: fleet.endpoint, credentials })
    await expect(stranger.listQueues('')).rejects.toMatchObject({ kind: 'credentials' })
    stranger.close()
    expect((await fetch(`${fleet.endpoint}/`)).status).toBe(403)
    await fleet.stop()
  })

  it('gives no key of the user’s to agents', async () => {
    vi.stubEnv('AWS_PROFILE', 'production-admin')
    vi.stubEnv('AWS_SESSION_TOKEN', 'secret-of-the-user')
    const fleet = await open()
    vi.unstubAllEnvs()
    expect(await agentsHeard(fleet.environments[1] as Environment, 3)).toHaveProperty('db-11')
    await fleet.stop()
  })

  it('says in words why it cannot be started', async () => {
    const nowhere = openLocalFleet({ directory, programs: directory, lingerMs })
    await expect(nowhere).rejects.toThrow(/Cannot start the local fleet/)
    await expect(open({ node: '/nowhere/node' })).rejects.toThrow(/Cannot start the local fleet/)
  })

  it('can be given up while it starts', async () => {
    const abort = new AbortController()
    const opening = open({ signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(opening).rejects.toThrow('enough')
  })

  it('meets its clients also where the directory has a path too long for a socket', async () => {
    const deep = path.join(directory, 'a'.repeat(60), 'b'.repeat(60))
    const fleet = await open({ directory: deep })
    expect(fleet.agents).toHaveLength(9)
    await fleet.stop()
  })
})

const supervisorSqsAndAgents = 1 + 1 + 9

/** A supervisor that found another one needs a moment to go, and an agent of a killed one to let go of its lock. */
async function allRunOnce(): Promise<void> {
  await vi.waitFor(() => expect(processesOf(directory)).toHaveLength(supervisorSqsAndAgents), {
    timeout: 20_000,
    interval: 100,
  })
}

async function open(options: Partial<LocalFleetOptions> = {}): Promise<LocalFleet> {
  const fleet = await openLocalFleet({ directory, programs, lingerMs, ...options })
  fleets.push(fleet)
  return fleet
}

/** Everything that runs on behalf of the fleet in `directory`: agents name it, the rest are its supervisor's. */
function processesOf(where: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).trim().split('\n')
  const processes = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , stat]) => !stat?.startsWith('Z'))
  const named = processes.filter((columns) => columns.some((column) => column.startsWith(where)))
  const pids = new Set(named.map(([pid]) => pid))
  const children = processes.filter(([pid, ppid]) => pids.has(ppid) && !pids.has(pid))
  return [...named, ...children].map((columns) => columns.join(' '))
}

function supervisorOf(where: string): number {
  const line = processesOf(where).find((candidate) => candidate.includes('localFleet.js'))
  return Number(line?.split(' ')[0])
}

/** Facts by host name, once so many agents have told theirs. */
async function agentsHeard(
  environment: Environment,
  count: number,
): Promise<Record<string, FactsMessage['facts']>> {
  return using(environment, async (queues) => {
    const heard: Record<string, FactsMessage['facts']> = {}
    while (Object.keys(heard).length < count) {
      const options = { waitSeconds: 20, visibilitySeconds: 1 }
      for (const { body } of await queues.receive(environment.queues.facts, options)) {
        const { message } = openBody(body, 'facts')
        heard[message.hostname] = message.facts
      }
    }
    return heard
  })
}

async function using<T>(environment: Environment, work: (queues: Queues) => Promise<T>): Promise<T> {
  const queues = createQueues(environment)
  try {
    return await work(queues)
  } finally {
    queues.close()
  }
}

function isBusy(endpoint: string): Promise<boolean> {
  const { hostname, port } = new URL(endpoint)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
