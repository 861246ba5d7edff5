import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startAgent } from '../support/agentProcess.ts'
import { startCommander } from '../support/commander.ts'
import type { SqsServer } from '../support/sqs.ts'

/** Memory of a process, bytes. */
export interface Memory {
  /** Anonymous: its own, that nobody else can have. */
  readonly own: number
  /** With the pages of its files, which the kernel takes back when it needs them. */
  readonly resident: number
}

export interface AgentMemory {
  readonly idle: Memory
  readonly afterOutput: Memory
  /** Debian's mcollectived when it is idle, or why there is no figure. */
  readonly peer: Memory | string
}

const runs = 10
/** 1 MiB in base64, which nothing compresses. */
const command = 'head -c 786432 /dev/urandom | base64 -w0'

/**
 * The self-contained executable in the environment that the systemd unit gives it, after `seconds` without a run, and as
 * long after ten outputs of 1 MiB; beside it mcollectived, where it is installed.
 *
 * @param executable with Node in it
 * @param unit path of the systemd unit
 */
export async function measureAgentMemory(
  server: SqsServer,
  executable: string,
  unit: string,
  seconds: number,
): Promise<AgentMemory> {
  const peer = measurePeer(seconds)
  const environment = await server.environment('memory')
  const master = startCommander(server.connect(), environment)
  const agent = await startAgent({
    environment,
    directory: await mkdtemp(join(tmpdir(), 'agent-')),
    command: [executable],
    variables: variablesOf(await readFile(unit, 'utf8')),
  })
  await sleep(seconds * 1000)
  const idle = await memoryOf(agent.pid)
  for (let run = 0; run < runs; run += 1) {
    await master.result(await master.send({ kind: 'shell', command }), 60_000)
    await master.expire()
  }
  await sleep(seconds * 1000)
  const afterOutput = await memoryOf(agent.pid)
  await agent.stop()
  await master.stop()
  return { idle, afterOutput, peer: await peer }
}

/** What `Environment=` of a unit says; no value of ours has spaces. */
function variablesOf(unit: string): Record<string, string> {
  const lines = [...unit.matchAll(/^Environment=(.*)$/gm)].map(([, line = '']) => line)
  const pairs = lines.flatMap((line) => line.split(' ')).map((pair) => pair.split('='))
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]))
}

/** As Debian configures it, but for a broker that is not there: it goes on trying to connect. */
async function measurePeer(seconds: number): Promise<Memory | string> {
  const program = '/usr/sbin/mcollectived'
  const isThere = await access(program).then(
    () => true,
    () => false,
  )
  if (!isThere) return 'mcollectived is not installed'
  const config = join(await mkdtemp(join(tmpdir(), 'mcollective-')), 'server.cfg')
  await writeFile(config, peerConfiguration)
  const child = spawn(program, ['--no-daemonize', '--config', config], { stdio: 'ignore' })
  try {
    await sleep(seconds * 1000)
    if (hasEnded(child)) return `mcollectived ended with ${child.exitCode ?? child.signalCode}`
    return await memoryOf(child.pid ?? 0)
  } catch (error) {
    return `mcollectived: ${(error as Error).message}`
  } finally {
    if (!hasEnded(child)) {
      child.kill()
      await once(child, 'exit')
    }
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

const peerConfiguration = `main_collective = mcollective
collectives = mcollective
libdir = /usr/share/mcollective/plugins
logger_type = console
loglevel = info
daemonize = 0
securityprovider = psk
plugin.psk = unset
connector = activemq
plugin.activemq.pool.size = 1
plugin.activemq.pool.1.host = 127.0.0.1
plugin.activemq.pool.1.port = 1
plugin.activemq.pool.1.user = mcollective
plugin.activemq.pool.1.password = marionette
factsource = yaml
plugin.yaml = /etc/mcollective/facts.yaml
`

/** @throws Error when there is no such process, or no Linux */
async function memoryOf(pid: number): Promise<Memory> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  const bytes = (name: string) => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1]
    if (kib === undefined) throw new Error(`/proc/${pid}/smaps_rollup has no ${name}`)
    return Number(kib) * 1024
  }
  return { own: bytes('Anonymous'), resident: bytes('Rss') }
}
