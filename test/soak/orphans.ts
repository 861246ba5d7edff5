import { readdir, readFile } from 'node:fs/promises'
import { runMark } from '../../agent/src/execution/runMark.ts'
import type { AgentFiles } from './agentFiles.ts'

/** A process that the soak started, or that one of its agents or commands did. */
export interface SoakChild {
  readonly pid: number
  /** `<agent id>/<run id>` of a command's process. */
  readonly run: string | undefined
  /** For people, on one line. */
  readonly commandLine: string
}

/** How often it is looked for what agents left running, milliseconds. A process that was killed is gone much sooner. */
const lookEveryMs = 5_000

/** Living processes that have `directory`, or what lies in it, as their directory for temporary files, by `/proc`. */
export async function childrenOf(directory: string): Promise<SoakChild[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  const children = await Promise.all(pids.map((pid) => childAt(pid, directory)))
  return children.filter((child) => child !== undefined)
}

/** Kills what is left. Nobody else's processes: see {@link childrenOf}. */
export async function endChildren(directory: string): Promise<void> {
  for (const { pid } of await childrenOf(directory)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

/** Looks again and again, until it is ended, for processes of runs that their agents have already called over. */
export function watchForOrphans(directory: string, agents: readonly AgentFiles[]): { end(): string[] } {
  const found = new Set<string>()
  /** Of the last look: may be dying at that very moment. */
  let suspects = new Set<string>()
  const look = async () => {
    // First what is over, then what is there: on a busy machine there is time for a process to end in between.
    const over = new Set<string>()
    for (const agent of agents) for (const run of await runsOver(agent)) over.add(run)
    const seen = new Set<string>()
    for (const { pid, run = '', commandLine } of await childrenOf(directory))
      if (over.has(run)) seen.add(`${pid} of ${run}, which is over: ${commandLine}`)
    for (const suspect of seen) if (suspects.has(suspect)) found.add(suspect)
    suspects = seen
  }
  let isLooking = false
  const looking = setInterval(() => {
    if (isLooking) return
    isLooking = true
    look()
      .catch((error) => found.add(`processes could not be looked at: ${error}`))
      .finally(() => {
        isLooking = false
      })
  }, lookEveryMs)
  return {
    end() {
      clearInterval(looking)
      return [...found]
    },
  }
}

async function childAt(pid: string, directory: string): Promise<SoakChild | undefined> {
  const environment = (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).split('\0')
  const isOurs = environment.some((variable) => variable.startsWith(`TMPDIR=${directory}/`))
  if (!isOurs || Number(pid) === process.pid) return undefined
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')
  // A zombie has none.
  if (commandLine === '') return undefined
  const mark = `${runMark}=`
  const run = environment.find((variable) => variable.startsWith(mark))?.slice(mark.length)
  return { pid: Number(pid), run, commandLine: commandLine.replace(/[\s\0]+/g, ' ').trim() }
}

/** Marks of the runs that the agent says have ended: nothing of them may run when it says so. */
async function runsOver({ agentId, auditLog }: AgentFiles): Promise<Set<string>> {
  const lines = (await readFile(auditLog, 'utf8').catch(() => '')).split('\n').slice(0, -1)
  const entries = lines.map((line) => JSON.parse(line) as { event: string; runId: string })
  return new Set(entries.filter(({ event }) => event === 'ended').map(({ runId }) => `${agentId}/${runId}`))
}
