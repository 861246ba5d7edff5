import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultQueues } from '../../src/queues/environment.ts'
import { startAgent } from '../support/agentProcess.ts'
import type { SqsServer } from '../support/sqs.ts'
import { type AgentHosts, startAgentHosts } from './agentHost.ts'

/** One size of fleet, with its floor: how its agents and the floor's are started. */
export interface Fleet {
  readonly name: string
  readonly agents: number
  readonly rounds: number
  /** The agents of an environment; all listen when this resolves. */
  start(environment: string): Promise<AgentHosts>
  startBare(environment: string): Promise<AgentHosts>
}

/** Bytes of a reply to `uname -a` as agents send it. */
const replyBytes = 900

/** Bundles of the hosts lie beside the running one. */
const program = (name: string) => join(import.meta.dirname, `${name}.mjs`)

/** Real agents, a process each; the floor has as many processes that spawn the same command. */
export function processFleet(server: SqsServer, agents: number, rounds: number): Fleet {
  return {
    ...{ name: `${agents} agent${agents === 1 ? '' : 's'} (processes)`, agents, rounds },
    start: (environment) => startAgentProcesses(server, environment, agents),
    startBare: (environment) =>
      startAgentHosts(program('bareAgents'), agents, agents, {
        ...bare(server, environment),
        command: 'uname -a',
      }),
  }
}

/** Agents simulated in two processes: real protocol code, real HTTP, execution replaced. */
export function simulatedFleet(server: SqsServer, agents: number, rounds: number): Fleet {
  return {
    ...{ name: `${agents} agents (simulated)`, agents, rounds },
    start: (environment) =>
      startAgentHosts(program('simulatedAgents'), agents, 2, { endpoint: server.endpoint, environment }),
    startBare: (environment) => startAgentHosts(program('bareAgents'), agents, 2, bare(server, environment)),
  }
}

function bare({ endpoint }: SqsServer, environment: string) {
  return {
    endpoint,
    commands: `${environment}_master`,
    replies: `${environment}_agent`,
    bodyBytes: replyBytes,
  }
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
