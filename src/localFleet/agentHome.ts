import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '../queues/environment.ts'
import type { FleetServer } from './fleetServers.ts'

/** The files of one agent of the fleet. */
export interface AgentHome {
  readonly configFile: string
  readonly logFile: string
  /** First folder on the PATH of the agent and its commands. */
  readonly programs: string
}

/** Writes configuration, facts and classes of one agent beneath `directory`, which only this user may read. */
export async function prepareAgentHome(
  directory: string,
  server: FleetServer,
  environment: Environment,
): Promise<AgentHome> {
  const home = path.join(directory, server.environment, server.hostname)
  const stateDirectory = path.join(home, 'state')
  const programs = path.join(home, 'bin')
  const configFile = path.join(home, 'ec2-cagent.json')
  const factsFile = path.join(home, 'facts.json')
  const classesFile = path.join(home, 'classes.txt')
  await mkdir(home, { recursive: true, mode: 0o700 })
  await mkdir(programs, { recursive: true })
  const { commands, replies, facts } = environment.queues
  const configuration = {
    general: {
      agent_id: server.agentId,
      hostname: server.hostname,
      environment: server.environment,
      state_dir: stateDirectory,
      audit_log: path.join(home, 'audit.log'),
      // Only this user can send to the fleet's queues.
      policy: 'none',
    },
    facts: {
      facts_path: [factsFile, classesFile],
      programs: path.join(home, 'facts.d'),
      // Three times as often as on servers: requests cost nothing here, and people are watching.
      interval: 10,
      // This machine may be an EC2 instance, but the simulated server is not.
      ec2_metadata: 'never',
    },
    aws: {
      region: environment.region,
      endpoint: environment.endpoint,
      sqs_read_queue: commands,
      sqs_write_queue: replies,
      sqs_facts_queue: facts,
    },
  }
  await writeFile(configFile, json(configuration))
  await writeFile(factsFile, json(server.facts))
  await writeFile(classesFile, `${server.classes.join('\n')}\n`)
  for (const [name, script] of Object.entries(simulatedPrograms(server))) {
    const file = path.join(programs, name)
    await writeFile(file, script)
    await chmod(file, 0o755)
  }
  return { configFile, logFile: path.join(home, 'agent.log'), programs }
}

/**
 * All agents run on this one machine. These few programs answer for the simulated server, so that the commands that people
 * try first show different servers. They contain only words of `FleetServer`, none of which the shell would expand.
 */
function simulatedPrograms({ hostname, kernelRelease, release }: FleetServer): Record<string, string> {
  const script = (line: string) => `#!/bin/sh\n# Answers for ${hostname} of the local fleet.\n${line}\n`
  return {
    hostname: script(`echo ${hostname}`),
    uname: script(
      `command -p uname "$@" | sed "s/$(command -p uname -r)/${kernelRelease}/; s/$(command -p uname -n)/${hostname}/"`,
    ),
    'app-release': script(`echo ${release}`),
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
