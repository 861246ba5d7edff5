import type { Environment } from '../../src/queues/environment.ts'
import { type AgentFiles, agentIdOf, writeAgentFiles } from './agentFiles.ts'
import { processEnvironment, SoakProcess } from './soakProcess.ts'

export interface SoakAgent {
  readonly files: AgentFiles
  readonly process: SoakProcess
}

/** Access key ids by agent, and the `SenderId` that each is known by: that of an instance. */
export function agentSenders(count: number): Record<string, string> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  return Object.fromEntries(numbers.map((number) => [`AGENT${number}`, `AROAEXAMPLE:${agentIdOf(number)}`]))
}

export async function startAgents(
  count: number,
  program: string,
  directory: string,
  environment: Environment,
): Promise<SoakAgent[]> {
  const agents: SoakAgent[] = []
  for (let number = 1; number <= count; number += 1) {
    const files = await writeAgentFiles(directory, number, environment)
    const process = new SoakProcess(`agent ${number}`, {
      args: [program, '--foreground', '--until-stdin-closes', '--config', files.configFile],
      env: processEnvironment(`AGENT${number}`, files.directory),
      logFile: files.logFile,
    })
    agents.push({ files, process })
    process.start()
  }
  return agents
}
