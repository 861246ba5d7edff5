import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { access, chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Environment } from '../queues/environment.ts'
import { type AgentHome, prepareAgentHome } from './agentHome.ts'
import { type FleetServer, fleetEnvironments, fleetServers } from './fleetServers.ts'
import type { FleetState } from './fleetState.ts'
import { type SupervisedProcess, superviseProcess } from './supervisedProcess.ts'

/** The processes of a local fleet: an SQS server and nine agents. */
export interface Supervisor {
  readonly state: FleetState
  /** Resolves when all are started. */
  start(): Promise<void>
  /** Resolves when all have ended. */
  stop(): Promise<void>
}

export interface SupervisorOptions {
  /** Folder for configurations, logs and the agents' state. */
  readonly directory: string
  /** Folder of `sqsServer.js` and `ec2-cagent.js`. */
  readonly programs: string
  readonly onChange: () => void
}

export function createSupervisor({ directory, programs, onChange }: SupervisorOptions): Supervisor {
  const credentials = { accessKeyId: `LOCAL${randomBytes(16).toString('hex')}`, secretAccessKey: 'unused' }
  const sqsProgram = path.join(programs, 'sqsServer.js')
  const agentProgram = path.join(programs, 'ec2-cagent.js')
  const agents: {
    readonly server: FleetServer
    readonly home: AgentHome
    readonly process: SupervisedProcess
  }[] = []
  let environments: Environment[] = []
  let sqs: SupervisedProcess | undefined
  let phase: FleetState['phase'] = 'starting'

  async function startSqs(): Promise<number> {
    const logFile = path.join(directory, 'sqsServer.log')
    await writeFile(logFile, '')
    let port = 0
    return new Promise((resolve) => {
      const start = () => {
        const environment = { ...plainEnvironment(), LOCAL_FLEET_KEY: credentials.accessKeyId }
        const child = run([sqsProgram, String(port)], environment, logFile, 'pipe')
        // After a failure it is restarted on the same port, which the agents know.
        if (port === 0 && child.stdout !== null) {
          createInterface(child.stdout).once('line', (line) => {
            port = Number(line)
            resolve(port)
          })
        }
        return child
      }
      sqs = superviseProcess(start, onChange)
    })
  }

  async function startAgent(server: FleetServer): Promise<void> {
    const environment = environments.find(({ name }) => name === server.environment) as Environment
    const home = await prepareAgentHome(path.join(directory, 'agents'), server, environment)
    const variables = {
      ...plainEnvironment(home.programs),
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    }
    await writeFile(home.logFile, '')
    // The fleet was stopped meanwhile: this agent would never be stopped.
    if (phase !== 'starting') return
    const args = [agentProgram, '--foreground', '--until-stdin-closes', '--config', home.configFile]
    const process = superviseProcess(() => run(args, variables, home.logFile), onChange)
    agents.push({ server, home, process })
  }

  return {
    get state() {
      return {
        phase,
        supervisorPid: process.pid,
        environments,
        agents: agents.map(
          ({ server: { agentId, hostname, environment }, home, process: { pid, restarts } }) => ({
            agentId,
            hostname,
            environment,
            ...(pid === undefined ? {} : { pid }),
            restarts,
            logFile: home.logFile,
          }),
        ),
      }
    },
    async start() {
      for (const program of [sqsProgram, agentProgram]) {
        await access(program).catch((cause) => {
          throw new Error(`${program} is missing: build it first (npm run build)`, { cause })
        })
      }
      await mkdir(directory, { recursive: true })
      await chmod(directory, 0o700)
      const port = await startSqs()
      environments = fleetEnvironments(`http://127.0.0.1:${port}`, credentials)
      for (const server of fleetServers) await startAgent(server)
      if (phase !== 'starting') return
      phase = 'running'
      onChange()
    },
    async stop() {
      phase = 'stopping'
      onChange()
      // The agents first, so that they can send their last messages.
      await Promise.all(agents.map(({ process }) => process.stop()))
      await sqs?.stop()
    },
  }
}

/**
 * Runs one of our programs with the Node that runs us, including VS Code's own. Its output goes to its log file; its
 * standard input is the pipe that ends it.
 */
function run(
  args: readonly string[],
  environment: Record<string, string>,
  logFile: string,
  stdout?: 'pipe',
): ChildProcess {
  const log = openSync(logFile, 'a', 0o600)
  try {
    return spawn(process.execPath, args, {
      // Not the current folder, which the user may want to remove.
      cwd: path.dirname(logFile),
      env: { ...environment, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['pipe', stdout ?? log, log],
    })
  } finally {
    closeSync(log)
  }
}

/**
 * The variables of this environment that any program needs, and nothing about AWS: a profile or key of the user must not
 * get into the fleet.
 */
function plainEnvironment(firstOnPath?: string): Record<string, string> {
  const names = ['HOME', 'USER', 'LOGNAME', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR']
  const kept = Object.entries(process.env).filter(([name]) => names.includes(name) || name.startsWith('LC_'))
  const standard = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    PATH: firstOnPath === undefined ? standard : `${firstOnPath}:${standard}`,
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}
