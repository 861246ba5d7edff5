import { appendFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { History } from '../../src/master/history.ts'
import { openBody } from '../../src/protocol/envelope.ts'
import type { Queues } from '../../src/queues/queues.ts'
import { startFaultProxy } from '../support/faultProxy.ts'
import { createDice } from '../support/faults/dice.ts'
import { startSqs } from '../support/sqs.ts'
import { everyDay, wrongClocks } from './badDay.ts'
import { type Judgement, judge } from './oracle.ts'
import { processesWith } from './orphans.ts'
import type { SoakPrograms } from './programs.ts'
import { agentSenders, type SoakAgent, startAgents } from './soakAgents.ts'
import { inventCommand } from './soakCommand.ts'
import { type SoakMaster, startMasters } from './soakMasters.ts'
import type { SoakProcess } from './soakProcess.ts'
import { startStorm, type Weather } from './storm.ts'

export interface SoakOptions {
  readonly seed: number
  readonly runs: number
  readonly agents: number
  readonly masters: number
  readonly programs: SoakPrograms
  readonly weather: Weather
  readonly tell: (line: string) => void
}

export interface SoakReport extends Judgement {
  readonly seed: number
  /** Everything of the soak: homes, logs, histories. */
  readonly directory: string
  readonly seconds: number
  readonly requests: number
  readonly struck: Readonly<Record<string, number>>
  readonly kills: { readonly agents: number; readonly masters: number }
  readonly outages: number
  readonly commandsByKind: Readonly<Record<string, number>>
  /** Orders that came to nothing: nobody matched, SQS did not take it, the master died first. */
  readonly notBegun: number
  readonly peaks: Readonly<Record<'agent' | 'master', { residentBytes: number; openFiles: number }>>
  readonly troubles: Readonly<Record<string, number>>
}

/** Runs of one master at a time. */
const parallelRuns = 2

/** No run takes so long, with all its waits, an outage and deaths in between, milliseconds. */
const stuckMs = 300_000

/** What a process may have at most: about twice what it needs. Growth with the number of runs would break it. */
const bounds = {
  agent: { residentBytes: 180e6, openFiles: 100 },
  master: { residentBytes: 300e6, openFiles: 150 },
}

/**
 * Lets masters command agents, all of them processes, over an SQS that has a bad day and while they are killed, until
 * `runs` commands were given; then lets the sky clear, waits until all is quiet, and judges.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { seed, programs, tell } = options
  const startedAt = performance.now()
  const directory = await mkdtemp(join(tmpdir(), 'soak-'))
  const dice = createDice(seed)
  const sqs = await startSqs()
  const expired = new Set<string>()
  const proxy = await startFaultProxy({
    ...{ endpoint: sqs.endpoint, seed, senderIds: agentSenders(options.agents) },
    onExpired: (queue, body) => {
      if (!queue.endsWith('_agent')) return
      const { message } = openBody(body)
      if (message.type !== 'result') return
      expired.add(`${message.runId} ${message.agentId}`)
      appendFileSync(join(directory, 'expired.log'), `${queue} ${message.runId} ${message.agentId}\n`)
    },
  })
  proxy.inject(...everyDay, ...wrongClocks({ AGENT2: 240_000, AGENT3: -240_000, MASTER1: -120_000 }))
  const environment = { ...(await sqs.environment('soak')), endpoint: proxy.endpoint }
  const agents = await startAgents(options.agents, programs.agent, directory, environment)
  const masters = await startMasters(options.masters, programs.master, directory, environment)
  const everybody = [...agents, ...masters].map(({ process }) => process)
  const measuring = setInterval(() => {
    for (const process of everybody) void process.measure()
  }, 1_000)
  try {
    tell(`seed ${seed}: ${agents.length} agents and ${masters.length} masters in ${directory}`)
    await Promise.all(masters.map((master) => master.knowsEverybody(agents.length)))
    const processesOf = (of: readonly { process: SoakProcess }[]) => of.map(({ process }) => process)
    const storm = startStorm(proxy, processesOf(agents), processesOf(masters), options.weather, dice)
    const violations = await giveCommands(masters, options)
    await storm.end()
    const struck = { ...proxy.struck }
    tell(`seed ${seed}: all commands are over, waiting until all is quiet`)
    violations.push(...(await comeToRest(agents, masters, sqs.connect())))
    for (const orphan of await processesWith(directory)) violations.push(`left behind: ${orphan}`)
    const peaks = { agent: peakOf(agents), master: peakOf(masters) }
    violations.push(...excesses(peaks), ...everybody.flatMap(({ accidents }) => accidents))
    const commands = new Map(masters.flatMap((master) => [...master.commands]))
    const judgement = await judge({
      masters: await Promise.all(masters.map(readHistory)),
      agents: agents.map(({ files }) => files),
      ...{ commands, expired },
      kills: new Map(agents.map(({ files, process }) => [files.agentId, process.killedAt])),
    })
    return {
      ...judgement,
      violations: [...violations, ...judgement.violations],
      ...{ seed, directory, struck, peaks, outages: storm.outages },
      commandsByKind: sumOf([...commands.values()].map(({ kind }) => ({ [kind]: 1 }))),
      seconds: Math.round((performance.now() - startedAt) / 1000),
      requests: proxy.requests,
      kills: { agents: killsOf(agents), masters: killsOf(masters) },
      notBegun: masters.reduce((sum, master) => sum + master.notBegun, 0),
      troubles: sumOf(masters.map(({ troubles }) => troubles)),
    }
  } finally {
    clearInterval(measuring)
    await Promise.all(everybody.map((process) => process.end((child) => child.kill('SIGKILL'), 5_000)))
    await proxy.stop()
    await sqs.stop()
  }
}

/** Keeps every master busy until all commands were given and are over. Returns what got stuck. */
async function giveCommands(
  masters: readonly SoakMaster[],
  { seed, runs, tell }: SoakOptions,
): Promise<string[]> {
  const stuck: string[] = []
  const dice = createDice(seed)
  let given = 0
  const keepBusy = async (master: SoakMaster) => {
    while (given < runs) {
      given += 1
      if (given % 50 === 0) tell(`seed ${seed}: ${given} of ${runs} commands given`)
      const command = inventCommand(`${master.name}-c${given}`, dice(`command ${given}`))
      if (await isDoneWithin(stuckMs, master.command(command))) continue
      stuck.push(`${command.token} is not over after ${stuckMs / 1000} s`)
      return
    }
  }
  await Promise.all(masters.flatMap((master) => Array.from({ length: parallelRuns }, () => keepBusy(master))))
  return stuck
}

/** Waits until all is quiet, and ends everybody. Returns who cannot rest. */
async function comeToRest(
  agents: readonly SoakAgent[],
  masters: readonly SoakMaster[],
  queues: Queues,
): Promise<string[]> {
  const restless: string[] = []
  if (!(await isDoneWithin(stuckMs, Promise.all(masters.map((master) => master.allOver())))))
    restless.push(`runs are not over ${stuckMs / 1000} s after the storm`)
  // An agent that gets this signal ends as soon as nothing runs and every reply is with SQS.
  const rest = async ({ process }: SoakAgent) => {
    const isAtRest = await process.end((child) => child.kill('SIGUSR2'), 60_000)
    if (!isAtRest) restless.push(`${process.name} does not come to rest`)
  }
  await Promise.all(agents.map(rest))
  // The masters read what the agents said last. What a master had received when it was killed stays hidden for a while.
  for (const queue of await queues.listQueues('soak_')) {
    if (queue.endsWith('_agent') && !(await isDoneWithin(60_000, isEmpty(queues, queue))))
      restless.push(`replies lie unread in ${queue}`)
  }
  const end = async ({ process, order }: SoakMaster) => {
    const isEnded = await process.end(() => order({ kind: 'end' }), 30_000)
    if (!isEnded) restless.push(`${process.name} does not end`)
  }
  await Promise.all(masters.map(end))
  return restless
}

async function isEmpty(queues: Queues, queue: string): Promise<void> {
  for (;;) {
    const { visible, notVisible, delayed } = await queues.attributes(queue)
    if (visible + notVisible + delayed === 0) return
    await delay(200)
  }
}

async function readHistory({ name, home, commands }: SoakMaster) {
  return { name, history: await History.open(join(home, 'history')), commands: new Set(commands.keys()) }
}

type Peaks = SoakReport['peaks']

function excesses(peaks: Peaks): string[] {
  return (['agent', 'master'] as const).flatMap((kind) =>
    (['residentBytes', 'openFiles'] as const).flatMap((what) => {
      const [peak, bound] = [peaks[kind][what], bounds[kind][what]]
      return peak > bound ? [`${what} of the largest ${kind}: ${peak}, more than ${bound}`] : []
    }),
  )
}

function killsOf(of: readonly { process: SoakProcess }[]): number {
  return of.reduce((sum, { process }) => sum + process.killedAt.length, 0)
}

async function isDoneWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  const limit = new AbortController()
  const late = delay(limitMs, false, { signal: limit.signal }).catch(() => false)
  const isDone = await Promise.race([work.then(() => true), late])
  limit.abort()
  return isDone
}

function sumOf(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const [what, count] of counts.flatMap((each) => Object.entries(each)))
    sum[what] = (sum[what] ?? 0) + count
  return sum
}

function peakOf(of: readonly { process: SoakProcess }[]): { residentBytes: number; openFiles: number } {
  const most = (what: 'residentBytes' | 'openFiles') =>
    Math.max(...of.map(({ process }) => process.peaks[what]))
  return { residentBytes: most('residentBytes'), openFiles: most('openFiles') }
}
