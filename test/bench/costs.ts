import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { sweepFacts } from '../../src/master/fleet/factsSweep.ts'
import { Inventory } from '../../src/master/fleet/inventory.ts'
import { requestsSince } from '../support/requestsSince.ts'
import type { SqsServer } from '../support/sqs.ts'
import { runBare } from './bareCommand.ts'
import { startCountingProxy } from './countingProxy.ts'
import { simulatedFleet, startAgentProcesses } from './fleets.ts'
import { median } from './rounds.ts'

/** What an agent costs its server while nothing happens, beside a bare Node that waits. */
export async function measureIdleAgents(server: SqsServer, agents: number, seconds: number) {
  await server.environment('idle')
  const proxy = await startCountingProxy(server.endpoint)
  const hosts = await startAgentProcesses(proxy, 'idle', agents)
  const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' })
  // The first facts are said, and everything that only start-up needs is collected.
  await sleep(10_000)
  const before = await Promise.all(hosts.pids.map(cpuTicks))
  const from = proxy.passed.length
  await sleep(seconds * 1000)
  const after = await Promise.all(hosts.pids.map(cpuTicks))
  const made = proxy.passed.slice(from)
  const receives = made.filter(({ operation }) => operation === 'ReceiveMessage').length
  const hourly = (count: number) => (count * 3600) / seconds / agents
  const cpuShares = after.map((ticks, index) => (ticks - (before[index] ?? 0)) / ticksPerSecond / seconds)
  const resident = await Promise.all(hosts.pids.map(residentBytes))
  const bareResidentBytes = await residentBytes(bare.pid ?? 0)
  bare.kill()
  await hosts.stop()
  await proxy.stop()
  return {
    receivesAnHour: hourly(receives),
    otherRequestsAnHour: hourly(made.length - receives),
    cpuShare: cpuShares.reduce((sum, share) => sum + share, 0) / agents,
    residentBytes: median(resident),
    bareResidentBytes,
  }
}

/**
 * How long programs take to say their version, milliseconds, beside a bare Node that does nothing; and the extension's
 * `activate()` by itself, with a stand-in for the editor.
 */
export async function measureStartUp(root: string) {
  const run = promisify(execFile)
  const time = (args: string[]) => medianOf(7, () => timed(() => run(process.execPath, args)))
  const [activation, extension] = ['test/support/activateExtension.mjs', 'dist/extension.mjs']
  return {
    bareMs: await time(['-e', '0']),
    agentMs: await time([join(root, 'dist/ec2-cagent.js'), '--version']),
    masterMs: await time([join(root, 'dist/ec2-cmaster.js'), '--version']),
    activateMs: await medianOf(7, async () => {
      const { stdout } = await run(process.execPath, [join(root, activation), join(root, extension)])
      return (JSON.parse(stdout) as { milliseconds: number }).milliseconds
    }),
  }
}

/** The bare cost of executing `uname -a`, milliseconds: one after the other, and `many` at a time until all have ended. */
export async function measureSpawning(many: number) {
  const spawnOnce = () => runBare('uname -a')
  return {
    oneMs: await medianOf(50, () => timed(spawnOnce)),
    manyMs: await medianOf(5, () => timed(() => Promise.all(Array.from({ length: many }, spawnOnce)))),
  }
}

/** One reading of the facts queue, from nothing. */
export async function measureSweep(server: SqsServer, agents: number) {
  const environment = await server.environment(`sweep${agents}`)
  const queues = server.connect()
  const hosts = await simulatedFleet(server, agents).start(environment.name)
  const inventory = new Inventory(Date.now)
  const before = queues.requests
  const elapsedMs = await timed(() => sweepFacts(queues, environment, inventory, Date.now))
  await hosts.stop()
  return {
    elapsedMs,
    heard: inventory.agents().length,
    requests: requestsSince(before, queues.requests).requests,
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await act()
  return performance.now() - startedAt
}

async function medianOf(rounds: number, measure: () => Promise<number>): Promise<number> {
  const measured = []
  for (let round = 0; round < rounds; round += 1) measured.push(await measure())
  return median(measured)
}

/** Linux: `getconf CLK_TCK` is 100 everywhere that Node runs. */
const ticksPerSecond = 100

async function cpuTicks(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
  return Number(fields[11]) + Number(fields[12])
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}
