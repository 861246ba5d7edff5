import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { History } from '../../src/master/store/history.ts'
import { openBody } from '../../src/protocol/envelope.ts'
import { startFaultProxy } from '../support/faultProxy.ts'
import { createDice } from '../support/faults/dice.ts'
import { startSqs } from '../support/sqs.ts'
import { everyDay } from './badDay.ts'
import { countExecutions } from './effects.ts'
import { excessesOf, type Footprint, growthOf, largestOf, memoryOver } from './footprint.ts'
import { judge, type PolicyDecision } from './oracle.ts'
import { childrenOf, endChildren, watchForOrphans } from './orphans.ts'
import type { SoakPrograms } from './programs.ts'
import { isEnough, type Least, lacks } from './proof.ts'
import { comeToRest, isDoneWithin, stuckMs } from './rest.ts'
import { agentSenders, startAgents } from './soakAgents.ts'
import { inventCommand } from './soakCommand.ts'
import { type SoakMaster, startMasters } from './soakMasters.ts'
import type { SoakProcess } from './soakProcess.ts'
import { type Storm, startStorm, type Weather } from './storm.ts'

export interface SoakOptions {
  readonly seed: number
  /** An empty one, for everything of the soak: homes, logs, histories. Whatever is started has it in its `TMPDIR`. */
  readonly directory: string
  readonly runs: number
  readonly agents: number
  readonly masters: number
  readonly programs: SoakPrograms
  readonly weather: Weather
  /** What must have happened in the end: commands are given on until that is so. */
  readonly least: Least
  readonly tell: (line: string) => void
}

export interface SoakReport extends PolicyDecision {
  readonly seed: number
  readonly seconds: number
  readonly requests: number
  readonly struck: Readonly<Record<string, number>>
  readonly kills: { readonly agents: number; readonly masters: number }
  readonly outages: number
  readonly commandsByKind: Readonly<Record<string, number>>
  /** Orders that came to nothing: nobody matched, SQS did not take it, the master died first. */
  readonly notBegun: number
  /** Of the largest agent and of the largest master. */
  readonly peaks: Readonly<Record<'agent' | 'master', Footprint>>
  readonly survivors: readonly Survivor[]
  readonly troubles: Readonly<Record<string, number>>
}

/** Somebody who was never killed: what grows, grows there. */
export interface Survivor {
  readonly name: string
  readonly peak: Footprint
  /** See {@link memoryOver}. */
  readonly memory: ReturnType<typeof memoryOver>
}

/** Commands that are given at most, when `runs` are not enough: so many times as many. */
const mostOfRuns = 4

/** Runs of one master at a time. */
const parallelRuns = 2

/**
 * Lets masters command agents, all of them processes, over an SQS that has a bad day and while they are killed, until
 * `runs` commands were given; then lets the sky clear, waits until all is quiet, and judges.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { seed, directory, programs, least, tell } = options
  const startedAt = performance.now()
  const dice = createDice(seed)
  const expired = new Set<string>()
  /** Told by the server as well as by the proxy: whichever of them comes first takes the message off. */
  const onExpired = (queue: string, body: string) => {
    if (!queue.endsWith('_agent')) return
    const { message } = openBody(body, 'reply')
    if (message.type !== 'result') return
    expired.add(`${message.runId} ${message.agentId}`)
    appendFileSync(join(directory, 'expired.log'), `${queue} ${message.runId} ${message.agentId}\n`)
  }
  const sqs = await startSqs(onExpired)
  const proxy = await startFaultProxy({
    ...{ endpoint: sqs.endpoint, seed, senderIds: agentSenders(options.agents) },
    onExpired,
  })
  proxy.inject(...everyDay)
  const environment = { ...(await sqs.environment('soak')), endpoint: proxy.endpoint }
  const agents = await startAgents(options.agents, programs.agent, directory, environment)
  const masters = await startMasters(options.masters, programs.master, directory, environment)
  const everybody = [...agents, ...masters].map(({ process }) => process)
  const measuring = setInterval(() => {
    for (const process of everybody) void process.measure()
  }, 1_000)
  const files = agents.map(({ files }) => files)
  const watch = watchForOrphans(directory, files)
  let storm: Storm | undefined
  try {
    tell(`seed ${seed}: ${agents.length} agents and ${masters.length} masters in ${directory}`)
    const violations: string[] = []
    const introduce = async (master: SoakMaster) => {
      if (await master.knowsEverybody(agents.length)) return
      violations.push(`${master.name} does not know every agent, although all is well`)
    }
    await Promise.all(masters.map(introduce))
    const { victims, survivors } = cast(agents.map(processOf), masters.map(processOf))
    storm = startStorm(proxy, victims, options.weather, dice)
    const { outages } = storm
    const suffered = () => ({
      kills: { agents: killsOf(agents), masters: killsOf(masters) },
      outages: outages(),
    })
    const isOver = async () => isEnough({ ...suffered(), executions: await countExecutions(files) }, least)
    violations.push(...(await giveCommands(masters, options, isOver)))
    await storm.end()
    const struck = { ...proxy.struck }
    tell(`seed ${seed}: all commands are over, waiting until all is quiet`)
    violations.push(...(await comeToRest(agents, masters, sqs.connect())))
    for (const orphan of watch.end()) violations.push(`not stopped in time: ${orphan}`)
    for (const { pid, commandLine } of await childrenOf(directory))
      violations.push(`left behind: ${pid}: ${commandLine}`)
    const peaks = { agent: peakOf(agents), master: peakOf(masters) }
    violations.push(...excessesOf('agent', peaks.agent), ...excessesOf('master', peaks.master))
    for (const survivor of survivors) {
      const kind = agents.some(({ process }) => process === survivor) ? 'agent' : 'master'
      violations.push(...growthOf(kind, survivor.name, survivor.footprints))
    }
    violations.push(...everybody.flatMap(({ accidents }) => accidents))
    const commands = new Map(masters.flatMap((master) => [...master.commands]))
    const judgement = await judge({
      masters: await Promise.all(masters.map(readHistory)),
      ...{ agents: files, commands, expired },
      kills: new Map(agents.map(({ files, process }) => [files.agentId, process.killedAt])),
    })
    const happened = { ...judgement, ...suffered(), struck }
    return {
      ...happened,
      violations: [...violations, ...judgement.violations, ...lacks(happened, least)],
      ...{ seed, peaks, survivors: survivors.map(describeSurvivor) },
      commandsByKind: sumOf([...commands.values()].map(({ kind }) => ({ [kind]: 1 }))),
      seconds: Math.round((performance.now() - startedAt) / 1000),
      requests: proxy.requests,
      notBegun: masters.reduce((sum, master) => sum + master.notBegun, 0),
      troubles: sumOf(masters.map(({ troubles }) => troubles)),
    }
  } finally {
    clearInterval(measuring)
    watch.end()
    await storm?.end()
    await Promise.all(everybody.map((process) => process.end((child) => child.kill('SIGKILL'), 5_000)))
    await endChildren(directory)
    await proxy.stop()
    await sqs.stop()
  }
}

/**
 * Who may be killed, and who may not: the first agent, and the second of three masters, which has a reply queue of its own.
 * Where there are fewer, there is nobody to spare.
 */
function cast(agents: readonly SoakProcess[], masters: readonly SoakProcess[]) {
  const survivors = [
    ...(agents.length > 1 ? agents.slice(0, 1) : []),
    ...(masters.length > 2 ? masters.slice(1, 2) : []),
  ]
  const isVictim = (process: SoakProcess) => !survivors.includes(process)
  return { survivors, victims: { agents: agents.filter(isVictim), masters: masters.filter(isVictim) } }
}

/** Keeps every master busy until all commands were given, and more while that is not enough. Returns what got stuck. */
async function giveCommands(
  masters: readonly SoakMaster[],
  { seed, runs, tell }: SoakOptions,
  isOver: () => Promise<boolean>,
): Promise<string[]> {
  const stuck: string[] = []
  const dice = createDice(seed)
  let given = 0
  const keepBusy = async (master: SoakMaster) => {
    while (given < runs || (given < mostOfRuns * runs && !(await isOver()))) {
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

async function readHistory({ name, home, commands, process }: SoakMaster) {
  return {
    ...{ name, commands: new Set(commands.keys()), knewEverybody: process.killedAt.length === 0 },
    history: await History.open(join(home, 'history')),
  }
}

function describeSurvivor({ name, footprints }: SoakProcess): Survivor {
  return { name, peak: largestOf(footprints), memory: memoryOver(footprints) }
}

function processOf({ process }: { readonly process: SoakProcess }): SoakProcess {
  return process
}

function killsOf(of: readonly { process: SoakProcess }[]): number {
  return of.reduce((sum, { process }) => sum + process.killedAt.length, 0)
}

function peakOf(of: readonly { process: SoakProcess }[]): Footprint {
  return largestOf(of.flatMap(({ process }) => process.footprints))
}

function sumOf(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const [what, count] of counts.flatMap((each) => Object.entries(each)))
    sum[what] = (sum[what] ?? 0) + count
  return sum
}
