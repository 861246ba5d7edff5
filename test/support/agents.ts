import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../../src/queues/environment.ts'
import { type AgentProcess, type AgentSettings, startAgent } from './agentProcess.ts'

/** A fleet of real agents: `agent-1`, `agent-2` and so on, with a fact `role` that is `web` for odd ones, `db` for even ones. */
export interface AgentFleet {
  readonly agentIds: readonly string[]
  agent(agentId: string): AgentProcess
  /** Ends all of them, and removes what they wrote. */
  stop(): Promise<void>
}

/** Processes that start at a time: more would only wait for one another's turns on the processor. */
const startersAtOnce = 4

export async function startAgents(
  environment: Environment,
  count: number,
  settings: Pick<AgentSettings, 'general' | 'facts' | 'command'> = {},
): Promise<AgentFleet> {
  const directory = await mkdtemp(join(tmpdir(), 'agents-'))
  const agentIds = Array.from({ length: count }, (_, index) => `agent-${index + 1}`)
  const agents = new Map<string, AgentProcess>()
  const stop = async () => {
    await Promise.all([...agents.values()].map((agent) => agent.stop()))
    await rm(directory, { recursive: true, force: true })
  }
  const waiting = [...agentIds.entries()]
  const start = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, agentId] = next
      const home = join(directory, agentId)
      const factsFile = join(home, 'facts.json')
      await mkdir(home)
      await writeFile(factsFile, JSON.stringify({ role: index % 2 === 0 ? 'web' : 'db' }))
      const facts = { facts_path: [factsFile], ...settings.facts }
      const agent = await startAgent({ ...settings, environment, directory: home, agentId, facts })
      agents.set(agentId, agent)
    }
  }
  try {
    await Promise.all(Array.from({ length: startersAtOnce }, start))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    agentIds,
    agent(agentId) {
      const agent = agents.get(agentId)
      if (agent === undefined) throw new Error(`there is no ${agentId}`)
      return agent
    },
    stop,
  }
}
