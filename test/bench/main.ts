// All measures in one run, so that both sides of each ratio are taken within the same minutes on the same machine.
//   npm run bench [-- --only start,idle,silence,runs,sweep,drain,bulk,peers] [--agents 1,10,50] [--simulated 100,1000,10000]
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type SqsServer, startSqs } from '../support/sqs.ts'
import { measureIdleAgents, measureStartUp, measureSweep } from './costs.ts'
import { measureDrain, measureThroughput } from './drain.ts'
import { type Fleet, processFleet, simulatedFleet } from './fleets.ts'
import { measurePeers } from './peers.ts'
import { measureRuns } from './runLatency.ts'
import { measureSilentAgents } from './silentAgents.ts'
import { mib, ms, printTable, type Row } from './table.ts'

const [root = '.', ...argv] = process.argv.slice(2)
const { values } = parseArgs({
  args: argv,
  options: {
    only: { type: 'string', default: 'start,idle,silence,runs,sweep,drain,bulk,peers' },
    agents: { type: 'string', default: '1,10,50' },
    simulated: { type: 'string', default: '100,1000,10000' },
  },
})
const only = values.only.split(',')
const sizes = (text: string) => text.split(',').filter(Boolean).map(Number)
const rows: Row[] = []
const figures: Record<string, unknown> = {}

if (only.includes('start')) await startUp()
if (only.includes('idle')) await idle()
if (only.includes('runs')) await runs()
if (only.includes('silence')) await silence()
if (only.includes('sweep')) await sweeps()
if (only.includes('drain')) await drain()
if (only.includes('bulk')) await bulk()
if (only.includes('peers')) await peers()

const folder = join(root, '.cache/bench')
await mkdir(folder, { recursive: true })
await writeFile(
  join(folder, 'last.json'),
  JSON.stringify({ node: process.version, cpus: cpus().length, figures, rows }, undefined, 2),
)
console.log(
  `\nNode ${process.version}, ${cpus().length} cores\n\n${printTable(rows)}\n\nAll figures: .cache/bench/last.json`,
)
process.exit()

async function runs(): Promise<void> {
  const fleets: ((server: SqsServer) => Fleet)[] = [
    ...sizes(values.agents).map((agents) => (server: SqsServer) => processFleet(server, agents, 7)),
    ...sizes(values.simulated).map(
      (agents) => (server: SqsServer) => simulatedFleet(server, agents, agents > 1000 ? 1 : 5),
    ),
  ]
  for (const fleet of fleets) {
    await measure('runs', fleet, async (server, made) => {
      const result = await measureRuns(server, made)
      const { name, agents, warmMs, floorMs, ratio, coldMs, firstReplyMs, medianReplyMs, tenAtOnceMs } =
        result
      const target = agents === 50 ? 1.3 : agents === 10_000 ? 1.5 : undefined
      const detail = `first ${ms(firstReplyMs)}, p50 ${ms(medianReplyMs)}, cold ${ms(coldMs)}${tenAtOnceMs === undefined ? '' : `, ten at once ${ms(tenAtOnceMs)}`}`
      rows.push({
        what: `run, ${name}`,
        ours: `${ms(warmMs)} (${detail})`,
        beside: `floor ${ms(floorMs)}`,
        ratio,
        ...(target === undefined ? {} : { target }),
      })
      rows.push({
        what: `requests of the master, ${name}`,
        ours: result.masterRequests.toFixed(1),
        beside: `${(result.masterRequests / agents).toFixed(2)} an agent`,
      })
      return result
    })
  }
}

async function drain(): Promise<void> {
  await withServer('drain', async (server) => {
    const { oursMs, floorMs } = await measureDrain(server, 10_000, 3)
    rows.push({
      what: 'drain of 10,000 replies',
      ours: ms(oursMs),
      beside: `floor ${ms(floorMs)}`,
      ratio: oursMs / floorMs,
      target: 1.2,
    })
    return { oursMs, floorMs }
  })
}

async function bulk(): Promise<void> {
  for (const [agents, mebibytes] of [
    [20, 1],
    [5, 50],
  ] as const) {
    await withServer(`bulk ${agents} × ${mebibytes} MiB`, async (server) => {
      const { oursMs, floorMs, megabytes } = await measureThroughput(server, agents, mebibytes)
      const rate = (elapsed: number) => `${((megabytes / elapsed) * 1000).toFixed(1)} MB/s`
      rows.push({
        what: `output, ${agents} × ${mebibytes} MiB`,
        ours: rate(oursMs),
        beside: `floor ${rate(floorMs)}`,
        ratio: oursMs / floorMs,
      })
      return { oursMs, floorMs, megabytes }
    })
  }
}

async function idle(): Promise<void> {
  await withServer('idle', async (server) => {
    const result = await measureIdleAgents(server, 6, 60)
    const above = result.residentBytes - result.bareResidentBytes
    rows.push({
      what: 'idle agent, share of a core',
      ours: `${(result.cpuShare * 100).toFixed(3)} %`,
      beside: 'target 0.1 %',
      ratio: result.cpuShare / 0.001,
      target: 1,
    })
    rows.push({
      what: 'idle agent, resident',
      ours: mib(result.residentBytes),
      beside: `bare Node ${mib(result.bareResidentBytes)}, + 20 MiB`,
      ratio: above / (20 * 1024 * 1024),
      target: 1,
    })
    rows.push({
      what: 'idle agent, receives an hour',
      ours: result.receivesAnHour.toFixed(0),
      beside: `limit 200; ${result.otherRequestsAnHour.toFixed(0)} more to say its facts`,
      ratio: result.receivesAnHour / 200,
      target: 1,
    })
    return result
  })
}

async function silence(): Promise<void> {
  await withServer('silence', async (server) => {
    const { few, many, bytesPerAgent } = await measureSilentAgents(server)
    rows.push({
      what: 'run, memory per silent agent',
      ours: `${(bytesPerAgent / 1024).toFixed(2)} KiB (${few} to ${many} agents)`,
      beside: 'limit 2 KiB',
      ratio: bytesPerAgent / 2048,
      target: 1,
    })
    return { few, many, bytesPerAgent }
  })
}

async function startUp(): Promise<void> {
  const { bareMs, agentMs, masterMs, activateMs } = await measureStartUp(root)
  rows.push({
    what: 'start-up, ec2-cagent',
    ours: ms(agentMs),
    beside: `bare Node ${ms(bareMs)}`,
    ratio: agentMs / bareMs,
  })
  rows.push({
    what: 'start-up, ec2-cmaster',
    ours: ms(masterMs),
    beside: `bare Node ${ms(bareMs)}`,
    ratio: masterMs / bareMs,
  })
  rows.push({
    what: 'activate() of the extension',
    ours: `${activateMs.toFixed(1)} ms`,
    beside: 'limit 50 ms',
    ratio: activateMs / 50,
    target: 1,
  })
  const kib = async (file: string) => `${Math.round((await stat(join(root, 'dist', file))).size / 1024)} KiB`
  rows.push({
    what: 'bundles',
    ours: `ec2-cagent.js ${await kib('ec2-cagent.js')}, ec2-cmaster.js ${await kib('ec2-cmaster.js')}, page ${await kib('webview/main.js')}`,
    beside: '',
  })
  figures.start = { bareMs, agentMs, masterMs, activateMs }
}

async function sweeps(): Promise<void> {
  for (const agents of sizes(values.simulated)) {
    await withServer(`sweep ${agents}`, async (server) => {
      const result = await measureSweep(server, agents)
      rows.push({
        what: `facts of ${agents} agents, from nothing`,
        ours: ms(result.elapsedMs),
        beside: `${result.requests} requests, ${result.heard} heard`,
      })
      return result
    })
  }
}

async function peers(): Promise<void> {
  const results = await measurePeers(50, 5)
  for (const result of results) {
    const text = 'skipped' in result ? `skipped: ${result.skipped}` : ms(result.elapsedMs)
    rows.push({ what: 'beside, 50 hosts', ours: '', beside: `${result.name} ${text}` })
  }
  figures.peers = results
}

async function measure<T>(
  kind: string,
  make: (server: SqsServer) => Fleet,
  act: (server: SqsServer, fleet: Fleet) => Promise<T>,
): Promise<void> {
  await withServer(kind, async (server) => act(server, make(server)))
}

/** A server of its own for each measure: what one leaves behind must not slow the next. A failure is told, and is a row. */
async function withServer(name: string, act: (server: SqsServer) => Promise<unknown>): Promise<void> {
  const startedAt = performance.now()
  const rowsBefore = rows.length
  const server = await startSqs()
  try {
    const result = await act(server)
    const key = `${name}${name === 'runs' ? ` ${(result as { name: string }).name}` : ''}`
    figures[key] = result
    console.error(`${key}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
    console.error(printTable(rows.slice(rowsBefore)))
  } catch (error) {
    console.error(`${name}: ${(error as Error).message}`)
    rows.push({ what: name, ours: 'failed', beside: (error as Error).message })
    process.exitCode = 1
  } finally {
    await server.stop()
  }
}
