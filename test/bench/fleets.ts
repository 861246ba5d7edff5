import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultQueues } from '../../src/queues/environment.ts'
import { startAgent } from '../support/agentProcess.ts'
import type { SqsServer } from '../support/sqs.ts'
import { type AgentHosts, startAgentHosts } from './agentHost.ts'
import { outputBodySizes, resultBody, unameOutput } from './bodies.ts'

/** One size of fleet, with its floor: how its agents and the floor's are started. */
export interface Fleet {
  readonly name: string
  readonly agents: number
  /** What its agents are told to execute. */
  readonly command: string
  /** Bytes of output that they may send, where that is more than they do by themselves. */
  readonly outputBytes?: number
  /** Messages by which an agent of the floor answers. */
  readonly bareMessages: number
  /** The agents of an environment; all listen when this resolves. */
  start(environment: string): Promise<AgentHosts>
  startBare(environment: string, keepsMiddleware: boolean): Promise<AgentHosts>
}

/** What agents of the floor are told. */
interface BareSettings {
  /** The beginning of each body, and how long each is, bytes. */
  readonly body: string
  readonly sizes: readonly number[]
  /** To be spawned for each message. */
  readonly command?: string
}

const uname = 'uname -a'

/** A result of `uname -a` as agents send it. */
const unameResult = resultBody(
  '00000000-0000-4000-8000-000000000000',
  { agentId: 'agent-001', hostname: 'agent-001' },
  unameOutput,
)

/** Bundles of the hosts lie beside the running one. */
const program = (name: string) => join(import.meta.dirname, `${name}.mjs`)

/** Real agents, a process each; the floor has as many processes that spawn the same command. */
export function processFleet(server: Pick<SqsServer, 'endpoint'>, agents: number): Fleet {
  const settings = { body: unameResult, sizes: [unameResult.length], command: uname }
  return {
    ...{ name: `${agents} agent${agents === 1 ? '' : 's'} (processes)`, agents },
    ...{ command: uname, bareMessages: 1 },
    start: (environment) => startAgentProcesses(server, environment, agents),
    startBare: (environment, keepsMiddleware) =>
      startBareAgents(server, environment, agents, agents, keepsMiddleware, settings),
  }
}

/** The same with so many random bytes of output from each agent. */
export function outputFleet(server: SqsServer, agents: number, outputBytes: number): Fleet {
  const command = `head -c ${outputBytes} /dev/urandom`
  const settings = { body: '', sizes: outputBodySizes(outputBytes), command }
  return {
    ...{ name: `${agents} agents with ${outputBytes} bytes each`, agents, command, outputBytes },
    bareMessages: settings.sizes.length,
    start: (environment) => startAgentProcesses(server, environment, agents, { output_limit: outputBytes }),
    startBare: (environment, keepsMiddleware) =>
      startBareAgents(server, environment, agents, agents, keepsMiddleware, settings),
  }
}

/** Agents simulated in two processes: real protocol code, real HTTP, execution replaced. */
export function simulatedFleet(server: SqsServer, agents: number): Fleet {
  const settings = { body: unameResult, sizes: [unameResult.length] }
  return {
    ...{ name: `${agents} agents (simulated)`, agents, command: uname, bareMessages: 1 },
    start: (environment) =>
      startAgentHosts(program('simulatedAgents'), agents, 2, { endpoint: server.endpoint, environment }),
    startBare: (environment, keepsMiddleware) =>
      startBareAgents(server, environment, agents, 2, keepsMiddleware, settings),
  }
}

function startBareAgents(
  { endpoint }: Pick<SqsServer, 'endpoint'>,
  environment: string,
  agents: number,
  processes: number,
  keepsMiddleware: boolean,
  settings: BareSettings,
): Promise<AgentHosts> {
  const { commands, replies } = defaultQueues(environment)
  const all = { endpoint, commands, replies, keepsMiddleware, ...settings }
  return startAgentHosts(program('bareAgents'), agents, processes, all)
}

/** @param general added to each agent's configuration */
export async function startAgentProcesses(
  server: Pick<SqsServer, 'endpoint'>,
  environment: string,
  count: number,
  general: object = {},
): Promise<AgentHosts> {
  const directory = await mkdtemp(join(tmpdir(), 'ec2-collective-bench-'))
  const settings = {
    environment: {
      ...{ name: environment, region: 'eu-west-1', endpoint: server.endpoint, protected: false },
      queues: defaultQueues(environment),
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    general,
  }
  const agents = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const agentId = `agent-${String(index + 1).padStart(3, '0')}`
      return startAgent({ ...settings, agentId, directory: join(directory, agentId) })
    }),
  )
  return {
    pids: agents.map(({ pid }) => pid),
    async stop() {
      await Promise.all(agents.map((agent) => agent.stop()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}
