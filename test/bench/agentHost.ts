import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Processes that each hold some agents of a benchmark: simulated ones, or bare loops over SQS. */
export interface AgentHosts {
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/**
 * Starts `program` (a bundle) once per share of `agents`; ready when each has printed a line.
 * @param settings passed on as JSON, with `first` and `count` of the share
 */
export async function startAgentHosts(
  program: string,
  agents: number,
  processes: number,
  settings: Readonly<Record<string, unknown>>,
): Promise<AgentHosts> {
  const share = Math.ceil(agents / processes)
  const children: ChildProcess[] = []
  for (let first = 0; first < agents; first += share) {
    const argument = JSON.stringify({ ...settings, first, count: Math.min(share, agents - first) })
    children.push(spawn(process.execPath, [program, argument], { stdio: ['pipe', 'pipe', 'inherit'] }))
  }
  await Promise.all(children.map(firstLine))
  return {
    pids: children.flatMap(({ pid }) => pid ?? []),
    async stop() {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return
          child.stdin?.end()
          await once(child, 'exit')
        }),
      )
    },
  }
}

async function firstLine(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('no standard output')
  const lines = createInterface(child.stdout)
  await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`${child.spawnargs[1]} ended with ${code}`)),
    ),
  ])
  lines.close()
  child.stdout.resume()
}
