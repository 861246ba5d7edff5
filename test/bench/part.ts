// One part of the benchmark, in a process of its own that main.ts starts: prints its rows and figures as JSON.
//   node --expose-gc part.mjs ROOT KIND [ARGUMENT…]
import { type SqsServer, startSqs } from '../support/sqs.ts'
import { type Memory, measureAgentMemory } from './agentMemory.ts'
import { measureAgentRequests } from './agentRequests.ts'
import { measureBoundScan, roundBytesOf } from './boundScan.ts'
import { measureIdleAgents, measureSpawning, measureStartUp, measureSweep } from './costs.ts'
import { measureDrain } from './drain.ts'
import { processFleet, simulatedFleet } from './fleets.ts'
import type { Part } from './partProcess.ts'
import { measurePeers } from './peers.ts'
import { compare, median } from './rounds.ts'
import { measureLargeRuns, measureRuns } from './runLatency.ts'
import { runRows } from './runRows.ts'
import { measureSilentAgents } from './silentAgents.ts'
import { mib, ms, type Row } from './table.ts'
import { measureThroughput } from './throughput.ts'
import { measureWatchedSweep, type Watching } from './watchedSweep.ts'

const [root = '.', kind = '', ...args] = process.argv.slice(2)
const measures: Readonly<Record<string, () => Promise<Part>>> = {
  start: startUp,
  idle: () => withServer(idle),
  memory: () => withServer((server) => memory(server, args[0] ?? '', Number(args[1]))),
  requests: () => withServer((server) => requests(server, Number(args[0]))),
  processes: () => withServer((server) => processes(server, Number(args[0]))),
  simulated: () => withServer((server) => simulated(server, Number(args[0]))),
  silence: () => withServer(silence),
  sweep: () => withServer((server) => sweep(server, Number(args[0]))),
  watched,
  bounds,
  drain: () => withServer(drain),
  bulk: () => withServer((server) => bulk(server, Number(args[0]), Number(args[1]))),
  peers: () => peers(Number(args[0]), Number(args[1])),
}
const measure = measures[kind]
if (measure === undefined) throw new Error(`there is no part ${kind}`)
const part = await measure()
process.stdout.write(JSON.stringify(part), () => process.exit())

/** A server of its own for each part: what one leaves behind must not slow the next. */
async function withServer(act: (server: SqsServer) => Promise<Part>): Promise<Part> {
  const server = await startSqs()
  const part = await act(server)
  await server.stop()
  return part
}

async function startUp(): Promise<Part> {
  const times = await measureStartUp(root)
  const { bareMs, agentMs, masterMs, activateMs } = times
  const spawning = await measureSpawning(50)
  const beside = `bare Node ${ms(bareMs)}`
  const rows: Row[] = [
    { what: 'start-up, ec2-cagent', ours: ms(agentMs), beside, ratio: agentMs / bareMs },
    { what: 'start-up, ec2-cmaster', ours: ms(masterMs), beside, ratio: masterMs / bareMs },
    {
      what: 'activate() of the extension',
      ours: `${activateMs.toFixed(1)} ms`,
      ...{ beside: 'limit 50 ms', ratio: activateMs / 50, target: 1 },
    },
    {
      ...{ what: 'spawning `uname -a` by a shell, bare', ours: '' },
      beside: `${spawning.oneMs.toFixed(1)} ms, 50 at a time ${ms(spawning.manyMs)}`,
    },
  ]
  return { rows, figures: { ...times, spawning } }
}

async function idle(server: SqsServer): Promise<Part> {
  const figures = await measureIdleAgents(server, 6, 60)
  const { cpuShare, residentBytes, bareResidentBytes, receivesAnHour, otherRequestsAnHour } = figures
  const rows: Row[] = [
    {
      what: 'idle agent, share of a core',
      ours: `${(cpuShare * 100).toFixed(3)} %`,
      ...{ beside: 'target 0.1 %', ratio: cpuShare / 0.001, target: 1 },
    },
    {
      what: 'idle agent, resident',
      ours: mib(residentBytes),
      beside: `bare Node ${mib(bareResidentBytes)}, + 20 MiB`,
      ...{ ratio: (residentBytes - bareResidentBytes) / (20 * 1024 * 1024), target: 1 },
    },
    {
      what: 'idle agent, receives an hour',
      ours: receivesAnHour.toFixed(0),
      beside: `limit 200; ${otherRequestsAnHour.toFixed(0)} more requests to publish its facts`,
      ...{ ratio: receivesAnHour / 200, target: 1 },
    },
  ]
  return { rows, figures }
}

async function memory(server: SqsServer, executable: string, seconds: number): Promise<Part> {
  const unit = `${root}/agent/packaging/ec2-cagent.service`
  const figures = await measureAgentMemory(server, executable, unit, seconds)
  const { idle, afterOutput, peer } = figures
  const show = ({ own, resident }: Memory) => `${mib(own)} of its own (${mib(resident)} resident)`
  const limited = (what: string, ours: Memory, limit: number): Row => ({
    ...{ what: `packaged agent, memory ${what}`, ours: show(ours) },
    ...{ beside: `limit ${limit} MiB of its own`, ratio: ours.own / (limit * 1024 * 1024), target: 1 },
  })
  const besidePeer = (what: string, ours: Memory): Row => ({
    ...{ what: `packaged agent, memory ${what}, beside mcollectived`, ours: show(ours) },
    ...(typeof peer === 'string'
      ? { beside: peer }
      : { beside: `idle ${show(peer)}`, ratio: ours.own / peer.own }),
  })
  const after = `${seconds} s after ten outputs of 1 MiB`
  const rows = [
    limited(`after ${seconds} s idle`, idle, 21),
    limited(after, afterOutput, 25),
    besidePeer('idle', idle),
    besidePeer(after, afterOutput),
  ]
  return { rows, figures }
}

async function requests(server: SqsServer, agents: number): Promise<Part> {
  const figures = await measureAgentRequests(server, agents, 5)
  const { receives, sends, visibleMs, expected } = figures
  const what = `requests of an agent for one run, ${agents} agents (processes)`
  const ours = `${(receives + sends).toFixed(1)} (${receives.toFixed(1)} receives)`
  const beside = `${expected.toFixed(1)} receives by the formula, visible for ${ms(visibleMs)}`
  return { rows: [{ what, ours, beside }], figures }
}

async function processes(server: SqsServer, agents: number): Promise<Part> {
  const extras = { kept: agents === 50, backToBack: agents === 10 }
  const fleet = processFleet(server, agents)
  const figures = await measureRuns(server, fleet, { rounds: 7, tenAtOnce: true, ...extras })
  return { rows: runRows(figures), figures }
}

async function simulated(server: SqsServer, agents: number): Promise<Part> {
  const fleet = simulatedFleet(server, agents)
  const figures =
    agents > 1000
      ? await measureLargeRuns(server, fleet, 3, 90_000)
      : await measureRuns(server, fleet, { rounds: 5, tenAtOnce: agents <= 100 })
  return { rows: runRows(figures), figures }
}

async function silence(server: SqsServer): Promise<Part> {
  const figures = await measureSilentAgents(server)
  const { sizes, bytesPerAgent, ofTheFirst, ofTheLast } = figures
  const kib = (bytes: number) => (bytes / 1024).toFixed(2)
  const [few, some, many] = sizes
  const halves = `${few} to ${some} ${kib(ofTheFirst)}, ${some} to ${many} ${kib(ofTheLast)}`
  const row: Row = {
    what: 'run, memory per agent with no reply',
    ours: `${kib(bytesPerAgent)} KiB (${halves})`,
    ...{ beside: 'limit 2 KiB', ratio: bytesPerAgent / 2048, target: 1 },
  }
  return { rows: [row], figures }
}

async function sweep(server: SqsServer, agents: number): Promise<Part> {
  const figures = await measureSweep(server, agents)
  const row: Row = {
    what: `facts of ${agents} agents, from nothing`,
    ours: ms(figures.elapsedMs),
    beside: `${figures.requests} requests, ${figures.heard} found`,
  }
  return { rows: [row], figures }
}

async function watched(): Promise<Part> {
  const agents = 10_000
  const figures: Partial<Record<Watching, number>> = {}
  const measure = async (watching: Watching) => {
    const processorMs = await measureWatchedSweep(agents, watching, 3)
    figures[watching] = processorMs
    return processorMs
  }
  const bare = await measure('nothing')
  const watchedMs = await measure('lenses and review box')
  const withTree = await measure('lenses, review box and tree')
  const what = `facts of ${agents} agents, processor time`
  const rows: Row[] = [
    {
      ...{ what: `${what} with lenses and review box`, ours: ms(watchedMs) },
      ...{ beside: `limit 800 ms; ${ms(bare)} with nothing open`, ratio: watchedMs / 800, target: 1 },
    },
    { what: `${what} with the tree, too`, ours: ms(withTree), beside: 'every row rebuilt at each change' },
  ]
  return { rows, figures }
}

async function bounds(): Promise<Part> {
  const figures = await measureBoundScan(root)
  const rows = figures.map(({ what, bytes, bounded, bare }): Row => {
    const rate = (elapsed: readonly number[]) =>
      `${Math.round(roundBytesOf(bytes) / 1000 / median(elapsed))} MB/s`
    const beside = `JSON.parse ${rate(bare)}`
    return { what: `measured and parsed: ${what}`, ours: rate(bounded), beside, ...compare(bounded, bare) }
  })
  return { rows, figures }
}

async function drain(server: SqsServer): Promise<Part> {
  const figures = await measureDrain(server, 10_000, 5)
  const { ours, floor, kept } = figures
  const what = 'drain of 10,000 replies'
  const own = ms(median(ours))
  const rows: Row[] = [
    { what, ours: own, beside: `floor ${ms(median(floor))}`, ...compare(ours, floor), target: 1.2 },
    {
      what: `${what}, against an SDK that caches its middleware`,
      ...{ ours: own, beside: `floor ${ms(median(kept))}`, ...compare(ours, kept) },
    },
  ]
  return { rows, figures }
}

async function bulk(server: SqsServer, agents: number, mebibytes: number): Promise<Part> {
  const figures = await measureThroughput(server, agents, mebibytes, 2)
  const { ours, floor, megabytes } = figures
  const rate = (elapsed: readonly number[]) => `${((megabytes / median(elapsed)) * 1000).toFixed(1)} MB/s`
  const row: Row = {
    what: `output, ${agents} × ${mebibytes} MiB`,
    ...{ ours: rate(ours), beside: `floor ${rate(floor)}`, ...compare(ours, floor) },
  }
  return { rows: [row], figures }
}

/** @param oursMs a run of ours over as many agents; NaN when it was not measured */
async function peers(hosts: number, oursMs: number): Promise<Part> {
  const figures = await measurePeers(hosts, 3)
  const rows = figures.map((peer): Row => {
    const row = { what: `peers, ${hosts} hosts`, ours: Number.isNaN(oursMs) ? '' : ms(oursMs) }
    if (!('elapsedMs' in peer)) return { ...row, beside: `${peer.name} ${peer.absence}` }
    const beside = `${peer.name} ${ms(peer.elapsedMs)}`
    return { ...row, beside, ...(Number.isNaN(oursMs) ? {} : { ratio: oursMs / peer.elapsedMs }) }
  })
  return { rows, figures }
}
