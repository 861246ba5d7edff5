import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentFiles } from './agentFiles.ts'

/** How often one agent began one command, and came to its end. */
export interface Effects {
  readonly start: number
  readonly end: number
}

export const noEffects: Effects = { start: 0, end: 0 }

/** What an agent really did, by token of the command: each of them wrote it into the agent's own directory. */
export async function readEffects({ directory }: AgentFiles): Promise<Map<string, Effects>> {
  const effects = new Map<string, Effects>()
  const text = await readFile(join(directory, 'effects'), 'utf8').catch(() => '')
  for (const line of text.split('\n').slice(0, -1)) {
    const [token = '', what] = line.split(' ')
    const known = effects.get(token) ?? noEffects
    if (what === 'start' || what === 'end') effects.set(token, { ...known, [what]: known[what] + 1 })
  }
  return effects
}

/** How often any of them began a command so far. */
export async function countExecutions(agents: readonly AgentFiles[]): Promise<number> {
  const all = await Promise.all(agents.map(readEffects))
  return all.flatMap((effects) => [...effects.values()]).reduce((sum, { start }) => sum + start, 0)
}
