import type { ChildProcess } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { History } from '../../src/master/history.ts'
import { openBody } from '../../src/protocol/envelope.ts'
import type { Environment } from '../../src/queues/environment.ts'
import { startFaultProxy } from '../support/faultProxy.ts'
import { createDice, type Dice } from '../support/faults/dice.ts'
import { startSqs } from '../support/sqs.ts'
import { type AgentFiles, writeAgentFiles } from './agentFiles.ts'
import { badDay, everyDay, wrongClocks } from './badDay.ts'
import type { MasterOrder, MasterReport } from './masterTalk.ts'
import { type Judgement, judge } from './oracle.ts'
import { processesWith } from './orphans.ts'
import type { SoakPrograms } from './programs.ts'
import { inventCommand, type SoakCommand } from './soakCommand.ts'
import { SoakProcess } from './soakProcess.ts'

export interface SoakOptions {
  readonly seed: number
  readonly runs: number
  readonly agents: number
  readonly masters: number
  readonly programs: SoakPrograms
  /** Milliseconds from one kill of an agent, of a master, and from one outage to the next, on average. */
  readonly pace: { readonly killAgentMs: number; readonly killMasterMs: number; readonly outageMs: number }
  /** How long outages last, milliseconds: the first one, and all others. */
  readonly outage: { readonly firstMs: number; readonly othersMs: readonly [least: number, most: number] }
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

/** What a process may have at most: bounds that growth with the number of runs would break. */
const bounds = {
  agent: { residentBytes: 220e6, openFiles: 120 },
  master: { residentBytes: 400e6, openFiles: 200 },
}

/**
 * Lets masters command agents, all of them processes, over an SQS that has a bad day and that kills them, until `runs`
 * commands were given; then lets the sky clear, waits until all is quiet, and judges.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { seed, runs, tell } = options
  const startedAt = performance.now()
  const directory = await mkdtemp(join(tmpdir(), 'soak-'))
  const dice = createDice(seed)
  const sqs = await startSqs()
  const agentKeys = Array.from({ length: options.agents }, (_, index) => `AGENT${index + 1}`)
  const senderIds = Object.fromEntries(
    agentKeys.map((key, index) => [key, `AROAEXAMPLE:i-${(index + 1).toString(16).padStart(17, '0')}`]),
  )
  const expired = new Set<string>()
  const onExpired = (queue: string, body: string) => {
    if (!queue.endsWith('_agent')) return
    const { message } = openBody(body)
    if (message.type === 'result') expired.add(`${message.runId} ${message.agentId}`)
  }
  const proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed, senderIds, onExpired })
  proxy.inject(...everyDay, ...wrongClocks({ AGENT2: 240_000, AGENT3: -240_000, MASTER1: -120_000 }))
  const environment: Environment = { ...(await sqs.environment('soak')), endpoint: proxy.endpoint }
  const agents = await startAgents(options, directory, environment)
  const masters = await startMasters(options, directory, environment)
  const everybody = [...agents.map(({ process }) => process), ...masters.map(({ process }) => process)]
  const measuring = setInterval(() => {
    for (const process of everybody) void process.measure()
  }, 1_000)
  try {
    tell(`seed ${seed}: ${agents.length} agents and ${masters.length} masters in ${directory}`)
    await Promise.all(masters.map((master) => master.knowsEverybody(agents.length)))
    const calm = proxy.inject(...badDay)
    const storm = new AbortController()
    let outages = 0
    const troublemakers = [
      often(options.pace.killAgentMs, dice('agents'), storm.signal, async (thrown) => {
        const { process } = agents[thrown.between([0, agents.length - 1])] as SoakAgent
        await process.kill()
        await delay(thrown.between([100, 4_000]))
        process.start()
      }),
      often(options.pace.killMasterMs, dice('masters'), storm.signal, async (thrown) => {
        const master = masters[thrown.between([0, masters.length - 1])] as SoakMaster
        await master.process.kill()
        await delay(thrown.between([100, 3_000]))
        master.process.start()
      }),
      often(options.pace.outageMs, dice('outages'), storm.signal, async (thrown) => {
        const { firstMs, othersMs } = options.outage
        const end = proxy.outage()
        outages += 1
        await delay(outages === 1 ? firstMs : thrown.between(othersMs))
        end()
      }),
    ]
    const violations: string[] = []
    const complain = (what: string) => violations.push(what)
    let ordered = 0
    await Promise.all(
      masters.map(async (master) => {
        const lanes = Array.from({ length: parallelRuns }, async () => {
          while (ordered < runs) {
            ordered += 1
            const command = inventCommand(`${master.name}-c${ordered}`, dice(`command ${ordered}`))
            if (!(await isDoneWithin(stuckMs, master.command(command)))) {
              complain(`${command.token} is not over after ${stuckMs / 1000} s`)
              return
            }
            if (ordered % 50 === 0) tell(`seed ${seed}: ${ordered} of ${runs} commands given`)
          }
        })
        await Promise.all(lanes)
      }),
    )
    storm.abort()
    await Promise.all(troublemakers)
    calm()
    const struck = { ...proxy.struck }
    tell(`seed ${seed}: all commands are over, waiting until all is quiet`)
    if (!(await isDoneWithin(stuckMs, Promise.all(masters.map((master) => master.allOver())))))
      complain(`runs are not over ${stuckMs / 1000} s after the storm`)
    await Promise.all(
      agents.map(async ({ process }) => {
        // It ends as soon as nothing runs and every reply is with SQS.
        if (!(await process.end((child) => child.kill('SIGUSR2'), 60_000)))
          complain(`${process.name} does not come to rest`)
      }),
    )
    const direct = sqs.connect()
    for (const queue of await direct.listQueues('soak_')) {
      if (!queue.endsWith('_agent')) continue
      const isEmpty = async () => {
        const { visible, notVisible, delayed } = await direct.attributes(queue)
        return visible + notVisible + delayed === 0
      }
      const giveUpAt = Date.now() + 60_000
      while (!(await isEmpty()) && Date.now() < giveUpAt) await delay(200)
      if (!(await isEmpty())) complain(`replies lie unread in ${queue}`)
    }
    await Promise.all(
      masters.map(async ({ process, order }) => {
        if (!(await process.end(() => order({ kind: 'end' }), 30_000)))
          complain(`${process.name} does not end`)
      }),
    )
    for (const orphan of await processesWith(directory, new Set())) complain(`left behind: ${orphan}`)
    const peaks = { agent: peakOf(agents), master: peakOf(masters) }
    for (const kind of ['agent', 'master'] as const) {
      for (const what of ['residentBytes', 'openFiles'] as const) {
        if (peaks[kind][what] > bounds[kind][what])
          complain(`${what} of the largest ${kind}: ${peaks[kind][what]}, more than ${bounds[kind][what]}`)
      }
    }
    for (const { accidents } of everybody) violations.push(...accidents)
    const commands = new Map(masters.flatMap(({ commands }) => [...commands]))
    const judgement = await judge({
      masters: await Promise.all(
        masters.map(async ({ name, home, commands }) => ({
          name,
          history: await History.open(join(home, 'history')),
          commands: new Set(commands.keys()),
        })),
      ),
      agents: agents.map(({ files }) => files),
      commands,
      expired,
      kills: new Map(agents.map(({ files, process }) => [files.agentId, process.killedAt])),
    })
    const commandsByKind: Record<string, number> = {}
    for (const { kind } of commands.values()) commandsByKind[kind] = (commandsByKind[kind] ?? 0) + 1
    const kills = (of: readonly { process: SoakProcess }[]) =>
      of.reduce((sum, { process }) => sum + process.killedAt.length, 0)
    return {
      ...judgement,
      violations: [...violations, ...judgement.violations],
      ...{ seed, directory, struck, outages, peaks, commandsByKind },
      seconds: Math.round((performance.now() - startedAt) / 1000),
      requests: proxy.requests,
      kills: { agents: kills(agents), masters: kills(masters) },
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

interface SoakAgent {
  readonly files: AgentFiles
  readonly process: SoakProcess
}

async function startAgents(
  { agents: count, programs }: SoakOptions,
  directory: string,
  environment: Environment,
): Promise<SoakAgent[]> {
  const agents: SoakAgent[] = []
  for (let number = 1; number <= count; number += 1) {
    const files = await writeAgentFiles(directory, number, environment)
    const process = new SoakProcess(`agent ${number}`, {
      args: [programs.agent, '--foreground', '--until-stdin-closes', '--config', files.configFile],
      env: environmentOf(`AGENT${number}`, files.directory),
      logFile: files.logFile,
    })
    agents.push({ files, process })
    process.start()
  }
  return agents
}

/** A master with what it was told to do. */
interface SoakMaster {
  readonly name: string
  readonly home: string
  readonly process: SoakProcess
  readonly commands: Map<string, SoakCommand>
  readonly troubles: Record<string, number>
  readonly notBegun: number
  order(order: MasterOrder): void
  /** Gives a command; resolves when its run is over, or never began. */
  command(command: SoakCommand): Promise<void>
  allOver(): Promise<void>
  knowsEverybody(count: number): Promise<void>
}

async function startMasters(
  options: SoakOptions,
  directory: string,
  environment: Environment,
): Promise<SoakMaster[]> {
  const masters: SoakMaster[] = []
  for (let number = 1; number <= options.masters; number += 1) {
    // The last of several has no reply queue of its own.
    const replies = number === options.masters && number > 1 ? 'shared' : 'private'
    masters.push(await startMaster(`m${number}`, replies, options, directory, environment))
  }
  return masters
}

async function startMaster(
  name: string,
  replies: 'private' | 'shared',
  { programs }: SoakOptions,
  directory: string,
  environment: Environment,
): Promise<SoakMaster> {
  const home = join(directory, name)
  await mkdir(home)
  const key = `MASTER${name.slice(1)}`
  const commands = new Map<string, SoakCommand>()
  const open = new Map<string, () => void>()
  /** Tokens by run id. */
  const begun = new Map<string, string>()
  const troubles: Record<string, number> = {}
  let notBegun = 0
  let known = 0
  let child: ChildProcess | undefined
  let isReady = false
  const waiting: MasterOrder[] = []
  const given = new Set<string>()
  const order = (order: MasterOrder) => {
    if (!isReady) {
      waiting.push(order)
      return
    }
    if (order.kind === 'start') given.add(order.token)
    child?.stdin?.write(`${JSON.stringify(order)}\n`)
  }
  const settle = (token: string) => {
    open.get(token)?.()
    open.delete(token)
  }
  const listen = (line: MasterReport) => {
    appendFileSync(join(home, 'reports.log'), `${new Date().toISOString()} ${JSON.stringify(line)}\n`)
    switch (line.kind) {
      case 'ready':
        // What it does not know any more died with an earlier process before it began.
        for (const token of given) {
          if (!open.has(token) || line.tokens.includes(token) || [...begun.values()].includes(token)) continue
          notBegun += 1
          settle(token)
        }
        isReady = true
        for (const kept of waiting.splice(0)) order(kept)
        return
      case 'knows':
        known = line.agents
        return
      case 'started':
        begun.set(line.runId, line.token)
        return
      case 'failed':
        notBegun += 1
        settle(line.token)
        return
      case 'over':
        // A ping does not say its token.
        settle(begun.get(line.runId) ?? line.token)
        return
      case 'trouble':
        troubles[line.what] = (troubles[line.what] ?? 0) + 1
    }
  }
  const process = new SoakProcess(name, {
    args: [
      programs.master,
      ...[
        '--environment',
        JSON.stringify({ ...environment, credentials: { accessKeyId: key, secretAccessKey: 'x' } }),
      ],
      ...['--directory', home, '--replies', replies],
    ],
    env: environmentOf(key, home),
    logFile: join(home, 'master.log'),
    onStart: (started) => {
      child = started
      isReady = false
      if (started.stdout)
        createInterface(started.stdout).on('line', (line) => listen(JSON.parse(line) as MasterReport))
    },
  })
  process.start()
  return {
    ...{ name, home, process, commands, troubles, order },
    get notBegun() {
      return notBegun
    },
    async command(command) {
      commands.set(command.token, command)
      const over = new Promise<void>((resolve) => open.set(command.token, resolve))
      const { token, request, cancelAfterMs } = command
      order({ kind: 'start', token, request, cancelAfterMs })
      await over
    },
    async allOver() {
      while (open.size > 0) await delay(100)
    },
    async knowsEverybody(count) {
      while (known < count) await delay(50)
    },
  }
}

function environmentOf(accessKeyId: string, directory: string): Record<string, string> {
  const { PATH = '' } = process.env
  return {
    PATH,
    HOME: directory,
    TMPDIR: directory,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

async function isDoneWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  const limit = new AbortController()
  const late = delay(limitMs, false, { signal: limit.signal }).catch(() => false)
  const isDone = await Promise.race([work.then(() => true), late])
  limit.abort()
  return isDone
}

/** Lets something happen again and again, at random times. What has begun is brought to its end. */
async function often(
  everyMs: number,
  dice: Dice,
  signal: AbortSignal,
  act: (dice: Dice) => Promise<void>,
): Promise<void> {
  for (;;) {
    await delay(dice.between([everyMs / 2, (everyMs * 3) / 2]), undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    await act(dice)
  }
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
