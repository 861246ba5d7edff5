import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { sweepFacts } from '../../src/master/factsSweep.ts'
import { Inventory } from '../../src/master/inventory.ts'
import { requestsSince } from '../../src/queues/requestCounts.ts'
import { startFaultProxy } from '../support/faultProxy.ts'
import type { SqsServer } from '../support/sqs.ts'
import { simulatedFleet, startAgentProcesses } from './fleets.ts'
import { median } from './runLatency.ts'

/** What an agent costs its server while nothing happens, beside a bare Node that waits. */
export async function measureIdleAgents(server: SqsServer, agents: number, seconds: number) {
  await server.environment('idle')
  // A proxy that does no harm: what passes it is counted.
  const proxy = await startFaultProxy({ endpoint: server.endpoint, seed: 1 })
  proxy.inject({ actions: ['ReceiveMessage'], fault: { kind: 'slow', ms: [0, 0] } })
  const hosts = await startAgentProcesses(proxy, 'idle', agents)
  const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' })
  try {
    // The first facts are said, and everything that only start-up needs is collected.
    await sleep(10_000)
    const before = await Promise.all(hosts.pids.map(cpuTicks))
    const [requestsBefore, receivesBefore] = [proxy.requests, proxy.struck.slow ?? 0]
    await sleep(seconds * 1000)
    const after = await Promise.all(hosts.pids.map(cpuTicks))
    const receives = (proxy.struck.slow ?? 0) - receivesBefore
    const hourly = (count: number) => (count * 3600) / seconds / agents
    const cpuShares = after.map((ticks, index) => (ticks - (before[index] ?? 0)) / ticksPerSecond / seconds)
    const resident = await Promise.all(hosts.pids.map(residentBytes))
    return {
      receivesAnHour: hourly(receives),
      otherRequestsAnHour: hourly(proxy.requests - requestsBefore - receives),
      cpuShare: cpuShares.reduce((sum, share) => sum + share, 0) / agents,
      residentBytes: median(resident),
      bareResidentBytes: await residentBytes(bare.pid ?? 0),
    }
  } finally {
    bare.kill()
    await hosts.stop()
    await proxy.stop()
  }
}

/**
 * How long programs take to say their version, milliseconds, beside a bare Node that does nothing; and the extension's
 * `activate()` by itself, with a stand-in for the editor.
 */
export async function measureStartUp(root: string) {
  const run = promisify(execFile)
  const medianOf = async (once: () => Promise<number>) => {
    const rounds = []
    for (let round = 0; round < 7; round += 1) rounds.push(await once())
    return median(rounds)
  }
  const time = (args: string[]) =>
    medianOf(async () => {
      const startedAt = performance.now()
      await run(process.execPath, args)
      return performance.now() - startedAt
    })
  const [activation, extension] = ['test/support/activateExtension.mjs', 'dist/extension.mjs']
  return {
    bareMs: await time(['-e', '0']),
    agentMs: await time([join(root, 'dist/ec2-cagent.js'), '--version']),
    masterMs: await time([join(root, 'dist/ec2-cmaster.js'), '--version']),
    activateMs: await medianOf(async () => {
      const { stdout } = await run(process.execPath, [join(root, activation), join(root, extension)])
      return (JSON.parse(stdout) as { milliseconds: number }).milliseconds
    }),
  }
}

/** One reading of the facts queue, from nothing. */
export async function measureSweep(server: SqsServer, agents: number) {
  const environment = await server.environment(`sweep${agents}`)
  const queues = server.connect()
  const hosts = await simulatedFleet(server, agents, 1).start(environment.name)
  try {
    const inventory = new Inventory(Date.now)
    const before = queues.requests
    const startedAt = performance.now()
    await sweepFacts(queues, environment, inventory, Date.now)
    const elapsedMs = performance.now() - startedAt
    return {
      elapsedMs,
      heard: inventory.agents().length,
      requests: requestsSince(before, queues.requests).requests,
    }
  } finally {
    await hosts.stop()
  }
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
