import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../src/queues/environment.ts'
import { until } from './until.ts'

const bundle = fileURLToPath(new URL('../../dist/ec2-cagent.js', import.meta.url))

export interface AgentSettings {
  readonly environment: Environment
  /** Home of this agent: configuration, state, audit log. Made when it is not there. */
  readonly directory: string
  readonly agentId?: string
  /** Added to what the configuration's sections hold. */
  readonly general?: object
  readonly facts?: object
  readonly limits?: object
  /** Another endpoint than the environment's, as of a proxy. */
  readonly endpoint?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Program and arguments in front of the agent's own; Node with the bundle of dist/ by default. */
  readonly command?: readonly string[]
  readonly variables?: Readonly<Record<string, string>>
}

/** A real agent as a process of its own, logging to memory. It ends with this process at the latest. */
export interface AgentProcess {
  readonly pid: number
  readonly stateDirectory: string
  readonly auditLog: string
  readonly configFile: string
  /** What it has logged so far. */
  readonly log: string
  /** Exit code or signal, once it has ended. */
  readonly ended: Promise<number | NodeJS.Signals>
  signal(signal: NodeJS.Signals): void
  /** SIGKILL, and gone. */
  kill(): Promise<void>
  /** Closes its standard input and waits for its end. */
  stop(): Promise<void>
  /** Resolves when the log has a match. */
  logged(pattern: RegExp): Promise<void>
}

/** Writes the configuration and starts the agent; resolves at once, before it is ready. */
export async function launchAgent(settings: AgentSettings): Promise<AgentProcess> {
  const { environment, directory, variables = {} } = settings
  const stateDirectory = join(directory, 'state')
  const auditLog = join(directory, 'audit.log')
  const configFile = join(directory, 'ec2-cagent.json')
  const { commands, replies, facts } = environment.queues
  const configuration = {
    general: {
      state_dir: stateDirectory,
      audit_log: auditLog,
      agent_id: settings.agentId ?? 'agent-1',
      hostname: settings.agentId ?? 'agent-1',
      kill_grace: 1,
      ...settings.general,
    },
    facts: { ec2_metadata: 'never', programs: join(directory, 'facts.d'), ...settings.facts },
    ...(settings.limits === undefined ? {} : { limits: settings.limits }),
    aws: {
      region: environment.region,
      endpoint: settings.endpoint ?? environment.endpoint,
      sqs_read_queue: commands,
      sqs_write_queue: replies,
      sqs_facts_queue: facts,
    },
  }
  await mkdir(directory, { recursive: true })
  await writeFile(configFile, JSON.stringify(configuration))
  const [program, ...first] = settings.command ?? [process.execPath, bundle]
  const key = settings.credentials ?? environment.credentials
  const child = spawn(
    program as string,
    [...first, '--foreground', '--until-stdin-closes', '--config', configFile],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: {
        PATH: process.env.PATH,
        AWS_ACCESS_KEY_ID: key?.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key?.secretAccessKey,
        ...variables,
      },
    },
  )
  return handleOf(child, { stateDirectory, auditLog, configFile })
}

/** Starts the agent and waits until it listens. */
export async function startAgent(settings: AgentSettings): Promise<AgentProcess> {
  const agent = await launchAgent(settings)
  const early = agent.ended.then((how) => {
    throw new Error(`the agent ended at once (${how}):\n${agent.log}`)
  })
  await Promise.race([early, agent.logged(/ is .* in environment /)])
  early.catch(() => {})
  return agent
}

function handleOf(
  child: ChildProcess,
  files: Pick<AgentProcess, 'stateDirectory' | 'auditLog' | 'configFile'>,
): AgentProcess {
  let log = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    log += bytes.toString('utf8')
  })
  // An agent that is killed breaks the pipe.
  child.stdin?.on('error', () => {})
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  return {
    ...files,
    pid: child.pid as number,
    get log() {
      return log
    },
    ended,
    signal: (signal) => {
      child.kill(signal)
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      child.stdin?.end()
      await ended
    },
    logged: (pattern) =>
      until(
        () => pattern.test(log),
        `the agent to log ${pattern}; it logged:\n`,
        () => log,
      ),
  }
}
